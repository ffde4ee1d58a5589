"""From pictures to stop or go: every object is listed, nothing is lost, and bad input is named."""

import copy
import errno
import json
from dataclasses import replace
from pathlib import Path

import browser
import numpy as np
import pandas as pd
import pytest
import toy
from PIL import Image

from foilseg import cli
from foilseg.data import files, images
from foilseg.decisions import brought, decision, page, quickest, results, sorting
from foilseg.decisions.scores import class_scores
from foilseg.networks.quick import EXACT, FORMATS
from foilseg.studies.predict import read_image
from foilseg.training import restore
from foilseg.training.runs import RunError


@pytest.fixture
def study(trained_toy):
    return trained_toy


@pytest.fixture
def fresh(fresh_toy):
    return fresh_toy


@pytest.fixture
def chosen(promised):
    return promised


@pytest.fixture
def pictures(tmp_path):
    """Five new pictures, one of which shows nothing."""
    place = tmp_path / "new"
    place.mkdir()
    for number in range(4):
        images.write(place / f"p{number}.png", toy.picture(64, 72, 100 + number)[0])
    noise = np.random.default_rng(0).normal(128, 10, (64, 72))
    images.write(place / "plain.png", noise.astype(np.uint8))
    return place


def sort(study, chosen, places, out, exact=True, **options):
    """With the exact network, unless told: which format is the fastest is up to the machine."""
    run = study.run("baseline")
    return sorting.sort_files(run, chosen, [places], out, exact=exact, **options)


def test_objects_are_what_the_thresholds_report(study, chosen, pictures, tmp_path):
    done = sort(study, chosen, pictures, tmp_path / "out")
    predictor = restore.load(study.run("baseline"), "cpu")
    for path in sorted(pictures.iterdir()):
        score = class_scores(predictor, read_image(path, predictor))
        mask = images.read_indexed(tmp_path / "out" / f"{path.stem}.png")
        own = done.objects[done.objects["picture"] == path.name]
        for index, promise in enumerate(chosen.promises, 1):
            reported = score[index] >= promise.threshold
            rows = own[own["class"] == promise.name]
            assert rows["area_pixels"].sum() == reported.sum()
            assert (reported | (mask != index)).all()
            for row in rows.itertuples():
                box = np.s_[row.top : row.top + row.height, row.left : row.left + row.width]
                best = float(score[index][box][reported[box]].max())
                assert (
                    row.score == pytest.approx(1 / (1 + np.exp(-best)), abs=1e-6) or len(rows) > 1
                )
                assert row.top <= row.centre_row < row.top + row.height
        some = np.any([score[k] >= p.threshold for k, p in enumerate(chosen.promises, 1)], axis=0)
        assert ((mask > 0) == some).all()
    assert done.objects["score"].is_monotonic_decreasing and not done.unread
    written = pd.read_csv(tmp_path / "out" / results.OBJECTS)
    assert list(written.columns) == results.OBJECT_COLUMNS and len(written) == len(done.objects)
    assert written["area_mm2"].isna().all(), "nobody said how large a pixel is"
    table = done.pictures.set_index("picture")
    assert ((table["objects"] > 0) == (table["decision"] == results.STOP)).all()
    assert table["objects"].sum() == len(done.objects)
    assert "unlike the calibration" in table["note"]["plain.png"]
    size = int(done.objects["area_pixels"].median())
    exactly = sort(study, replace(chosen, stop_pixels=size), pictures, tmp_path / "exactly").objects
    assert (exactly["stops"] == (exactly["area_pixels"] >= size)).all() and exactly["stops"].any()
    patient = replace(chosen, stop_pixels=10**6)
    again = sort(study, patient, pictures, tmp_path / "patient")
    assert set(again.pictures["decision"]) == {results.GO} and not again.objects["stops"].any()


def test_areas_are_in_square_millimetres_where_a_pixel_has_a_size(
    study, chosen, pictures, tmp_path
):
    sized = replace(chosen, pixel_size_um=500.0)
    done = sort(study, sized, pictures, tmp_path / "out")
    np.testing.assert_allclose(done.objects["area_mm2"], 0.25 * done.objects["area_pixels"])


