"""Tables that answer the reader, in a real browser and from a file."""

from pathlib import Path

import browser
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from foilseg.book import captions
from foilseg.book.readable import readable, sortable

STATIC = Path(__file__).parent.parent / "book" / "_static"
STYLE = STATIC / "book.css"


def written(tmp_path, body, styled=True):
    """The address of a page with the scripts, and the book's style if it is wanted."""
    style = f"<link rel=stylesheet href='{STYLE.as_uri()}'>" if styled else ""
    page = tmp_path / "page.html"
    names = ("tables.js", "layout.js", "handles.js")
    scripts = "".join(f"<script src='{(STATIC / name).as_uri()}'></script>" for name in names)
    page.write_text(f"<!doctype html>{style}<body class=bd-article>{body}{scripts}")
    return page.as_uri()


def table():
    return pd.DataFrame(
        {"model": ["b", "a", "c", "d"], "TPR": [0.5, np.nan, 0.25, 0.75], "n": [10, 9, 1000, 2]}
    )


def test_every_column_stays_and_numbers_are_written_out():
    shown = sortable(table()).frame
    assert list(shown.columns) == ["model", "TPR", "n"]
    assert shown["TPR"].tolist() == ["0.500", "undefined", "0.250", "0.750"]
    grouped = sortable(table().groupby("model")[["TPR", "n"]].sum()).frame
    assert grouped["model"].tolist() == ["a", "b", "c", "d"]
    assert sortable(pd.DataFrame({"should_be": [1]})).frame.columns.tolist() == ["should be"]
    levels = table().set_index("model")
    levels.columns = pd.MultiIndex.from_tuples([("TPR", "ours"), ("n", "")])
    assert list(sortable(levels).frame.columns) == ["model", "TPR ours", "n"]


def test_a_verdict_is_a_word_in_colour_and_text_is_escaped():
    html = sortable(pd.DataFrame({"x": ["holds", "<b>"]}))._repr_html_()
    assert '600">holds</td>' in html and "&lt;b&gt;" in html
    assert 'class="dataframe sortable"' in html


def test_long_words_may_break_and_names_may_not():
    frame = pd.DataFrame({"x": ["Bin. Balanced"], "y": ["a sentence of many words"], "z": [1]})
    html = sortable(frame)._repr_html_()
    assert '<td class="name">Bin. Balanced<' in html and '<td class="words">a sentence' in html
    assert "<td>1<" in html


def test_a_number_that_is_infinite_stands_among_numbers():
    html = sortable(pd.DataFrame({"false objects": [8130.0, np.inf]}))._repr_html_()
    assert "<td>infinite<" in html and "<td>8,130<" in html


def ranked(rows=8):
    """Models by falling gain, of which two are equal; no other column is in order."""
    gain = [0.5, 0.5, 0.4, 0.3, 0.1, 0.0, -0.1, -0.2][:rows]
    return pd.DataFrame({"model": [*"hbfdgcea"][:rows], "gain": gain})


def test_the_column_that_rows_are_ordered_by_is_told_or_is_the_only_one():
    assert sortable(ranked(), by="gain").ordered == (1, "descending")
    assert sortable(ranked().iloc[::-1], by="gain").ordered == (1, "ascending")
    assert sortable(ranked()).ordered is None, "equal values may have had another order"
    falling = ranked().assign(gain=[0.9, *ranked()["gain"][1:]])
    assert sortable(falling).ordered == (1, "descending")
    assert sortable(falling.head(7)).ordered and not sortable(falling.head(6)).ordered, "chance"
    assert sortable(falling.assign(place=range(8))).ordered is None, "which of the two?"
    assert sortable(falling.assign(gain=1.0)).ordered is None
    assert sortable(falling.assign(gain=np.nan)).ordered is None
    assert sortable(falling.sort_values("model")).ordered == (0, "ascending")
    with pytest.raises(ValueError, match="not in the order of 'gain'"):
        sortable(ranked().sort_values("model"), by="gain")
    with pytest.raises(ValueError, match="no column 'loss'; choose one of model, gain"):
        sortable(ranked(), by="loss")


