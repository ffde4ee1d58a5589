"""What a difference from the thesis hangs on is computed: in made-up studies it is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_claims import DEFECTS, build, ideal, mean

from foilseg.analysis import counterfactuals
from foilseg.claims import change_claims, evidence, reasons, verdicts
from foilseg.claims.registry import CLAIMS
from foilseg.evaluation import metrics

PRINTED = verdicts.judge_all(evidence.printed())


def explained(study, **variants):
    """Reasons for a changed ideal study by their claims."""
    here = build(study)
    found = reasons.explain(PRINTED, verdicts.judge_all(here), here, variants)
    return {reason.claim.id: reason for reason in found}


def test_only_claims_that_are_decided_otherwise_than_the_thesis_need_a_reason():
    found = explained(ideal())
    assert set(found) == {"C07", "C24"}  # they hold here, and not in the printed tables
    study = ideal()
    study["extra"]["truth"]["fp_real"] = 0
    study["extra"].pop("gaps")
    assert set(explained(study)) == {"C07", "C24", "C22"}  # C21 is open


def test_the_pair_of_models_the_gap_and_the_defect_are_named():
    study = ideal()
    mean("Binary", "FPR", 0.0004)(study)
    here = build(study)
    here.rates[3, DEFECTS.index("crack"), 1] += 0.004  # the mean of Equal Pixels: 0.001 more
    reason = next(
        r for r in reasons.explain(PRINTED, verdicts.judge_all(here), here, {})
        if r.claim.id == "C02"
    )  # fmt: skip
    assert reason.part.between == ("Binary", "Eq. Pixels") and reason.part.rate == "FPR"
    assert reason.part.gap == pytest.approx(0.0004 - 0.002)
    assert sum(reason.shares.values()) == pytest.approx(reason.part.gap)
    assert reason.mostly.startswith("crack (")
    assert reason.shares["crack"] == pytest.approx((0.0004 - 0.005) / 4)
    row = reasons.table([reason]).iloc[0]
    assert "; Binary against Eq. Pixels: gap -0.0016, mostly crack (" in row["what decides"]
    assert row["what turns it"] == "none of 0 changes"


def test_changes_that_turn_a_claim_are_told_from_those_that_do_not():
    study, worse = ideal(), ideal()
    for changed in (study, worse):
        mean("Binary", "FPR", 0.0005)(changed)
    whole = build(study)
    fewer = evidence.Evidence(whole.models[:9], whole.defects, whole.rates[:9])
    found = explained(study, truth=build(ideal()), other=build(worse), fewer=fewer)["C02"]
    assert (found.thesis, found.here) == (verdicts.HOLDS, verdicts.FAILS)
    assert found.turned == ("truth",) and found.kept == ("other",)
    assert reasons.table([found])["what turns it"][0] == "truth"
    said = reasons.summary([found])
    assert said.startswith("1 claim comes out") and "; 1 of these turns" in said
    assert reasons.summary([]).startswith("No claim")


def test_a_change_that_mends_only_the_part_that_decides_is_told_apart():
    study, half = ideal(), ideal()
    mean("wCE ISCF", "TPR", 0.95)(study)
    for changed in (study, half):
        mean("wCE ISCF", "FPR", 0.05)(changed)
    found = explained(study, half=build(half))["C03"]
    assert found.part.rate == "TPR" and (found.turned, found.kept) == ((), ())
    assert found.part_turned == ("half",)
    assert reasons.table([found])["what turns it"][0] == (
        "none of 1 changes; this part alone: half"
    )
    assert "none of these turns" in reasons.summary([found])


def test_the_most_telling_stand_first():
    """Of four made-up reasons: what a change turns, what it turns in part, then wide gaps."""
    one = next(iter(explained(ideal()).values()))
    wide, narrow = (replace(one, part=replace(one.part, gap=gap)) for gap in (-0.5, -0.1))
    partly = replace(narrow, part_turned=("half",))
    turned = replace(narrow, turned=("truth",))
    assert reasons.telling([narrow, wide, partly, turned]) == [turned, partly, wide, narrow]
    assert reasons.telling([]) == []


def test_a_mean_over_fewer_defects_is_said_to_be_one():
    study = ideal()
    mean("Binary", "precision", 0.75)(study)
    here = build(study)
    here.rates[0, DEFECTS.index("cavity"), 2] = np.nan  # the baseline's mean is over three
    here.rates[2:4, :, 2] += 0.2  # what ought to lie above it does
    here.rates[5, :, 2] += 0.2
    found = reasons.explain(PRINTED, verdicts.judge_all(here), here, {})
    reason = next(r for r in found if r.claim.id == "C04")
    assert "Baseline undefined for cavity" in reason.mostly
    assert sum(reason.shares.values()) == pytest.approx(reason.part.gap)
    assert reason.part.between == ("Baseline", "Binary")
    assert reason.shares["cavity"] == pytest.approx(-here.rates[4, 1, 2] / 4)


def test_an_expected_defect_without_a_rate_is_named():
    here = build(ideal())
    here.rates[0, DEFECTS.index("cavity"), 2] = np.nan
    part = CLAIMS["C09"].test(here)[0]
    assert not part.holds and "undefined for cavity" in part.text and np.isnan(part.gap)


def test_of_several_parts_the_one_that_holds_least_often_decides():
    study = ideal()
    mean("wCE ISCF", "TPR", 0.95)(study)
    mean("wCE ISCF", "FPR", 0.05)(study)
    here = build(study)
    ours = verdicts.judge_all(here)
    shares = pd.Series({n: [0.4, 0.1] for n in ours}, name="parts").to_frame()
    for supported, rate in ((None, "TPR"), (shares, "FPR")):
        found = reasons.explain(PRINTED, ours, here, {}, (), supported)
        assert next(r for r in found if r.claim.id == "C03").part.rate == rate


def test_the_image_that_turns_a_claim_is_named():
    rows = []
    for foil in "abc":
        for i, model in enumerate(build(ideal()).models):
            for j, defect in enumerate(DEFECTS):
                tpr, fpr, precision = build(ideal()).rates[i, j]
                tp = round(1000 * tpr)
                fp = round(tp * (1 / precision - 1))
                rows.append((model, foil, defect, tp, fp, 1000 - tp, int(fp / fpr) - fp))
    counts = pd.DataFrame(rows, columns=["model", "foil", "defect", *metrics.COUNTS])
    spoiled = (counts["model"] == "Eq. Pixels") & (counts["foil"] == "b")
    counts.loc[spoiled, "fp"] = 10**6
    here = evidence.from_counts(counts)
    images = counterfactuals.without_each_image(counts)
    found = reasons.explain(PRINTED, verdicts.judge_all(here), here, {}, images)
    assert {r.claim.id: r.images for r in found}["C02"] == ("b",)
    one = counts[counts["foil"] == "a"]
    assert list(counterfactuals.without_each_image(one)) == []


def test_the_gap_says_on_which_side_and_never_contradicts_the_verdict():
    rng = np.random.default_rng(0)
    for _ in range(40):
        study = build(ideal())
        study.rates[...] = rng.uniform(0.01, 1, study.rates.shape)
        for verdict in verdicts.judge_all(study).values():
            for part in verdict.parts:
                assert np.isnan(part.gap) or (part.gap > 0) == part.holds, part


def test_every_threshold_is_told():
    told = verdicts.thresholds().set_index("words")["number"]
    assert told["much lower"] == 0.5 and told["stable"] == 0.05
    assert (told > 0).all()
    assert told["unchanged"] * change_claims.ALIKE.value == pytest.approx(0.025)


def test_words_about_a_study_name_its_own_models_and_claims_keep_the_thesis_s():
    study = ideal()
    mean("Os. Cavities", "FPR", 0.0005)(study)
    pooled = verdicts.judge_all(evidence.printed("pooled"))
    table = verdicts.table(PRINTED, pooled, verdicts.judge_all(build(study)))
    shown = verdicts.retitled(table, {"Os. Cavities": "Os. blowhole"}).set_index("claim")
    assert "Os. blowhole" in shown.loc["C02", "numbers"] + shown.loc["C02", "reading"]
    assert not shown.drop(columns="says").astype(str).stack().str.contains("Os. Cav").any()
    assert "Os. Cavities" in shown.loc["C13", "says"]