@pytest.mark.parametrize(
    "pixels, number, sizes, stops",
    [(1, 1, [], False), (1, 1, [1], True), (5, 1, [4, 4], False), (5, 2, [5, 6], True)],
)
def test_the_rule_of_stop_or_go(chosen, pixels, number, sizes, stops):
    assert replace(chosen, stop_pixels=pixels, stop_number=number).stops(sizes) is stops


def test_classes_that_claim_one_pixel_are_merged_by_how_far_they_are_above():
    excess = np.array([[[0.5, -1.0, 2.0, -0.1, 0.7]], [[0.4, 0.0, 3.0, -0.2, 0.7]]], np.float32)
    assert results.merged({1: excess[0], 3: excess[1]}).tolist() == [[1, 3, 3, 0, 1]]
    assert results.merged({3: excess[1], 1: excess[0]}).tolist() == [[1, 3, 3, 0, 3]]


def test_what_was_stopped_goes_on_and_repeats_nothing(
    study, chosen, pictures, tmp_path, monkeypatch
):
    out, seen = tmp_path / "out", []

    def stopping(name):
        seen.append(name)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sort(study, chosen, pictures, out, progress=stopping)
    before = {p.stem for p in (out / results.RECORDS).iterdir()}
    assert {"p0", "p1", "p2"} <= before, "what was told as done is done"
    worked = []
    real = results.work_out
    monkeypatch.setattr(results, "work_out", lambda *a: worked.append(a[2].name) or real(*a))
    done = sort(study, chosen, pictures, out)
    assert {Path(name).stem for name in worked} | before == {p.stem for p in pictures.iterdir()}
    assert not {Path(name).stem for name in worked} & before
    whole = sort(study, chosen, pictures, tmp_path / "whole")
    assert done.objects.equals(whole.objects) and done.pictures.equals(whole.pictures)
    images.write(pictures / "p1.png", toy.picture(64, 72, 7)[0])
    worked.clear()
    sort(study, chosen, pictures, out)
    assert worked == ["p1.png"], "a picture that is another now is worked out again"


def test_reading_and_writing_keep_the_order_and_lose_nothing(study, chosen, pictures, tmp_path):
    for number in range(20):
        images.write(pictures / f"q{number:02}.png", toy.picture(64, 72, number)[0])
    (pictures / "q07.png").write_bytes(b"no picture")
    told = []
    done = sort(study, chosen, pictures, tmp_path / "out", progress=told.append)
    assert told == [p.name for p in sorted(pictures.iterdir())]
    assert len(done.pictures) == 25 and set(done.unread) == {"q07.png"}


def test_a_faster_format_decides_alike_and_is_kept(study, chosen, pictures, tmp_path):
    exact = sort(study, chosen, pictures, tmp_path / "exact")
    assert exact.quick.format == EXACT and str(exact.quick) == "the exact network"
    done = sort(study, chosen, pictures, tmp_path / "out", exact=False)
    assert done.quick.format in FORMATS and done.quick.pixels <= quickest.PIXELS
    assert (done.pictures["decision"] == exact.pictures["decision"]).all()
    records = (tmp_path / "out" / results.RECORDS).glob("*.json")
    assert {json.loads(p.read_text())["format"] for p in records} == {done.quick.format}
    for path in (tmp_path / "out" / results.RECORDS).glob("p*.json"):
        told = json.loads(path.read_text())
        path.write_text(json.dumps(told | {"format": "bf16", "digest": "of another picture"}))
    (tmp_path / "out" / results.RECORDS / "plain.json").unlink()
    again = sort(study, chosen, pictures, tmp_path / "out", exact=False)
    assert again.quick.format == "bf16", "as the results that are there"
    with pytest.raises(sorting.JobError, match="holds results in bf16; give a new folder"):
        images.write(pictures / "new.png", toy.picture(64, 72, 5)[0])
        sort(study, chosen, pictures, tmp_path / "out")


@pytest.mark.parametrize("kind", ["baseline", "binary"])
def test_folding_changes_last_bits_alone(study, kind):
    predictor = restore.load(study.model(kind).joined(), "cpu")
    image = toy.picture(96, 80, 3)[0][None].astype(np.float32) / 255
    exact = class_scores(predictor, image)
    for name, least in (("folded", 1e-4), ("bf16", 0.5)):
        other = class_scores(FORMATS[name](predictor), image)
        for index, scores in exact.items():
            assert np.abs(other[index] - scores).max() < least, (name, index)
    assert any((class_scores(predictor, image)[k] == exact[k]).all() for k in exact)