@pytest.mark.browser
def test_a_range_in_a_heading_is_not_broken(tmp_path):
    browser.require()
    table = pd.DataFrame({"recall, 1–4 px": [0.1], "half–done": [0.2], "20–99 px": [0.3]})
    body = f"<div class=cell_output>{sortable(table)._repr_html_()}</div>"
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, body))
        heads = page.locator("th").all_text_contents()
    joined = "\N{WORD JOINER}–\N{WORD JOINER}"
    told = [head for head in heads if "–" in head]
    assert told == [f"recall, 1{joined}4 px", "half–done", f"20{joined}99 px"]


@pytest.mark.browser
def test_the_sorted_column_is_marked_before_a_click_and_the_mark_moves(tmp_path):
    browser.require()
    body = f"<div class=cell_output>{sortable(ranked(), by='gain')._repr_html_()}</div>"
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, body))
        marked = page.locator("th[aria-sort]")
        arrow = "th => getComputedStyle(th, '::after').content"
        weights = "cells => cells.map((c) => getComputedStyle(c).fontWeight)"

        def state():
            cells = page.locator("td.sorted")
            assert set(cells.evaluate_all(weights)) == {"600"}
            return marked.inner_text(), marked.evaluate(arrow), cells.count()

        assert state() == ("gain", '"\xa0▼"', 8)
        page.click("th >> text=gain")
        assert state() == ("gain", '"\xa0▲"', 8)
        assert page.locator("td.sorted").first.inner_text() == "-0.200"
        page.click("th >> text=model")
        assert state() == ("model", '"\xa0▲"', 8)


@pytest.mark.browser
def test_headings_stay_in_sight_of_every_table_that_is_higher_than_the_window(tmp_path):
    """Also of one of few rows with many lines, and with headings of two lines."""
    browser.require()
    words = "many words that stand in lines below each other " * 9
    tall = pd.DataFrame({"a": range(9), "b": [words] * 9})
    levels = pd.DataFrame(0, range(14), pd.MultiIndex.from_product([["TPR"], ["ours", "theirs"]]))
    low = sortable(pd.DataFrame({"a": range(4)}))._repr_html_()
    frames = [levels.to_html(classes="dataframe"), sortable(tall)._repr_html_(), low]
    written_by_hand = tall.to_html(classes="table", index=False)
    body = "".join(f"<div class=cell_output>{frame}</div>" for frame in frames)
    address = written(tmp_path, f"<article class=bd-article>{body}{written_by_hand}</article>")
    with browser.window(width=browser.WIDE) as context:
        page = context.new_page()
        page.set_viewport_size({"width": browser.WIDE, "height": 320})
        page.goto(address)
        tables = page.locator("table")
        assert [t.evaluate("t => t.classList.contains('long')") for t in tables.all()] == [
            True, True, False, True,
        ]  # fmt: skip
        for table in tables.all()[:2] + tables.all()[3:]:
            top = "t => { t.scrollTo(0, 9999); return t.scrollTop; }"
            assert table.evaluate(top) > 50
            rows = table.locator("thead tr").evaluate_all(
                "rows => rows.map((r) => r.getBoundingClientRect().top)"
            )
            edge = table.evaluate("t => t.getBoundingClientRect().top")
            assert abs(rows[0] - edge) < 3 and rows == sorted(set(rows)), "one line below the other"
        page.set_viewport_size({"width": browser.WIDE, "height": 4000})
        page.wait_for_function("!document.querySelector('.long')")
        page.set_viewport_size({"width": browser.NARROW, "height": 320})
        page.wait_for_function("document.querySelector('.long')")
        inner = tables.nth(1).evaluate("t => t.scrollHeight - t.clientHeight")
        assert inner < 3, "cards scroll with the page"


