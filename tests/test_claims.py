"""Every claim holds in a study that is made for it, fails in one that is made against it, and is
left open where the study cannot tell."""

import copy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from foilseg.claims import claim, evidence, registry, verdicts
from foilseg.claims.registry import CLAIMS
from foilseg.evaluation import bootstrap, metrics

DEFECTS = ("agglomeration", "cavity", "crack", "blade trail")
MEANS = {  # TPR, FPR, precision
    "Baseline": [0.50, 0.0040, 0.70],
    "Eq. Samples": [0.60, 0.0060, 0.60],
    "Os. Cavities": [0.675, 0.00468, 0.7175],
    "Eq. Pixels": [0.30, 0.0010, 0.71],
    "Binary": [0.525, 0.00288, 0.70],
    "Bin. Balanced": [0.55, 0.0030, 0.72],
    "wCE ICF": [0.90, 0.0300, 0.30],
    "wCE ISCF": [0.80, 0.0100, 0.50],
    "Focal Loss": [0.65, 0.0060, 0.60],
    "FL ICF": [0.91, 0.0320, 0.29],
    "FL ISCF": [0.735, 0.00768, 0.532],
    "Binary FL": [0.64, 0.0065, 0.58],
    "Bin FL ISCF": [0.74, 0.0090, 0.48],
}
VARIED = ("Binary", "Eq. Pixels", "Binary FL")


def ideal():
    """Numbers of a study in which every claim holds: what a test changes before it is built."""
    tested = ("Baseline", "Binary", "Os. Cavities", "wCE ICF", "Focal Loss", "Binary FL")
    sds = [(m, t, 0.01, 0.001, 0.02) for m in tested for t in ("PSoI", "PSoMT")]
    kinds = [(m, 60, 20, 20, 9.0 if "ICF" in m else 2.0) for m in MEANS]
    kinds = [(*k[:4], 3.0) if k[0].endswith("ISCF") else k for k in kinds]
    kinds[0] = ("Baseline", 50, 25, 25, 2.0)
    gaps = {"Baseline": 0.05, "Eq. Samples": 0.1, "Os. Cavities": 0.15, "Eq. Pixels": 0.3}
    extra = {
        "stability": pd.DataFrame(sds, columns=["model", "test", *evidence.RATES]),
        "costs": pd.DataFrame(
            [("Baseline", 5.0), ("Binary", 20.0)], columns=evidence.EXTRA["costs"]
        ),
        "errors": pd.DataFrame(kinds, columns=evidence.EXTRA["errors"]),
        "gaps": pd.DataFrame(gaps.items(), columns=["model", "gap"]),
        "truth": pd.DataFrame([("Baseline", 100, 30, 200, 10)], columns=evidence.EXTRA["truth"]),
        "building": pd.DataFrame(
            [("uniform", 200), ("equal_pixels", 9000)], columns=["train_set", "windows"]
        ),
    }
    spread = {m: 0.2 if m in VARIED else 0.05 for m in MEANS}
    share = dict.fromkeys(MEANS, 0.5)
    return {"means": copy.deepcopy(MEANS), "spread": spread, "fpr": share, "extra": extra,
            "order": dict.fromkeys(MEANS, DEFECTS)}  # fmt: skip


def build(study):
    """Evidence: the first defect of a model's order has its highest TPR and FPR, the second its
    lowest everything, the third its highest precision."""
    rates = np.zeros((len(MEANS), 4, 3))
    for i, (model, mean) in enumerate(study["means"].items()):
        top, low, third, _ = (DEFECTS.index(d) for d in study["order"][model])
        rates[i] = mean
        fpr = study["fpr"][model] * mean[1]
        for rate, high, step in ((0, top, study["spread"][model]), (1, top, fpr), (2, third, 0.1)):
            rates[i, high, rate] += step
            rates[i, low, rate] -= step
    return evidence.Evidence(tuple(study["means"]), DEFECTS, rates, None, study["extra"])


def mean(model, rate, value):
    return lambda s: s["means"][model].__setitem__(evidence.RATES.index(rate), value)


def cell(table, row, column, value):
    return lambda s: s["extra"][table].__setitem__(
        column, s["extra"][table][column].where(np.arange(len(s["extra"][table])) != row, value)
    )


def reorder(number, *order):
    def change(study):
        for model in list(MEANS)[:number]:
            study["order"][model] = order

    return change


def key(name, model, value):
    return lambda s: s[name].__setitem__(model, value)