def test_what_a_format_changes_is_counted():
    exact = np.full((6, 8), -5.0)
    exact[0, 0:2] = exact[3, 3:5] = 2.0
    other = exact.copy()
    other[0, 1], other[3, 3:5], other[5, 7] = -5.0, -5.0, 2.0
    pixels, objects = quickest.changed({1: exact}, {1: other}, {1: 0.0})
    assert pixels == 4 / 48, "one of the first object, two of the second, one that is new"
    assert objects == 2 / 4, "the second is lost, and the new one is nowhere else"
    assert quickest.changed({1: other * 0 - 5}, {1: other * 0 - 5}, {1: 0.0}) == (0, 0)
    many = np.full((9, 99), -5.0)
    many[::2, ::2] = 2.0
    rare, common = {1: exact, 2: many}, {1: exact * 0 - 5, 2: many}
    shares = quickest.changed(rare, common, {1: 0.0, 2: 0.0})
    assert shares == (4 / 48, 1.0), "a rare class that vanishes is seen beside a common one"
    large = lambda sizes: max(sizes, default=0) >= 2  # noqa: E731
    thinner = exact.copy()
    thinner[0, 1] = thinner[3, 4] = -5.0
    assert quickest.changed({1: exact}, {1: thinner}, {1: 0.0})[1] == 0
    assert quickest.changed({1: exact}, {1: thinner}, {1: 0.0}, large)[1] == 1, "another word"


def test_formats_that_change_too_much_are_not_taken(study, monkeypatch):
    predictor = restore.load(study.run("baseline"), "cpu")
    images_of = [toy.picture(96, 80, k)[0][None].astype(np.float32) / 255 for k in range(2)]
    wild = {EXACT: lambda p: p, "wild": lambda p: FORMATS["folded"](broken(p))}

    def broken(predictor):
        network = copy.deepcopy(predictor.networks[0])
        network.head.bias.data[1] += 3
        return replace(predictor, networks=(network,))

    monkeypatch.setattr(quickest, "FORMATS", wild)
    assert quickest.choose(predictor, images_of, {1: 0.0}).format == EXACT
    alike = {EXACT: lambda p: p, "alike": FORMATS["folded"]}
    monkeypatch.setattr(quickest, "FORMATS", alike)
    found = quickest.choose(predictor, images_of, {1: -1.0, 2: -1.0})
    assert found.format in alike and (found.pixels, found.objects) == (0, 0)
    assert "of the objects of a class differ" in str(replace(found, format="alike"))
    nothing = quickest.choose(predictor, images_of, {1: 99.0})
    assert nothing.format == EXACT, "where nothing is reported nothing is known"
    assert quickest.choose(predictor, [], {1: -1.0}).format == EXACT


def test_pictures_are_never_written_over(study, chosen, pictures, tmp_path):
    chosen.write(pictures / decision.NAME)
    before = (pictures / "p0.png").read_bytes()
    with pytest.raises(sorting.JobError, match="holds the pictures themselves"):
        sort(study, chosen, pictures, pictures)
    assert (pictures / "p0.png").read_bytes() == before
    sort(study, chosen, pictures, tmp_path / "out")
    (tmp_path / "tuesday").mkdir()
    images.write(tmp_path / "tuesday" / "p0.png", toy.picture(64, 72, 3)[0])
    with pytest.raises(sorting.JobError, match=r"holds results of .*new/p0\.png, which .*tuesday"):
        sort(study, chosen, tmp_path / "tuesday", tmp_path / "out")


def test_what_could_not_be_read_stays_in_the_tables(study, chosen, pictures, tmp_path):
    (pictures / "p2.png").write_bytes(b"no picture")
    sort(study, chosen, pictures, tmp_path / "out")
    (tmp_path / "more").mkdir()
    images.write(tmp_path / "more" / "q.png", toy.picture(64, 72, 3)[0])
    done = sort(study, chosen, tmp_path / "more", tmp_path / "out")
    assert set(done.unread) == {"p2.png"} and len(done.pictures) == 6
    (pictures / "p1.png").write_bytes(b"no picture any more")
    done = sort(study, chosen, pictures, tmp_path / "out")
    assert set(done.unread) == {"p1.png", "p2.png"}
    assert not (tmp_path / "out" / "p1.png").exists(), "its old mask is none of what it is now"