@pytest.mark.browser
def test_a_table_in_markdown_becomes_cards_on_a_phone(tmp_path):
    browser.require()
    cell = "<td><p>{}</p></td>"
    rows = "".join(f"<tr>{cell.format(a)}{cell.format('word ' * 30)}</tr>" for a in "xy")
    html = (
        "<div><table class=table><caption><span class=caption-number>Table 1 </span></caption>"
        "<thead><tr><th><p>file</p></th><th><p>rule</p></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
    address = written(tmp_path, f"<article class=bd-article>{html}</article>")
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(address)
        first = page.locator("tbody tr").first.locator("td")
        assert first.evaluate_all("c => c.map((d) => d.dataset.label)") == ["file", "rule"]
        tops = first.evaluate_all("c => c.map((d) => d.getBoundingClientRect().top)")
        assert tops[0] < tops[1] and not page.locator("thead").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= browser.NARROW
        page.set_viewport_size({"width": browser.WIDE, "height": 800})
        assert page.locator("thead").is_visible()


@pytest.mark.browser
def test_headings_sort_and_the_field_filters(tmp_path):
    browser.require()
    html = sortable(pd.concat([table(), table()]))._repr_html_()
    address = written(tmp_path, html, styled=False)
    said = []
    with browser.window() as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(address)

        def shown():
            return page.locator("tbody tr:visible td:first-child").all_inner_texts()

        assert shown() == [*"bacdbacd"] and page.locator("text=/^8 rows$/").count() == 1
        page.click("th >> text=TPR")
        assert shown() == [*"ccbbddaa"]  # the undefined one after the numbers
        page.click("th >> text=n")
        assert shown() == [*"ddaabbcc"]  # 1,000 is a number
        page.press("th >> text=n", "Enter")
        assert shown() == [*"ccbbaadd"]
        assert page.locator("th >> text=n").get_attribute("aria-sort") == "descending"
        page.fill("input", "0.5 b")
        assert shown() == ["b", "b"] and page.locator("text=2 of 8 rows").count() == 1
        page.fill("input", "")
        assert len(shown()) == 8
    assert said == []


@pytest.mark.browser
def test_long_tables_show_their_first_rows_and_the_others_on_a_click(tmp_path):
    browser.require()
    long = pd.DataFrame({"name": [f"row {k}" for k in range(20)], "n": range(20)})
    plain = long.to_html(classes="dataframe", index=False)
    short = sortable(long.head(15))._repr_html_()
    body = f"<div id=a>{sortable(long)._repr_html_()}</div><div id=b>{plain}</div>"
    address = written(tmp_path, f"{body}<div id=c>{short}</div>", styled=False)
    with browser.window() as context:
        page = context.new_page()
        page.goto(address)

        def shown(place):
            return page.locator(f"#{place} tbody tr:visible td:last-child").all_inner_texts()

        assert [len(shown(place)) for place in "abc"] == [15, 15, 15]
        assert page.locator("button").count() == 2, "a table of 15 rows needs none"
        page.click("#a th:nth-child(2)")  # which was marked as rising
        assert shown("a") == [str(k) for k in range(19, 4, -1)], "the first ones of the new order"
        page.fill("#a input", "row 1")
        assert len(shown("a")) == 11 and not page.locator("#a button").is_visible()
        page.fill("#a input", "")
        page.click("#a >> text=show all 20 rows")
        assert len(shown("a")) == 20
        page.click("#a >> text=show the first 15 rows")
        page.click("#b >> text=show all 20 rows")
        assert len(shown("a")) == 15 and len(shown("b")) == 20
        page.emulate_media(media="print")
        assert len(shown("a")) == 20 and not page.locator("button").first.is_visible()


@pytest.mark.browser
def test_on_a_phone_every_row_is_a_card_and_what_is_cut_says_so(tmp_path):
    browser.require()
    wide = pd.DataFrame({f"quantity {k}": [k, 10 * k] for k in range(12)})
    wide.insert(0, "model", ["a", "b"])
    levels = wide.set_index("model").iloc[:, :2]
    levels.columns = pd.MultiIndex.from_product([["TPR"], ["ours", "theirs"]])
    body = f"{sortable(wide)._repr_html_()}{levels.to_html(classes='dataframe')}"
    box = f"<div class=cell_output><div style='width: 30em'>{body}</div></div>"
    address = written(tmp_path, box)
    with browser.window(width=browser.WIDE) as context:
        page = context.new_page()
        page.goto(address)
        box = page.locator("table.sortable")
        cut = page.locator(".cut-right")
        assert cut.count() == 1 and page.locator(".cut-left").count() == 0
        cut.evaluate("box => box.scrollTo(9999, 0)")
        page.wait_for_selector(".cut-left")
        assert page.locator(".cut-right").count() == 0
        page.click("th >> text='quantity 1'")
        assert page.locator("td.sorted").all_inner_texts() == ["1", "10"]
        page.set_viewport_size({"width": browser.NARROW, "height": 800})
        row = box.locator("tbody tr").first
        cells = row.locator("td")
        tops = cells.evaluate_all("cells => cells.map((c) => c.getBoundingClientRect().top)")
        assert tops == sorted(tops) and len(set(tops)) == 13, "one below the other"
        told = cells.evaluate_all("cells => cells.map((c) => c.dataset.label)")
        assert told == ["model", *(f"quantity {k}" for k in range(12))]
        deep = page.locator("table:not(.sortable) tbody tr").first.locator("td")
        told = deep.evaluate_all("cells => cells.map((c) => c.dataset.label)")
        assert told == ["TPR ours", "TPR theirs"]
        assert not page.locator("thead").first.is_visible()


@pytest.mark.browser
def test_a_card_of_a_group_names_its_group(tmp_path):
    """Rows that share a name share a cell; as cards each has the name, and nothing else twice."""
    browser.require()
    names = [("a", "pit"), ("a", "crack"), ("b", "pit"), ("b", "crack")]
    index = pd.MultiIndex.from_tuples(names, names=["model", "defect"])
    html = pd.DataFrame({"TPR": [1, 2, 3, 4]}, index).to_html(classes="dataframe")
    address = written(tmp_path, f"<div class=cell_output>{html}</div>")
    with browser.window(width=browser.WIDE) as context:
        page = context.new_page()
        page.goto(address)
        shown = "rows => rows.map((r) => [...r.cells].filter((c) => c.checkVisibility())"
        rows = page.locator("tbody tr")
        wide = rows.evaluate_all(f"{shown}.map((c) => c.textContent))")
        assert wide == [["a", "pit", "1"], ["crack", "2"], ["b", "pit", "3"], ["crack", "4"]]
        page.set_viewport_size({"width": browser.NARROW, "height": 800})
        cards = rows.evaluate_all(f"{shown}.map((c) => c.dataset.label + '=' + c.textContent))")
        assert cards == [
            [f"model={model}", f"defect={defect}", f"TPR={k}"]
            for k, (model, defect) in enumerate(names, 1)
        ]


@pytest.mark.browser
def test_what_a_narrow_window_cuts_says_so_and_what_nearly_fits_gets_less_air(tmp_path):
    browser.require()
    wide = pd.DataFrame({f"quantity {k}": [k, 10 * k] for k in range(14)})
    code = "x = " + " + ".join(["1"] * 60)
    address = written(
        tmp_path,
        f"<div id=a class=cell style='width: 40em'><div class=cell_output><div>"
        f"{sortable(wide)._repr_html_()}</div></div></div><pre style='overflow: auto'>{code}</pre>"
        f"<pre id=short style='overflow: auto'>x = 1</pre>",
    )
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(address)
        assert page.locator("pre").first.evaluate("e => e.className") == "cut-right"
        assert page.locator("#short").evaluate("e => e.className") == ""
        faded = "e => getComputedStyle(e).getPropertyValue('--fade-right').trim()"
        assert page.locator("pre").first.evaluate(faded) == "2.5rem"
        page.set_viewport_size({"width": browser.WIDE, "height": 800})
        page.reload()
        assert page.locator("#a").evaluate("e => e.className") == "cell tag_full-width"
        assert page.locator("table.tight").count() == 1


@pytest.mark.browser
def test_a_long_name_stays_inside_of_its_card_on_a_phone(tmp_path):
    browser.require()
    long = pd.DataFrame({"image": ["01_200902053521_585000_090_crop_2" * 2], "rows": [460]})
    shown = f"<div class=cell><div class=cell_output>{sortable(long)._repr_html_()}</div></div>"
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(written(tmp_path, shown))
        page.wait_for_selector("table.cards")
        over = page.locator("td").evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)")
        assert over == [0, 0]