BREAKING = {
    "C01": [mean("Bin. Balanced", "TPR", 0.49), mean("Eq. Pixels", "TPR", 0.51)],
    "C02": [mean("Binary", "FPR", 0.0005)],
    "C03": [mean("wCE ISCF", "TPR", 0.95), mean("wCE ISCF", "FPR", 0.05)],
    "C04": [mean("Binary", "precision", 0.73), mean("Eq. Pixels", "precision", 0.69)],
    "C05": [mean("Bin FL ISCF", "precision", 0.2)],
    "C06": [mean("Bin. Balanced", "precision", 0.99), mean("Os. Cavities", "TPR", 0.4)],
    "C07": [
        reorder(1, "crack", "cavity", "agglomeration", "blade trail"),
        reorder(13, "agglomeration", "crack", "cavity", "blade trail"),
    ],
    "C08": [reorder(1, "agglomeration", "crack", "cavity", "blade trail")],
    "C09": [reorder(1, "agglomeration", "cavity", "blade trail", "crack")],
    "C10": [key("spread", "Focal Loss", 0.25), key("spread", "Binary FL", 0.01)],
    "C11": [key("fpr", "FL ICF", 0.01)],
    "C12": [cell("stability", 0, "FPR", 0.06), cell("stability", 3, "TPR", 0.05)],
    "C13": [mean("Os. Cavities", "TPR", 0.51), mean("Os. Cavities", "FPR", 0.003)],
    "C14": [mean("Binary", "precision", 0.75), mean("Binary", "FPR", 0.005)],
    "C15": [mean("FL ISCF", "TPR", 0.52), mean("FL ISCF", "precision", 0.8)],
    "C16": [mean("wCE ISCF", "FPR", 0.02), mean("FL ISCF", "TPR", 0.6),
            mean("FL ISCF", "precision", 0.2)],
    "C17": [cell("errors", 8, "noise", 90), cell("errors", 7, "misclassified", 61),
            cell("errors", 0, "oversize", 95)],
    "C18": [cell("errors", 6, "noise_objects_per_megapixel", 2.5)],
    "C19": [mean("Binary FL", "precision", 0.65)],
    "C20": [cell("costs", 1, "macs_per_megapixel", 12.0)],
    "C21": [cell("gaps", 1, "gap", 0.01), cell("gaps", 2, "gap", 0.4)],
    "C22": [cell("truth", 0, "fp_real", 0)],
    "C23": [cell("truth", 0, "fn_no_defect", 1)],
    "C24": [cell("stability", 2, "TPR", 0.07)],
    "C25": [cell("building", 1, "windows", 600)],
}  # fmt: skip
BREAKING["C19"] = [lambda s: [f(s) for f in (mean("Binary FL", "precision", 0.65),
                                             mean("Binary FL", "TPR", 0.7))]]  # fmt: skip


def test_there_are_25_claims_and_each_has_a_study_against_it():
    assert list(CLAIMS) == [f"C{n:02d}" for n in range(1, 26)] == sorted(BREAKING)


def test_a_traceback_names_the_claim_and_no_two_have_one_number():
    for number, each in CLAIMS.items():
        assert each.id == number == each.test.__name__.upper() and each.place and each.says
    assert len({each.says for each in CLAIMS.values()}) == 25
    again = ModuleType("again")
    again.c07 = CLAIMS["C07"]
    with pytest.raises(ValueError, match="C07"):
        registry.defined([*registry.FILES, again])


def test_a_claim_is_found_by_being_defined_in_a_file():
    more = ModuleType("more")
    code = "@claim('9', 'Nothing is said.')\ndef c26(e):\n    return []\n"
    exec(code, vars(more) | {"claim": claim.claim}, vars(more))
    found = registry.defined([more, *registry.FILES])
    assert list(found) == [*CLAIMS, "C26"]
    assert verdicts.judge(found["C26"], build(ideal())).verdict == verdicts.HOLDS


@pytest.mark.parametrize("first", ["study_claims", "change_claims"])
def test_the_list_is_the_same_whatever_is_imported_first(first):
    code = f"import foilseg.claims.{first}; from foilseg.claims.registry import CLAIMS; "
    command = [sys.executable, "-c", f"{code}print(*CLAIMS)"]
    root = Path(registry.__file__).parents[2]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert told.split() == list(CLAIMS)


def test_every_bound_is_that_of_a_claim_and_is_told_with_it():
    used = {bound for each in CLAIMS.values() for bound in each.bounds}
    assert used == set(registry.bounds()) and all(registry.bounds().values())
    told = verdicts.thresholds().set_index("words")["claims"]
    assert told["most models follow"] == "C07 to C09" and told["part of"] == "C22, C23"