def test_exact_results_are_not_mixed_with_others(study, chosen, pictures, tmp_path):
    sort(study, chosen, pictures, tmp_path / "out")
    for path in (tmp_path / "out" / results.RECORDS).glob("*.json"):
        told = json.loads(path.read_text())
        path.write_text(json.dumps(told | {"format": "bf16"}))
    with pytest.raises(sorting.JobError, match="holds results in bf16"):
        sort(study, chosen, pictures, tmp_path / "out")
    again = sort(study, chosen, pictures, tmp_path / "out", exact=False)
    assert str(again.quick) == "bf16, as the results that are there"


def test_the_page_says_what_pictures_it_does_not_find(study, chosen, pictures, tmp_path):
    """A picture that was moved or changed is shown by its mask alone."""
    out = tmp_path / "out"
    sort(study, chosen, pictures, out)
    pixels, why = page.shown(out, "p0.png")
    mask, picture = (images.read_indexed(out / "p0.png"), images.read(pictures / "p0.png"))
    assert not why and pixels.shape == (64, 72, 3) and (mask > 0).any()
    assert (pixels[mask == 0] == picture[mask == 0][:, None]).all()
    coloured = images.read(out / "p0.png").astype(float)
    mixed = np.rint((coloured + picture[..., None]) / 2)
    assert (pixels[mask > 0] == mixed[mask > 0]).all()
    images.write(pictures / "p1.png", toy.picture(64, 72, 77)[0])
    (pictures / "p2.png").unlink()
    for name, told in (("p1.png", "is another picture now"), ("p2.png", "is no longer there")):
        pixels, why = page.shown(out, name)
        assert (pixels == images.read(out / name)).all() and told in why
    text = page.write(out).read_text("utf-8")
    assert text.count("its mask alone is shown") == 2