@pytest.mark.browser
def test_long_names_of_rows_are_broken_into_lines_where_a_table_is_too_wide(tmp_path):
    browser.require()
    names = pd.Index(["short name", "a name of many words " * 4], name="what")
    long = pd.DataFrame({"measured": ["1 s", "2 s"]}, index=names).to_html(classes="dataframe")
    boxes = "".join(
        f"<div class=cell style='width: {width}em'><div class=cell_output><div class=text_html "
        f"style='overflow-x: auto'>{long}</div></div></div>"
        for width in (30, 90)
    )
    with browser.window(width=browser.WIDE) as context:
        page = context.new_page()
        page.goto(written(tmp_path, boxes))
        heads = page.locator("tbody th")
        broken = heads.evaluate_all("all => all.map(e => e.classList.contains('broken'))")
        assert broken == [False, True, False, False]
        heights = heads.evaluate_all("all => all.map(e => e.offsetHeight)")
        assert heights[1] > 1.5 * heights[0] and heights[3] == heights[2]


@pytest.mark.browser
def test_a_table_may_open_fewer_rows_and_a_link_to_a_folded_row_unfolds_it(tmp_path):
    browser.require()
    rows = pd.DataFrame({"claim": [f"C{n:02}" for n in range(1, 26)], "share": np.arange(25)})
    address = written(tmp_path, sortable(rows, first=5, anchor="claim")._repr_html_())
    with browser.window() as context:
        page = context.new_page()
        page.goto(address)
        assert page.locator("tbody tr:visible").count() == 5
        assert page.locator("button.more-rows").inner_text() == "show all 25 rows"
        page.goto(f"{address}#claim-c03")
        assert page.locator("tbody tr:visible").count() == 5
        assert page.locator(".row-index a").all_inner_texts() == rows["claim"].tolist()
        page.click(".row-index a >> text=C19")
        page.wait_for_function("document.querySelectorAll('tr.folded').length === 0")
        assert page.locator("#claim-c19").is_visible()
        other = context.new_page()
        other.set_viewport_size({"width": 1280, "height": 800})
        other.goto(f"{address}#claim-c20")
        other.wait_for_function("document.querySelectorAll('tr.folded').length === 0")
        assert other.locator("#claim-c20").evaluate("row => row.getBoundingClientRect().top") < 800


