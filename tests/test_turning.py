"""The number at which a verdict turns is the one that the claim compares with."""

import numpy as np
import pytest
import test_claims

from foilseg.claims import change_claims, claim, rate_claims, study_claims, turning
from foilseg.claims.registry import CLAIMS
from foilseg.claims.verdicts import FAILS, HOLDS, judge


def test_it_is_the_largest_ratio_that_much_lower_allows():
    e = test_claims.build(test_claims.ideal())
    pairs = zip(("wCE ICF", "FL ICF"), ("wCE ISCF", "FL ISCF"))
    ratio = max(e.mean(iscf, "FPR") / e.mean(icf, "FPR") for icf, iscf in pairs)
    found = turning.turn(CLAIMS["C16"], change_claims.MUCH_LOWER, e)
    assert found == pytest.approx(ratio, rel=1e-9)
    assert found < change_claims.MUCH_LOWER.value and judge(CLAIMS["C16"], e).verdict == HOLDS


def test_it_is_the_share_of_models_that_follow_and_the_largest_deviation():
    e = test_claims.build(test_claims.ideal())
    assert turning.turn(CLAIMS["C07"], rate_claims.MOST, e) == pytest.approx(1.0, rel=1e-9)
    assert turning.turn(CLAIMS["C24"], study_claims.STABLE, e) == pytest.approx(0.02, rel=1e-9)


def test_a_claim_that_fails_turns_as_well_and_one_that_is_open_or_hangs_on_none_does_not():
    study = test_claims.ideal()
    study["extra"]["stability"].loc[2, "TPR"] = 0.07
    e = test_claims.build(study)
    assert judge(CLAIMS["C24"], e).verdict == FAILS
    assert turning.turn(CLAIMS["C24"], study_claims.STABLE, e) == pytest.approx(0.07, rel=1e-9)
    assert np.isnan(turning.turn(CLAIMS["C03"], study_claims.STABLE, e))
    study["extra"].pop("stability")
    assert np.isnan(turning.turn(CLAIMS["C24"], study_claims.STABLE, test_claims.build(study)))


def test_the_number_is_the_old_one_again_even_after_an_error():
    before = rate_claims.MOST.value
    with pytest.raises(KeyError), claim.tried(rate_claims.MOST, 0.9):
        assert rate_claims.MOST.value == 0.9
        raise KeyError
    assert rate_claims.MOST.value == before


def test_every_bound_of_every_claim_has_a_row():
    table = turning.table(test_claims.build(test_claims.ideal()))
    assert len(table) == sum(len(c.bounds) for c in CLAIMS.values())
    assert (table["verdict"] == HOLDS).all()