def test_an_unreadable_picture_is_named_and_the_others_are_done(study, chosen, pictures, tmp_path):
    (pictures / "p2.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((64, 72, 3), np.uint8)).save(pictures / "colour.png")
    done = sort(study, chosen, pictures, tmp_path / "out")
    assert set(done.unread) == {"p2.png", "colour.png"}
    assert "three channels" in done.unread["colour.png"]
    table = pd.read_csv(tmp_path / "out" / results.PICTURES).set_index("picture")
    assert (table["decision"] == results.UNREAD).sum() == 2 and len(table) == 6
    assert "p2.png" in table["note"]["p2.png"]
    images.write(pictures / "p2.png", toy.picture(64, 72, 3)[0])
    assert set(sort(study, chosen, pictures, tmp_path / "out").unread) == {"colour.png"}


def test_a_file_that_cannot_even_be_opened_stops_no_other(
    study, chosen, pictures, tmp_path, monkeypatch
):
    real = files.digest

    def closed(path):
        if Path(path).name == "p1.png":
            raise PermissionError(f"[Errno 13] Permission denied: '{path}'")
        return real(path)

    monkeypatch.setattr(files, "digest", closed)
    done = sort(study, chosen, pictures, tmp_path / "out")
    assert set(done.unread) == {"p1.png"} and "denied" in done.unread["p1.png"]
    assert len(done.pictures) == 5
    monkeypatch.setattr(sorting, "read_image", lambda *a: {}[b"odd"])  # what a decoder may raise
    monkeypatch.setattr(files, "digest", real)
    assert set(sort(study, chosen, pictures, tmp_path / "out").unread) == {"p1.png"}


def test_a_second_call_adds_to_the_tables_of_the_first(study, chosen, pictures, tmp_path):
    out = tmp_path / "out"
    first = sort(study, chosen, pictures / "p0.png", out)
    both = sort(study, chosen, pictures / "p1.png", out)
    assert set(first.pictures["picture"]) == {"p0.png"}
    assert set(both.pictures["picture"]) == {"p0.png", "p1.png"}
    assert len(both.objects) == both.pictures["objects"].sum() > len(first.objects)


def test_no_result_is_written_over_another(study, chosen, pictures, tmp_path):
    out = tmp_path / "out"
    images.write(tmp_path / "p0.png", toy.picture(64, 72, 9)[0])
    both = [pictures / "p0.png", tmp_path / "p0.png"]
    with pytest.raises(ValueError, match=r"would both be written as p0\.png"):
        sorting.sort_files(study.run("baseline"), chosen, both, out)
    sort(study, chosen, both[0], out)
    with pytest.raises(sorting.JobError, match="which .* would be written over"):
        sort(study, chosen, both[1], out)


@pytest.mark.parametrize("name", ["caf\udce9.png", "a\rb.png"])
def test_names_that_no_table_can_hold_are_refused_at_once(study, chosen, tmp_path, name):
    images.write(tmp_path / "a.png", toy.picture(64, 72, 9)[0])
    (tmp_path / "a.png").rename(tmp_path / name)
    with pytest.raises(ValueError, match=r"cannot be printed.*rename the file"):
        sort(study, chosen, tmp_path, tmp_path / "out")


def test_a_picture_called_as_a_missing_value_is_reported(study, chosen, pictures, tmp_path):
    (pictures / "p0.png").rename(pictures / "NA")
    some = [pictures / "NA", pictures / "p1.png"]
    done = sorting.sort_files(study.run("baseline"), chosen, some, tmp_path / "out")
    assert "NA" in set(done.pictures["picture"])
    assert '"name": "NA"' in page.write(tmp_path / "out").read_text()


def test_a_full_disk_loses_nothing(study, chosen, pictures, tmp_path, monkeypatch):
    out, real, left = tmp_path / "out", files.write_bytes, [3]

    def full(data, path, shared=False):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, f"{path}: cannot be written (No space left on device)")
        real(data, path, shared)

    monkeypatch.setattr(files, "write_bytes", full)
    with pytest.raises(OSError, match="No space left.*the same command goes on"):
        sort(study, chosen, pictures, out)
    monkeypatch.undo()
    before = len(list((out / results.RECORDS).iterdir()))
    assert 0 < before < 5
    assert len(sort(study, chosen, pictures, out).pictures) == 5