@pytest.mark.browser
def test_the_list_of_contents_is_out_of_sight_where_the_margin_is_taken(tmp_path):
    browser.require()
    body = (
        "<nav class=bd-sidebar-secondary style='position:fixed;right:0;top:0;width:200px'>list"
        "</nav><div style='height:900px'></div><div class='cell tag_full-width' style='height:"
        "50px;width:100%'></div><div style='height:3000px'></div>"
    )
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, body))
        contents = page.locator("nav")
        assert contents.is_visible()
        page.evaluate("scrollTo(0, 900)")
        page.wait_for_selector("nav.covered", state="attached")
        assert not contents.is_visible()
        page.evaluate("scrollTo(0, 2000)")
        page.wait_for_selector("nav:not(.covered)")
        assert contents.is_visible()
        page.evaluate("scrollTo(0, 500)")  # the margin is taken below the list
        page.wait_for_timeout(100)
        assert contents.is_visible()
        page.evaluate("document.querySelector('nav').style.height = '600px'")
        page.wait_for_selector("nav.covered", state="attached")


@pytest.mark.browser
def test_a_high_table_fades_at_its_foot_until_its_last_row_is_seen(tmp_path):
    browser.require()
    long = sortable(pd.DataFrame({"name": [f"row {k}" for k in range(60)], "n": range(60)}))
    address = written(tmp_path, f"<div class=cell_output>{long._repr_html_()}</div>")
    with browser.window() as context:
        page = context.new_page()
        page.goto(address)
        table = page.locator("table")
        page.click("text=show all 60 rows")
        page.wait_for_selector("table.long.cut-below")
        assert "linear-gradient(rgb" in table.evaluate("e => getComputedStyle(e).maskImage")
        table.evaluate("table => table.scrollTo(0, 99999)")
        page.wait_for_selector("table.long:not(.cut-below)")
        page.click("text=show the first 15 rows")
        page.wait_for_selector("table:not(.long):not(.cut-below)")


@pytest.mark.browser
def test_words_of_a_table_stand_left_with_their_headings_and_numbers_right(tmp_path):
    browser.require()
    index = pd.Index([1, 2], name="foil")  # heads of rows, although they are numbers
    frame = pd.DataFrame({"kind": ["pit", "undefined"], "TPR": ["0.5", "undefined"]}, index)
    frame["samples"] = ["3", "by pixels"]
    frame.loc[3] = ["crack", "0.6", "4"]
    html = captions_of(readable(frame))
    address = written(tmp_path, f"<div class=cell_output>{html}</div>")
    with browser.window() as context:
        page = context.new_page()
        page.goto(address)
        align = "cells => cells.map((c) => getComputedStyle(c).textAlign)"
        for cells in ("thead tr:first-child th", "tbody tr:first-child > *"):
            assert page.locator(cells).evaluate_all(align) == ["left", "left", "right", "right"]


