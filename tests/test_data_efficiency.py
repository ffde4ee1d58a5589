"""What few annotated images find: after a start on the twin, and beside rendered foils."""

import numpy as np
import pandas as pd
import pytest

from foilseg.book import digits
from foilseg.data_efficiency import expected, from_twin, rendered
from foilseg.data_efficiency.rendered import ALONE, OTHER, SAME
from foilseg.figures import remedy_figures


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Two defects, three draws: alone 0.1 a doubling, from the twin 0.18, 0.1, 0, 0 more of one."""
    rows = []
    for place, number in enumerate((5, 10, 20, 40)):
        for draw, more in enumerate((-0.02, 0.0, 0.02)):
            for defect, level in (("blowhole", 0.1), ("fray", 0.3)):
                alone = level + 0.1 * place + more
                gain = (0.18, 0.1, 0.0, 0.0)[place] * (defect == "blowhole")
                rows += [(number, draw, "alone", defect, alone)]
                rows += [(number, draw, "from the twin", defect, alone + gain)]
    table = pd.DataFrame(rows, columns=["number", "draw", "arm", "defect", "TPR"])
    table.assign(images=126).to_csv(tmp_path / "few.csv", index=False)
    found = (1000 * table["TPR"]).round().astype(int)
    counts = table.drop(columns="TPR").assign(tp=found, fn=1000 - found, fp=10, tn=990)
    each = [counts.assign(piece=name) for name in ("num_1", "num_2", "num_3")]
    pd.concat(each).to_csv(tmp_path / "pieces.csv", index=False)
    monkeypatch.setattr(from_twin, "TABLE", tmp_path / "few.csv")
    monkeypatch.setattr(from_twin, "PIECES", tmp_path / "pieces.csv")
    return from_twin.few_images()


def test_few_images_are_paired_by_draw(few):
    assert list(dict.fromkeys(few["defect"])) == ["blowhole", "fray", from_twin.MEAN]
    assert len(few) == 4 * 3 * 3 and set(few["images"]) == {5, 10, 20, 40}
    told = from_twin.by_number(few, 200).set_index("images")
    assert list(told.index) == [5, 10, 20, 40, from_twin.ALL]
    assert told["alone"].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.5, 0.35])
    assert told["gain"].tolist() == pytest.approx([0.09, 0.05, 0.0, 0.0, 0.035])
    assert told["draws that gain"].tolist() == [3, 3, 0, 0, 3]
    low, high = (
        told["gain, low"],
        told["gain, high"],
    )  # all pieces are alike, so only the draws move it
    assert (low < told["gain"]).all() and (told["gain"] < high).all()
    assert low[5] == pytest.approx(0.09 - 0.026, abs=0.01) and low[20] < 0 < high[20]


def test_the_start_stands_beside_twice_the_images_alone(few):
    told = from_twin.lead_over_twice(200).set_index("images")
    assert list(told.index) == [5, 10, 20]
    assert told["lead"].tolist() == pytest.approx([-0.01, -0.05, -0.1])
    assert (told["low"] < told["lead"]).all() and (told["lead"] < told["high"]).all()


def test_a_gain_is_told_without_the_piece_that_has_most_of_a_defect(few):
    """Twice as much fray on one piece, where nothing is found from the twin."""
    table = pd.read_csv(from_twin.PIECES)
    there = (table["piece"] == "num_2") & (table["defect"] == "fray")
    table.loc[there, ["tp", "fn"]] *= 2
    lost = there & (table["arm"] == "from the twin")
    table.loc[lost, "fn"] += table.loc[lost, "tp"]
    table.loc[lost, "tp"] = 0
    table.to_csv(from_twin.PIECES, index=False)
    pieces, share, without = from_twin.gain_without_piece("fray")
    assert (pieces, share) == (3, 0.5) and without == pytest.approx(0.035)
    assert from_twin.by_number(few, 2)["gain"].iloc[-1] == pytest.approx(0.035)  # of another table


def test_what_was_expected_of_few_images_stands_beside_what_was_found(few):
    table = expected.few_images(few)
    assert table["came true"].tolist() == ["yes"] * 6 + ["no"]
    found = ["0.090", "0.050", "0.000", "0.100", "0.000", "-0.010", "0.040 and 0.090"]
    assert table["found"].tolist() == found


def test_few_images_are_drawn_with_a_mark_for_every_draw(few):
    figure = remedy_figures.few_images(few)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == [from_twin.MEAN, "blowhole", "fray"]
    for axes in shown:
        means, draws = axes.lines[0], axes.lines[1]
        own = few[few["defect"] == axes.get_title()]
        assert list(means.get_ydata()) == pytest.approx(own.groupby("images")["alone"].mean())
        assert list(draws.get_ydata()) == pytest.approx(own["alone"])


@pytest.mark.parametrize(
    ("value", "foils"),
    [(0.2, 6), (0.3, 6), (0.35, 72**0.5), (0.4, 12), (0.5, 26), (0.51, np.inf)],
)
def test_what_is_found_is_worth_so_many_annotated_foils(value, foils):
    assert rendered.worth({6: 0.3, 26: 0.5, 12: 0.4}, value) == pytest.approx(foils)


def test_a_tpr_that_falls_with_more_foils_counts_as_one_that_stays():
    rates = {6: 0.3, 12: 0.2, 26: 0.5}
    assert rendered.worth(rates, 0.25) == rendered.worth(rates, 0.3) == 6
    assert rendered.worth({6: 0.3, 12: 0.5, 26: 0.4}, 0.5) == pytest.approx(12)
    assert rendered.worth(rates, 0.4) == pytest.approx((12 * 26) ** 0.5)


def test_the_price_of_an_annotated_foil_is_read_off_the_curve():
    """6 rendered ones do as much as 12 - 6 annotated ones; 20 of another recipe do nothing."""
    rates = {(6, 0, ALONE): 0.3, (12, 0, ALONE): 0.4, (26, 0, ALONE): 0.5, (6, 6, SAME): 0.4}
    rates |= {(6, 20, SAME): 0.6, (6, 20, OTHER): 0.2}
    rows = [
        (*key, draw, defect, rate + shift * key[1] / 6 + 0.1 * (defect == "crack"))
        for key, rate in rates.items()
        for draw, shift in enumerate((-0.05, 0.05))
        for defect in ("cavity", "crack")
    ]
    table = pd.DataFrame(rows, columns=[*rendered.KEYS, "defect", "TPR"])
    found = rendered.summary(table, "cavity").set_index(["arm", "rendered"])
    assert found["draws"].eq(2).all()
    gains = found.loc[(SAME, 6), ["least gain", "largest gain"]].tolist()
    assert gains == pytest.approx([0.05, 0.15])
    np.testing.assert_allclose(found["TPR of the others"] - found["TPR"], 0.1)
    assert found.loc[ALONE, "price"].isna().all()
    assert found.loc[(SAME, 6), ["as annotated", "price"]].tolist() == pytest.approx([12, 1])
    assert found.loc[(SAME, 20), "price"] == 0
    assert found.loc[(OTHER, 20), ["as annotated", "price"]].tolist() == [6, np.inf]


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """All arms, three draws, two defects; what the protocol expects comes true but for the 7th."""
    tpr = {(6, 0, ALONE): 0.3, (12, 0, ALONE): 0.4, (26, 0, ALONE): 0.5}
    tpr |= {(6, 6, SAME): 0.37, (6, 20, SAME): 0.39, (6, 6, OTHER): 0.3, (6, 20, OTHER): 0.31}
    lost = {0: 0.0, 6: 0.01, 20: 0.05}  # of the other defect
    rows, foils = [], []
    for key, rate in tpr.items():
        for draw, shift in enumerate((-0.01, 0.0, 0.01)):
            for defect in ("cavity", "crack"):
                level = rate + shift if defect == "cavity" else 0.8 - lost[key[1]]
                truth = level + (0.04 if key[1] and defect == "cavity" else 0)
                own = 800 if defect == "cavity" else 800 - round(3000 * lost[key[1]])
                for against, value in (("label", level), ("truth", truth)):
                    told = (value, 0.01, value, 0.03 if draw == 2 else 0.01, own, 1000 - own)
                    rows.append((*key, draw, defect, against, *told))
                for name in ("a", "b"):
                    found = round(1000 * level)
                    foils.append((*key, draw, name, defect, found, 10, 1000 - found, 990))
    columns = [*rendered.KEYS, "defect", "against", "TPR", "FPR", "TPR, own", "FPR, own"]
    table = pd.DataFrame(rows, columns=[*columns, "tp", "fn"])
    table.to_csv(tmp_path / "rates.csv", index=False)
    columns = [*rendered.KEYS, "foil", "defect", "tp", "fp", "fn", "tn"]
    pd.DataFrame(foils, columns=columns).to_csv(tmp_path / "foils.csv", index=False)
    monkeypatch.setattr(rendered, "TABLE", tmp_path / "rates.csv")
    monkeypatch.setattr(rendered, "FOILS", tmp_path / "foils.csv")
    return table


def test_gains_of_rendered_foils_have_intervals_over_foils_and_draws(trained):
    found = rendered.intervals(rendered.foils()[::-1], ["cavity"], 200)
    assert (6, 0, ALONE) not in found.index and len(found) == 6
    gains = found["gain"].to_dict()
    assert gains[6, 20, SAME] == pytest.approx(0.09) and gains[26, 0, ALONE] == pytest.approx(0.2)
    low, high = found.loc[(6, 20, SAME), ["low", "high"]]
    assert 0.07 < low < 0.09 < high < 0.11  # both foils are alike, so only the draws move it
    both = rendered.intervals(rendered.foils(), ["cavity", "crack"], 200)["gain"]
    assert both[6, 20, SAME] == pytest.approx((0.09 - 0.05) / 2)


def test_a_page_shows_gains_by_the_annotation_and_by_the_truth(trained):
    table = rendered.table("cavity", 50).set_index(rendered.ARMS)
    assert len(table) == 7
    row = table.loc[(6, 20, SAME)]
    assert row[["draws", "gain", "TPR"]].tolist() == pytest.approx([3, 0.09, 0.39])
    assert row["TPR by the truth"] == pytest.approx(0.43)
    least, most = row["least gain by the truth"], row["largest gain by the truth"]
    assert [least, most] == pytest.approx([0.13, 0.13])
    assert row["TPR of the others"] == pytest.approx(0.75) and row["low"] < 0.09 < row["high"]
    assert table.loc[(6, 0, ALONE), ["gain", "low", "high"]].isna().all()
    signed = [digits.written(0.02, digits.form_of(head, "")) for head in rendered.HEADS.values()]
    assert signed == ["+0.020"] * 2 and set(rendered.HEADS) <= set(table)


def test_what_was_expected_of_rendered_foils_stands_beside_what_was_found(trained):
    table = expected.more_foils("cavity", 0.01)
    assert table["came true"].tolist() == ["yes"] * 19 + ["no"]
    found = table.set_index("expectation")["found"]
    assert found["2: the least gain of a draw with 20"] == "0.090"
    assert found["3: with 20, minus 26 annotated foils"] == "-0.110"
    assert found["5: gain with 20 by the truth, minus that by the annotation"] == "0.040"
    assert found["6: mean TPR of the others lost, same recipe, with 20"] == "0.050"
    assert found["6: the same at own thresholds, same recipe, with 20"] == "0.150"
    assert found.iloc[-1] == "1.00 to 3.00"
    few = 6 / (6 * (2**0.7 - 1))  # 0.37 is seven tenths of the way from 6 to 12, in logarithms
    assert found["3: rendered foils for an annotated one, with 6"] == f"{few:.2f}"


def test_rendered_foils_are_drawn_with_a_mark_for_every_draw(trained):
    figure = remedy_figures.rendered_foils(rendered.rates(), rendered.rates("truth"), "cavity")
    shown = {
        "cavity": ("cavity", "label"),
        "cavity, by the truth": ("cavity", "truth"),
        "the others (mean)": ("crack", "label"),
    }
    assert [axes.get_title() for axes in figure.axes] == list(shown)
    for axes, (defect, against) in zip(figure.axes, shown.values()):
        own = trained[(trained["defect"] == defect) & (trained["against"] == against)]
        means, draws = axes.lines[::2], axes.lines[1::2]
        for arm, line, marks in zip((ALONE, SAME, OTHER), means, draws, strict=True):
            part = own[(own["arm"] == arm) | ((own["annotated"] == 6) & (own["arm"] == ALONE))]
            foils = part["annotated"] + part["rendered"]
            expected_means = part.groupby(foils)["TPR"].mean()
            assert list(line.get_xdata()) == list(expected_means.index) == [6, 12, 26]
            assert list(line.get_ydata()) == pytest.approx(list(expected_means))
            assert list(marks.get_ydata()) == pytest.approx(list(part["TPR"]))
    named = [text.get_text() for text in figure.axes[0].texts]
    assert named == ["annotated alone", "rendered, same recipe", "rendered, another recipe"]
    colours = [line.get_color() for line in figure.axes[0].lines[::2]]
    assert [text.get_color() for text in figure.axes[0].texts] == colours