def test_results_of_something_else_are_not_touched(study, chosen, pictures, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("")
    with pytest.raises(sorting.JobError, match="is there already and not empty"):
        sort(study, chosen, pictures, other)
    sort(study, chosen, pictures, tmp_path / "out")
    with pytest.raises(sorting.JobError, match="results of another decision"):
        sort(study, replace(chosen, stop_number=2), pictures, tmp_path / "out")
    images.write(tmp_path / "p0.tif", toy.picture(64, 72, 100)[0])
    with pytest.raises(
        sorting.JobError, match=r"holds results of .*p0\.png, which .*p0\.tif would"
    ):
        sort(study, chosen, tmp_path / "p0.tif", tmp_path / "out")
    with pytest.raises(decision.DecisionError, match="was made for the run"):
        run = study.model("binary").joined()
        sorting.sort_files(run, chosen, [pictures], tmp_path / "new2")


def test_the_four_commands_on_ones_own_pictures(study, fresh, pictures, tmp_path, capsys):
    run = str(study.run("baseline").path)
    told = str(tmp_path / "decision.json")
    calibrate = ["calibrate", run, "--data", str(fresh), "--miss", "0.4", "--unseen", "--out", told]
    assert cli.main(calibrate) == 0
    said = capsys.readouterr().out
    assert "at most 40% are expected to be missed (8 pictures" in said and "whole pictures" in said
    out = str(tmp_path / "out")
    predict = ["predict", run, str(pictures), "--decision", told, "--out", out]
    assert cli.main(predict) == 0
    assert "5 stop" in capsys.readouterr().out
    assert cli.main(["report", out]) == 0
    assert "report.html" in capsys.readouterr().out
    (pictures / "p2.png").write_bytes(b"")
    assert cli.main(predict) == 1
    assert "p2.png was not read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["calibrate", "nowhere", "--miss", "0.4"], "nowhere: no such folder; foilseg train"),
        (["calibrate", "a.part", "--miss", "0.4"], "is not complete; continue it"),
        (["calibrate", "RUN", "--miss", "0.4"], "was trained on data of your own; say where"),
        (["calibrate", "RUN", "--miss", "0.4", "--data", "DATA"], "say --unseen if it was trained"),
        (["calibrate", "RUN", "--miss", "2", "--data", "DATA"], "miss: 2.0 is no share"),
        (
            ["calibrate", "RUN", "--miss", "0.01", "--unseen", "--data", "DATA"],
            "the smallest share that they can",
        ),
        (["calibrate", "RUN", "--miss", "0.4", "--data", "nowhere"], "nowhere"),
        (["calibrate", "RUN", "--miss", "0.4", "--data", "DATA", "--class", "rust"], "'rust'"),
        (["predict", "RUN", "NEW", "--decision", "none.json", "--out", "o"], "none.json: no such"),
        (
            ["predict", "RUN", "gone.png", "--decision", "DECISION", "--out", "o"],
            "gone.png: no such",
        ),
        (["predict", "RUN", "EMPTY", "--decision", "DECISION", "--out", "o"], "holds no image"),
        (["predict", "RUN", "NEW", "--decision", "NEW", "--out", "o"], "is no decision"),
        (["report", "EMPTY"], "holds no results; foilseg predict"),
    ],
)
def test_bad_input_of_the_commands_is_named(
    study, fresh, chosen, pictures, tmp_path, capsys, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    chosen.write(tmp_path / "decision.json")
    stands = {
        "RUN": study.run("baseline").path,
        "DATA": fresh,
        "NEW": pictures,
        "EMPTY": tmp_path / "empty",
        "DECISION": tmp_path / "decision.json",
    }
    assert cli.main([str(stands.get(word, word)) for word in arguments]) == 1
    printed = capsys.readouterr().err
    assert words in printed and "Traceback" not in printed
    assert not (tmp_path / "o").exists()


HOSTILE = "<img src=x onerror=alert(1)></script>$facts"


@pytest.mark.browser
def test_the_page_shows_every_picture_and_runs_no_name(study, chosen, pictures, tmp_path):
    browser.require()
    (pictures / "p0.png").rename(pictures / f"{HOSTILE[:27]}.png")
    (pictures / "p2.png").write_bytes(b"no picture")
    out = tmp_path / "out $facts"
    sort(study, replace(chosen, pixel_size_um=50.0), pictures, out)
    made = page.write(out)

    def visit(opened):
        found = {"dialogs": [], "asked": []}
        opened.on("dialog", lambda box: (found["dialogs"].append(box.message), box.dismiss()))
        opened.on("request", lambda request: found["asked"].append(request.url))
        opened.on("pageerror", lambda error: found["dialogs"].append(str(error)))
        opened.goto(made.as_uri())
        opened.wait_for_selector("#list button")
        found["names"] = opened.locator("#list button span:nth-child(2)").all_inner_texts()
        found["added"] = opened.locator("img[src='x'], [onerror]").count()
        opened.locator("#list button").nth(1).click()
        opened.wait_for_function("document.querySelector('#frame img')?.naturalWidth > 0")
        found["boxes"] = opened.locator("#frame div").count()
        found["rows"] = opened.locator("#objects tbody tr").count()
        opened.keyboard.press("ArrowUp")
        found["note"] = opened.locator("#note").inner_text()
        found["sum"] = opened.locator("#sum").inner_text()
        return found

    with browser.window() as context:
        found = visit(context.new_page())
    assert found["dialogs"] == [] and found["added"] == 0
    assert found["names"][0] == "p2.png" and f"{HOSTILE[:27]}.png" in found["names"]
    assert found["boxes"] == found["rows"] > 0
    assert "p2.png" in found["note"]
    assert "5 pictures: 4 stop, 0 go, 1 not read." in found["sum"]
    assert "Unlike those of the calibration: 1;" in found["sum"]
    assert all(url.startswith(("file:", "data:")) for url in found["asked"])


def test_five_hundred_large_pictures_stay_below_forty_megabytes(chosen, tmp_path, monkeypatch):
    """Ten of noise, which packs worst, with more objects than are listed, at a fiftieth of all."""
    out, rng = tmp_path / "out", np.random.default_rng(0)
    chosen.write(out / decision.NAME)
    names = [f"{k}.png" for k in range(10)]
    for name in names:
        noise = rng.integers(0, 256, (600, 900, 3)).astype(np.uint8)
        images.write(tmp_path / name, noise)
        images.write_indexed(out / name, noise[..., 0] // 128, {0: "#000000", 1: "#ff0000"})
        told = {"from": str(tmp_path / name), "digest": files.digest(tmp_path / name)}
        files.write_text(json.dumps(told), out / results.RECORDS / f"{Path(name).stem}.json")
    entry = dict.fromkeys(results.OBJECT_COLUMNS, 0.123456)
    entry |= {"class": "blade trail", "area_pixels": 12345, "stops": True}
    rows = [{**entry, "picture": name} for name in names for _ in range(page.LISTED + 50)]
    pd.DataFrame(rows).to_csv(out / results.OBJECTS, index=False)
    facts = {"decision": "stop", "objects": 250, "worst_score": 0.9, "note": ""}
    pd.DataFrame([{"picture": n, **facts} for n in names]).to_csv(out / results.PICTURES)
    monkeypatch.setattr(page, "MOST_BYTES", page.MOST_BYTES // 50)
    assert 20_000 < page.write(out).stat().st_size < 40_000_000 // 50


def test_the_worst_pictures_come_first():
    table = pd.DataFrame(
        {
            "picture": list("abcd"),
            "decision": ["go", "stop", "not read", "stop"],
            "worst_score": [0.4, 0.6, np.nan, 0.9],
        }
    )
    assert page.worst_first(table)["picture"].tolist() == ["c", "d", "b", "a"]


def test_words_of_rule_and_promise(chosen):
    assert page.rule(chosen) == "A picture is stopped if an object is reported."
    more = replace(chosen, stop_number=3, stop_pixels=7)
    assert page.rule(more) == "A picture is stopped if 3 objects of at least 7 pixels are reported."
    sized = replace(chosen, pixel_size_um=1000.0, area=2_000_000)
    first = replace(chosen.promises[0], false=5)
    assert "2 false objects per square metre" in page.promise(sized, first).replace("2.5", "2")
    assert "at most 2.5% are" in page.promise(chosen, replace(first, miss=0.025))
    assert json.dumps(page.promise(chosen, first)).count("megapixel") == 1
    assert Path(page.NAME).suffix == ".html"


def test_a_network_that_is_brought_along_predicts_as_its_run(study, chosen, pictures, tmp_path):
    root, run = tmp_path / "networks", study.run("baseline")
    made = brought.bring(run, "plain", root)
    assert brought.names(root) == ["plain"] and sorted(p.name for p in made.iterdir()) == [
        "checksums.json",
        "config.json",
        "model.safetensors",
    ]
    opened = brought.open_network(Path("plain"), root)
    assert opened.problems() == [] and decision.weights(opened) == chosen.weights
    ours = sorting.sort_files(opened, chosen, [pictures], tmp_path / "ours", exact=True)
    assert ours.objects.equals(sort(study, chosen, pictures, tmp_path / "out").objects)
    assert brought.open_network(run.path, root) == run
    with pytest.raises(RunError, match=r"gone: no such folder.*comes with us: plain"):
        brought.open_network(Path("gone"), root)
    with pytest.raises(ValueError, match="joins several networks"):
        brought.bring(study.model("binary").joined(), "binary", root)
    with pytest.raises(ValueError, match="use letters"):
        brought.bring(run, "../plain", root)
    (made / "model.safetensors").write_bytes(bytes(5_000_000))
    with pytest.raises(ValueError, match=r"MB with other, at most 5"):
        brought.bring(run, "other", root)


def test_the_network_that_comes_with_us_has_a_decision():
    for name in brought.names():
        run = brought.open_network(Path(name))
        assert run.problems() == []
        chosen = decision.read(brought.FOLDER / f"{name}.json")
        chosen.check(run, restore.classes(run))
        assert chosen.fingerprint == run.determines["data"] and chosen.part == "validation regions"
    assert "baseline" in brought.names()
    assert sum(p.stat().st_size for p in brought.FOLDER.rglob("*.safetensors")) <= 5_000_000