@pytest.mark.browser
def test_on_a_phone_one_or_two_cards_more_need_no_click(tmp_path):
    browser.require()
    tables = [pd.DataFrame({"name": ["x"] * n, "n": range(n)}) for n in (7, 8)]
    address = written(tmp_path, "".join(sortable(t)._repr_html_() for t in tables))
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(address)
        seen = [page.locator("table").nth(k).locator("tbody tr:visible").count() for k in (0, 1)]
        assert seen == [7, 5] and page.locator("button.more-rows").count() == 1


def captions_of(table):
    """A table as an executed chapter shows it."""
    cell = new_code_cell("", outputs=[new_output("display_data", {"text/html": table.to_html()})])
    captions.write(new_notebook(cells=[cell]), "6")
    return cell.outputs[0].data["text/html"]


@pytest.mark.browser
def test_a_list_of_contents_fades_only_where_it_goes_on_below_its_box(tmp_path):
    browser.require()
    style = "height:{}px;overflow-y:auto"
    body = "".join(
        f"<nav class='bd-sidebar-secondary' id={name} style='{style.format(height)}'>"
        "<div style='height:300px'>1</div></nav>"
        for name, height in (("short", 400), ("long", 200))
    )
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, body))
        page.wait_for_selector("#long.cut-below")
        masks = page.locator("nav").evaluate_all("e => e.map(x => getComputedStyle(x).maskImage)")
        assert masks[0] == "none" and "linear-gradient" in masks[1]
        page.locator("#long").evaluate("list => list.scrollTo(0, 999)")
        page.wait_for_selector("#long:not(.cut-below)")


@pytest.mark.browser
def test_the_caption_of_a_picture_says_that_it_goes_on_where_it_is_cut(tmp_path):
    browser.require()
    body = "".join(
        f"<figure id={name}><div class=picture style='width:200px;overflow-x:auto'>"
        f"<div style='width:{wide}px;height:20px'></div></div><figcaption>x</figcaption></figure>"
        for name, wide in (("cut", 400), ("whole", 200))
    )
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, body))
        page.wait_for_selector("#cut .cut-right")
        said = "f => getComputedStyle(f.querySelector('figcaption'), '::before').content"
        assert "goes on at the right" in page.locator("#cut").evaluate(said)
        assert page.locator("#whole").evaluate(said) == "none"
        page.locator("#cut .picture").evaluate("box => box.scrollTo(999, 0)")
        page.wait_for_selector("#cut .picture:not(.cut-right)")
        assert page.locator("#cut").evaluate(said) == "none"


@pytest.mark.browser
def test_handles_right_below_each_other_are_one(tmp_path):
    browser.require()
    code = "<details class='admonition hide'><summary>code</summary><pre>x</pre></details>"
    told = "<div class=cell_output>said</div>"
    cells = (code, code, code + told, code, "<p>read</p>", code)
    cells = (
        f"<div class='cell container tag_plumbing'>{c}</div>" if c[:2] == "<d" else c for c in cells
    )
    with browser.window() as context:
        page = context.new_page()
        page.goto(written(tmp_path, "".join(cells)))
        handles, code = page.locator("summary"), page.locator("pre")
        seen = [handle.is_visible() for handle in handles.all()]
        assert seen == [True, False, False, True, True], "up to what is read"
        for opened in (True, False):
            handles.first.click()
            page.wait_for_function(f"document.querySelectorAll('[open]').length === {3 * opened}")
            assert [c.is_visible() for c in code.all()] == [opened] * 3 + [False, False]


def test_commands_of_runs_stand_on_one_line_and_long_words_do_not():
    command = "foilseg train baseline equal-samples --profile matched --seed 1"
    rows = pd.DataFrame(
        {"run": ["baseline-matched-1"], "command": [command], "note": ["word " * 9]}
    )
    html = sortable(rows)._repr_html_()
    assert f'<td class="name">{command}</td>' in html and '<td class="words">word' in html


def test_a_column_of_categories_may_have_one_alone():
    """Data with one defect; pandas maps a single category to categories again."""
    names = [f"model {n}" for n in range(9)]
    rows = pd.DataFrame({"model": pd.Categorical(names), "defect": pd.Categorical(["pit"] * 9)})
    table = sortable(rows.assign(TPR=np.linspace(0.9, 0.1, 9)))
    assert list(table.frame["defect"]) == ["pit"] * 9 and table.ordered is None