@pytest.mark.parametrize("number", sorted(BREAKING))
def test_a_claim_holds_where_it_should_and_fails_where_it_should(number):
    assert verdicts.judge(CLAIMS[number], build(ideal())).verdict == verdicts.HOLDS
    for change in BREAKING[number]:
        study = ideal()
        change(study)
        found = verdicts.judge(CLAIMS[number], build(study))
        assert found.verdict == verdicts.FAILS and found.failing, found.numbers


def test_models_on_the_wrong_side_of_the_baseline_are_told_beside_those_claimed_there():
    """C01 says that all others but one are above it: "none below" is told with that one."""
    study = ideal()
    assert "claimed" not in verdicts.judge(CLAIMS["C01"], build(study)).numbers
    study["means"]["Eq. Pixels"][0] = 0.51
    told = verdicts.judge(CLAIMS["C01"], build(study)).numbers
    assert "not above the baseline's 0.500: none (claimed: Eq. Pixels)" in told


def test_the_named_exception_of_the_stability_claim_is_allowed_there_and_nowhere_else():
    study = ideal()
    cell("stability", 2, "TPR", 0.07)(study)
    found = verdicts.judge_all(build(study))
    assert found["C12"].verdict == verdicts.HOLDS and found["C24"].verdict == verdicts.FAILS


def test_without_extra_evidence_or_models_or_these_defects_claims_are_open_and_say_why():
    whole = build(ideal())
    bare = evidence.Evidence(whole.models, whole.defects, whole.rates)
    open_ones = {n for n, v in verdicts.judge_all(bare).items() if v.verdict == verdicts.OPEN}
    assert open_ones == {"C12", "C17", "C18", "C20", "C21", "C22", "C23", "C24", "C25"}
    fewer = evidence.Evidence(whole.models[:3], whole.defects, whole.rates[:3])
    assert "not trained: Eq. Pixels" in verdicts.judge(CLAIMS["C01"], fewer).why
    assert verdicts.judge(CLAIMS["C13"], fewer).verdict == verdicts.HOLDS
    others = evidence.Evidence(whole.models, ("blowhole", "fray", "break", "uneven"), whole.rates)
    assert verdicts.judge(CLAIMS["C13"], others).verdict == verdicts.OPEN
    assert verdicts.judge(CLAIMS["C05"], others).verdict == verdicts.HOLDS
    why = verdicts.judge(CLAIMS["C09"], others).why
    assert why == "does not apply: these data have no cavity and no crack"


def test_stability_that_was_not_tested_or_is_undefined_leaves_its_claims_open():
    study = ideal()
    cell("stability", 0, "precision", np.nan)(study)
    why = verdicts.judge(CLAIMS["C24"], build(study)).why
    assert "no SD for Baseline" in why and "--stability" in why
    study["extra"]["stability"] = study["extra"]["stability"].iloc[2:]
    why = verdicts.judge(CLAIMS["C12"], build(study)).why
    assert why == "PSoI was not made for Baseline"


def test_an_undefined_mean_leaves_a_claim_open():
    study = build(ideal())
    study.rates[3, :, 2] = np.nan
    assert "undefined" in verdicts.judge(CLAIMS["C04"], study).why


def test_a_spread_over_no_defect_leaves_a_claim_open():
    study = build(ideal())
    study.rates[4, :, 0] = np.nan
    assert verdicts.judge(CLAIMS["C10"], study).why == "the mean TPR of Binary is undefined"


def test_the_printed_tables_bear_out_the_claims_they_were_written_from():
    found = verdicts.judge_all(evidence.printed())
    assert {n for n, v in found.items() if v.verdict == verdicts.FAILS} == {"C07", "C24"}
    assert "6 of 12" in found["C07"].numbers and "0.068" in found["C24"].numbers
    pooled = verdicts.judge_all(evidence.printed("pooled"))
    assert verdicts.changed(found, pooled) == ["C04", "C13", "C14"]


def counts(images=6, seed=0):
    """Counts of made-up images whose pooled rates are about those of the ideal study."""
    rng, study = np.random.default_rng(seed), build(ideal())
    rows = []
    for image in range(images):
        for i, model in enumerate(study.models):
            for j, defect in enumerate(study.defects):
                tpr, fpr, precision = study.rates[i, j]
                positives = int(rng.integers(500, 1500))
                tp = round(tpr * positives)
                fp = round(tp * (1 / precision - 1))
                tn = int(fp / fpr) - fp
                rows.append((model, f"f{image}", defect, tp, fp, positives - tp, tn))
    return pd.DataFrame(rows, columns=["model", "foil", "defect", *metrics.COUNTS])


