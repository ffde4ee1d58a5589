"""What a reader is shown: numbers written out, undefined ones as a word."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from foilseg.analysis import model_tables
from foilseg.book import prose, tables
from foilseg.book.digits import exact
from foilseg.book.readable import readable, sortable
from foilseg.data import dataset, folder
from foilseg.data.dataset import Dataset, Foil
from foilseg.evaluation import scores
from foilseg.thesis import published
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.config import CLASSES


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, ".1%", "12.3%"),
        (np.float64(1571.2), ",.0f", "1,571"),
        (np.int64(5), "", "5"),
        (float("nan"), ".3f", "undefined"),
        (np.float64("nan"), "", "undefined"),
        (None, "d", "undefined"),
        ("cavity", "", "cavity"),
    ],
)
def test_a_number_in_a_sentence_is_written_out(value, form, text):
    assert prose.written(value, form) == text


def test_a_readable_table_has_names_to_the_left_and_no_bare_nan():
    table = pd.DataFrame({"defect": ["pit", "scratch"], "TPR": [0.25, np.nan], "pixels": [1234, 0]})
    shown = tables.readable(table)
    assert list(shown.index) == ["pit", "scratch"] and shown.columns.name == "defect"
    assert shown.loc["pit"].tolist() == ["0.250", "1,234"]
    assert shown.loc["scratch", "TPR"] == "undefined"


def test_whole_numbers_are_written_whole_and_no_table_says_inf():
    table = pd.DataFrame({"n_TPR": [5, 12345], "gap": [np.inf, 0.5]})
    shown = tables.readable(table, "{:.2f}")
    assert shown["n_TPR"].tolist() == ["5", "12,345"]
    assert shown["gap"].tolist() == ["infinite", "0.50"]


def test_training_pixels_are_counted_below_the_first_third(toy):
    data = folder.load(toy)
    table = tables.training_pixels(data).set_index("class")
    masks = np.concatenate([foil.mask[round(0.33 * 48) :] for foil in data.foils])
    assert table.loc["pit", "pixels"] == (masks == 1).sum()
    assert table["share"].sum() == pytest.approx(1)
    background = table.loc["background", "pixels"]
    assert table.loc["scratch", "background per pixel"] == background / (masks == 2).sum()
    assert "published pixels" not in table


def test_the_published_pixels_give_table_3_2():
    pixels = published.training_pixels()
    for _, printed in published.table("pixel_ratios").iterrows():
        if printed["row"] == "total_defects":
            continue
        one, other = (pixels[printed[k].replace("_", " ")] for k in ("row", "column"))
        left, right = map(int, printed["ratio"].split(":"))
        # small ratios are printed as small whole numbers (3:4), so compare to half a unit
        assert abs(one / other - left / right) / (left / right) < 0.5


@pytest.mark.parametrize(("number", "text"), [(1571.25, "1 : 1,571"), (1 / 39, "39.0 : 1")])
def test_a_ratio_reads_as_the_thesis_prints_it(number, text):
    assert tables.as_ratios(pd.DataFrame({"x": [number]})).iloc[0, 0] == text


def test_a_class_without_a_pixel_is_undefined_everywhere_and_breaks_nothing(toy):
    data = folder.load(toy)
    foils = tuple(replace(foil, mask=np.minimum(foil.mask, 1)) for foil in data.foils)
    data = replace(data, foils=foils)
    for table in (tables.training_pixels(data), tables.study_weights(data)):
        assert (tables.readable(table).loc["scratch"] == "undefined").any()
    assert (tables.as_ratios(tables.pixel_ratios(data)).loc["scratch"] == "undefined").all()
    assert [names for _, names in dataset.richest(data)] == [["pit"]]


def test_recomputed_weights_stand_beside_the_printed_ones():
    table = model_tables.published_weights()
    gap = (table["printed"] - table["recomputed"]).abs()
    assert gap.drop(gap.idxmax()).max() < 0.00051
    worst = table.loc[gap.idxmax()]
    assert (worst["scheme"], worst["class"]) == ("ICF", "cavity")


def test_the_columns_cavity_and_crack_of_table_3_7_are_found_to_be_swapped():
    table = model_tables.published_binary_weights().set_index("defect")
    assert table["column of"].to_dict() == {
        "agglomeration": "agglomeration",
        "cavity": "crack",
        "crack": "cavity",
        "blade trail": "blade trail",
    }
    note = model_tables.swapped(table.reset_index())
    assert note == (
        "Read against thesis Table 3.1, the column cavity holds the weights of crack and the "
        "column crack holds the weights of cavity."
    )
    right = table.reset_index().assign(**{"column of": table.index})
    assert "own" in model_tables.swapped(right)


def test_weights_that_do_not_agree_are_named_in_a_sentence():
    table = model_tables.published_weights()
    said = model_tables.agreeing(table)
    assert said.endswith("to the last digit. The one that does not is the ICF weight of cavity.")
    assert said.startswith(f"{len(table) - 1} of {len(table)} weights agree")
    two = model_tables.agreeing(table.assign(agrees=["no", "no", *["yes"] * (len(table) - 2)]))
    assert "Those that do not are the" in two and " and the " in two
    assert model_tables.agreeing(table.assign(agrees="yes")).count(".") == 1


def test_the_source_of_energies_is_told_once():
    source = "estimate (threads x seconds x an assumed 10 W a busy core)"
    table = pd.DataFrame({"energy_source": [source, source, ""]})
    said = "estimated (threads × seconds × an assumed 10 W a busy core)"
    assert model_tables.energy(table) == said
    assert model_tables.energy(table.tail(1)) == "not known"


def test_published_rates_join_only_their_own_model():
    counts = pd.DataFrame(
        [("Baseline", "f", "cavity", 1, 1, 1, 7), ("Mine", "f", "cavity", 2, 0, 0, 8)],
        columns=["model", "foil", "defect", "tp", "fp", "fn", "tn"],
    )
    both = scores.side_by_side(scores.defect_rates(counts), ["model", "defect"])
    assert both.loc[("Baseline", "cavity"), ("TPR", "published")] == 0.3656
    assert both.loc[("Baseline", "cavity"), ("TPR", "reproduced")] == 0.5
    assert np.isnan(both.loc[("Mine", "cavity"), ("TPR", "published")])


def test_the_best_model_has_the_first_place_and_a_low_fpr_is_good():
    means = pd.DataFrame({"model": list("abc"), "TPR": [0.5, 0.9, 0.5], "FPR": [0.1, 0.2, np.nan]})
    means["precision"] = [0.3, 0.1, 0.2]
    printed = means.iloc[:2].assign(TPR=[0.9, 0.5])
    table = scores.ranks(means, printed).set_index("model")
    assert table["by TPR reproduced"].tolist() == [2, 1, 2]
    assert table["by FPR reproduced"].tolist()[:2] == [1, 2]
    assert table["by precision published"].tolist()[:2] == [1, 2]
    assert table["by TPR published"].tolist()[:2] == [1, 2]
    assert pd.isna(table.loc["c", "by FPR reproduced"])
    assert pd.isna(table.loc["c", "by TPR published"])
    assert sortable(table.reset_index()).frame["by TPR published"].tolist() == [
        "1", "2", "undefined"
    ]  # fmt: skip
    assert list(scores.ranks(means)) == ["model", "by TPR", "by FPR", "by precision"]


def test_totals_stand_beside_table_a1_where_it_has_them():
    counts = pd.DataFrame(
        [("Baseline", "f", "cavity", 1, 2, 3, 4), ("Baseline", "g", "cavity", 10, 20, 30, 40)],
        columns=["model", "foil", "defect", "tp", "fp", "fn", "tn"],
    )
    row = scores.totals(counts).iloc[0]
    assert row[scores.TOTALS].tolist() == [44, 11, 22, 66, 44, 33]
    assert row["FP published"] == 6473
    assert "FP published" not in scores.totals(counts.assign(defect="pit"))
    assert "FP published" not in scores.totals(counts, beside=False)


def test_annotations_equal_to_the_truth_score_perfectly(toy):
    (toy / "truth").mkdir()
    for path in (toy / "labels").iterdir():
        (toy / "truth" / path.name).write_bytes(path.read_bytes())
    table = scores.annotation_rates(folder.load(toy))
    assert (table["TPR"] == 1).all() and (table["precision"] == 1).all()
    assert "100%" in scores.annotation_note(table)


def test_without_a_truth_the_note_says_so(toy):
    assert "no truth" in scores.annotation_note(scores.annotation_rates(folder.load(toy)))


def test_shares_have_three_digits_that_count_whatever_their_size():
    shown = readable(pd.DataFrame({"share": [0.955174, 0.000612, 1.0, np.nan, 2e-5]}))
    assert shown["share"].tolist() == ["95.5%", "0.0612%", "100%", "undefined", "0.00200%"]


def test_names_head_the_rows_and_of_names_alone_the_first():
    frame = pd.DataFrame({"a": ["x"], "b": ["y"], "n": [1]})
    assert readable(frame).index.nlevels == 2
    assert list(readable(frame[["a", "b"]]).columns) == ["b"]


def pits(truth=None):
    """One foil of 100 x 10 pixels: 670 train, 640 of background, 16, 7 and 7 of three defects.

    The defects fill the rows one after the other, so that the crack is in two pieces.
    """
    mask = np.zeros((100, 10), np.uint8)
    index = {c.name: c.index for c in CLASSES}
    kinds = [("agglomeration", 16), ("crack", 7), ("blade trail", 7)]
    mask[33:].ravel()[:30] = np.repeat([index[name] for name, _ in kinds], [n for _, n in kinds])
    foil = Foil("f", np.zeros((1, 100, 10), np.float32), mask, truth, origin=(4, 5))
    return Dataset("made up", CLASSES, (foil,))


def other(data):
    """The same data with a class that the thesis does not know."""
    first, *classes = data.classes
    return replace(data, classes=(replace(first, name="ground"), *classes))


def test_the_size_of_a_foil_and_the_share_of_its_defects():
    (row,) = tables.foil_sizes(pits()).to_dict("records")
    assert row == {
        "foil": "f", "rows": 100, "columns": 10, "region starts at": "4, 5",
        "megapixels": 0.001, "defect share": 0.03,
    }  # fmt: skip
    assert tables.foil_sizes(replace(pits(), foils=())).empty


def test_published_ratios_stand_beside_those_of_the_training_regions():
    table = tables.published_ratios(pits())
    assert len(table) == 10 and "total defects : background" not in table.index
    row = table.loc["agglomeration : background"]
    assert (row["printed"], row["reproduced"], row["deviation"]) == ("1 : 40", "1 : 40.0", 0)
    row = table.loc["crack : blade trail"]
    assert (row["printed"], row["reproduced"]) == ("3 : 4", "1 : 1.00")
    assert row["deviation"] == pytest.approx(-0.25)
    assert table.loc["agglomeration : cavity", "reproduced"] == "undefined"
    assert table.loc["cavity : crack", "reproduced"] == "undefined"
    assert list(tables.published_ratios(other(pits()))) == ["printed", "reproduced"]
    assert tables.published_ratios(other(pits())).empty


def test_a_ratio_table_is_the_printed_one_or_that_of_all_classes():
    printed = tables.ratio_table(pits())
    assert printed.loc["crack : background", "printed"] == "1 : 111"
    assert printed.loc["crack : background", "reproduced"] == "1 : 91.4"
    own = tables.ratio_table(other(pits()))
    assert own.columns.name == "one pixel of"
    assert own.loc["crack", "ground"] == "1 : 91.4" and own.loc["crack", "cavity"] == "undefined"
    assert own.loc["crack", "agglomeration"] == "1 : 2.29"
    assert (own.loc["cavity"] == "undefined").all()


def test_annotation_errors_are_counted_where_there_is_a_truth():
    truth = pits().foils[0].mask.copy()
    truth[:2, :3] = next(c.index for c in CLASSES if c.name == "cavity")
    table = tables.annotation_errors(pits(truth)).set_index("defect")
    assert table.loc["cavity", ["objects", "missed objects", "missed pixels"]].tolist() == [1, 1, 6]
    crack = table.loc["crack", ["objects", "missed objects", "annotated objects"]]
    assert crack.tolist() == [2, 0, 2]
    without = tables.annotation_errors(pits())
    assert without.empty and {"defect", "objects", "missed objects"} <= set(without)


def test_the_annotators_of_the_twin_are_known_and_no_others():
    table = tables.annotator_parameters(is_twin=True).set_index("setting")["value"]
    assert table["rate m: missing a middling crack"] == AnnotatorConfig().miss_crack
    assert len(table) == len(vars(AnnotatorConfig()))
    nobody = tables.annotator_parameters(is_twin=False)
    assert nobody.empty and list(nobody) == ["setting", "value"]


def test_objects_of_a_class_are_counted_and_their_medians_taken():
    crack, cavity = (next(c for c in CLASSES if c.name == name) for name in ("crack", "cavity"))
    objects = pd.DataFrame({"index": crack.index, "foil": ["f", "f", "g"], "area": [1, 5, 9]})
    objects = objects.assign(length=2.0, elongation=[1.0, 3.0, np.inf], contrast=[0.1, 0.2, 0.9])
    table = tables.defect_objects(objects, pits()).set_index("defect")
    assert list(table.index) == [c.name for c in pits().defects]
    row = table.loc["crack"]
    assert row[["objects", "foils with it", "median area"]].tolist() == [3, 2, 5]
    assert row[["median elongation", "median contrast"]].tolist() == [3, 0.2]
    assert table.loc[cavity.name, ["objects", "foils with it"]].tolist() == [0, 0]
    assert np.isnan(table.loc[cavity.name, "median area"])


def test_a_listing_is_written_out():
    shown = tables.listing([{"stage": "encoder", "maps": 1234}, {"stage": "decoder", "maps": 2}])
    assert shown["maps"].to_dict() == {"encoder": "1,234", "decoder": "2"}


def test_numbers_of_things_in_an_area_have_three_digits_that_count():
    table = pd.DataFrame(
        {"model": ["a"] * 4, "false objects per square metre": [51234.4, 120, 23.46, np.inf]}
    )
    shown = readable(table)["false objects per square metre"].tolist()
    assert shown == ["51,200", "120", "23.5", "infinite"]


def test_a_column_that_happens_to_be_whole_has_the_digits_of_its_quantity():
    """As in the table beside it, where one number is not whole; a count of things is exact."""
    told = {"published false alarms per million pixels": [5475.0, 200.0, 2.0], "pits": [5475.0] * 3}
    shown = readable(pd.DataFrame(told, ["x", "y", "z"]))
    assert shown.iloc[:, 0].tolist() == ["5,480", "200", "2"]
    assert shown["pits"].tolist() == ["5,475"] * 3
    exact = pd.DataFrame({"false objects": [51234, 7], "trainings": [3, 1]}, ["x", "y"])
    assert readable(exact).loc["x"].tolist() == ["51,234", "3"]


def test_false_positive_rates_are_written_in_millionths_and_say_so():
    table = pd.DataFrame({"model": ["a", "b"], "FPR": [0.0044821, 9.5e-5], "TPR": [0.5, 0.25]})
    shown = readable(table)
    assert list(shown.columns) == ["FPR (ppm)", "TPR"]
    assert shown["FPR (ppm)"].tolist() == ["4,480", "95.0"]
    assert sortable(table).frame["FPR (ppm)"].tolist() == ["4,480", "95.0"]
    wide = pd.DataFrame([[0.0021, 0.5]], pd.Index(["a"]), [("FPR", "ours"), ("TPR", "ours")])
    wide.columns = pd.MultiIndex.from_tuples(wide.columns, names=["rate", "study"])
    assert list(readable(wide).columns) == [("FPR (ppm)", "ours"), ("TPR", "ours")]
    assert readable(wide).columns.names == ["rate", "study"]
    assert readable(wide).iloc[0].tolist() == ["2,100", "0.500"]
    # what only names the rate is none: a place by it, a TPR at one, a count
    other = pd.DataFrame(
        {"by FPR": [1.0, np.nan], "TPR at one FPR": [0.5, 0.1], "one FPR": [1, 0.2]}
    )
    shown = readable(other.set_axis(["x", "y"]))
    assert list(shown.columns) == list(other.columns)
    assert shown.loc["x"].tolist() == ["1", "0.500", "1.000"]
    assert shown.loc["y"].tolist() == ["undefined", "0.100", "0.200"]


def test_the_extremes_are_shares_and_not_counts():
    """Large and small regions: the one with most found pixels may also have most missed ones."""
    rows = [("large", 500, 400), ("good", 90, 10), ("poor", 30, 70), ("few", 1, 0), ("none", 0, 0)]
    counts = pd.DataFrame(rows, columns=["foil", "tp", "fn"])
    twice = pd.concat([counts, counts])  # several models and defects are added up
    assert scores.extremes(counts) == scores.extremes(twice) == ("good", "poor")
    assert scores.extremes(counts[counts["foil"] == "large"]) == ("large", "large")


def test_what_is_rounded_to_nothing_has_no_sign():
    shown = readable(pd.DataFrame({"gain": [-0.0004, -0.0006, 0.0, -0.4]}), "{:+.3f}")
    assert shown["gain"].tolist() == ["0.000", "-0.001", "0.000", "-0.400"]
    assert readable(pd.DataFrame({"TPR": [-1e-9]}))["TPR"].tolist() == ["0.000"]
    assert readable(pd.DataFrame({"gain": [0.0004]}))["gain"].tolist() == ["0.000"]


def test_gains_have_a_sign_and_costs_three_digits_that_count():
    costs = {"training": [0.97612, 4.0], "prediction": [4.0, 1.0]}  # the second in whole numbers
    table = readable(pd.DataFrame({"gain in mean TPR": [0.0158, 0]} | costs), "{:+.3f}")
    assert table.iloc[0].tolist() == ["+0.016", "0.976", "4"]
    assert table.iloc[1].tolist() == ["0.000", "4.00", "1"]
    assert readable(pd.DataFrame({"TPR, training": [0.5]})).iloc[0].tolist() == ["0.500"]


def test_numbers_to_be_compared_keep_their_digits_without_an_exponent():
    told = [exact(value) for value in (2_875_160.4, 123_456.0, 81.4918, 0.5, -1e6)]
    assert told == ["2,875,160", "123,456", "81.4918", "0.5", "-1,000,000"]


def test_a_table_says_how_many_rows_are_open_and_labels_its_rows():
    table = pd.DataFrame({"claim": ["C01", "C 2<"], "share": [0.5, 0.25]})
    told = sortable(table, first=5, anchor="claim")._repr_html_()
    assert 'class="dataframe sortable" data-first="5"' in told
    assert re.findall(r'<tr id="([^"]*)">', told) == ["claim-c01", "claim-c-2"]
    plain = sortable(table)._repr_html_()
    assert "data-first" not in plain and "<tr id" not in plain