@pytest.mark.parametrize("average", metrics.AVERAGES)
def test_rates_of_the_cube_are_those_of_the_table(average):
    table = counts()
    table.loc[3, ["tp", "fp"]] = 0
    expected = metrics.score(table, ["model", "defect"], average)
    found = evidence.from_counts(table, average)
    np.testing.assert_allclose(
        found.rates.reshape(-1, 3), expected[list(evidence.RATES)], rtol=1e-12
    )


@pytest.mark.parametrize("average", metrics.AVERAGES)
def test_a_resample_is_the_study_of_the_images_drawn(average):
    table = counts()
    weights = bootstrap.draws(6, 3, 0)
    assert (weights.sum(axis=1) == 6).all()
    found = list(evidence.resampled(table, 3, 0, average))
    for drawn, e in zip(weights, found):
        parts = [
            table[table["foil"] == f"f{i}"].assign(foil=f"{i}-{k}")
            for i, n in enumerate(drawn)
            for k in range(n)
        ]
        again = evidence.from_counts(pd.concat(parts), average)
        np.testing.assert_allclose(e.rates, again.rates, rtol=1e-9)


def test_support_is_certain_where_every_image_says_so_and_not_where_one_image_decides():
    table = counts()
    sure = verdicts.support(evidence.resampled(table, 60, 0))
    assert sure.loc["C02", "holds"] == 1 and sure.loc["C02", "decided"] == 60
    assert np.isnan(sure.loc["C12", "holds"])
    wrong = table.copy()
    wrong.loc[wrong["model"] == "wCE ISCF", "fp"] = 10**6  # spoils one part of C03
    spoiled = verdicts.support(evidence.resampled(wrong, 20, 0)).loc["C03"]
    assert spoiled["holds"] == 0 and spoiled["parts"] == [1.0, 0.0]
    rows = (table["model"] == "Binary") & (table["foil"] == "f0")
    table.loc[table["model"] == "Binary", "fp"] = 0
    table.loc[rows, "fp"] = 10**6
    share = verdicts.support(evidence.resampled(table, 200, 0)).loc["C02", "holds"]
    assert abs(share - (1 - (5 / 6) ** 6)) < 0.1


def test_the_table_reads_agreement_difference_and_ignorance():
    printed, pooled = (verdicts.judge_all(evidence.printed(a)) for a in ("printed", "pooled"))
    study = ideal()
    mean("Binary", "FPR", 0.0005)(study)
    del study["extra"]["truth"]
    table = verdicts.table(printed, pooled, verdicts.judge_all(build(study))).set_index("claim")
    assert table.loc["C01", "reading"] == "As in the thesis, it holds."
    assert "lowest mean FPR (500 ppm): Binary" in table.loc["C02", "reading"]
    assert table.loc["C22", "reading"] == "Not decided here; the numbers say why."
    assert table.loc["C22", "numbers"] == "no evidence on truth"
    assert table.loc["C20", "reading"] == "The printed tables do not decide it; here it holds."
    assert sum(verdicts.counted(printed).values()) == 25


def test_evidence_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="models x defects"):
        evidence.Evidence(("a",), ("x",), np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="'nonsense'"):
        evidence.Evidence((), (), np.zeros((0, 0, 3)), None, {"nonsense": pd.DataFrame()})
    with pytest.raises(ValueError, match="no column 'gap'"):
        evidence.Evidence((), (), np.zeros((0, 0, 3)), None, {"gaps": pd.DataFrame({"model": []})})
    with pytest.raises(ValueError, match=r"Baseline has none for cavity on f0"):
        evidence.from_counts(counts().drop(index=1))
    with pytest.raises(ValueError, match="'printed' or 'pooled'"):
        evidence.printed("micro")


def test_quoted_changes_are_written_as_they_are_quoted():
    found = registry.CLAIMS["C15"].test(evidence.printed())
    assert [part.text for part in found] == [
        "TPR +46.5% (quoted +47%)", "FPR +91.7% (quoted +92%)", "precision -23.7% (quoted -24%)"
    ]  # fmt: skip
    assert [claim.relative(x) for x in (3.447, -0.183, 0.0246)] == ["+345%", "-18.3%", "+2.5%"]
