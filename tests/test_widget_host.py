"""The static widget host: what it draws from the state embedded in a page, and what it says."""

import base64
import json
from pathlib import Path

import browser
import pytest

pytestmark = pytest.mark.browser
HOST = Path(__file__).parent.parent / "book" / "_static" / "anywidget-host.js"
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
SLIDER = {"model_module": "@jupyter-widgets/controls", "model_name": "IntSlider", "state": {}}


def widget(esm, buffers=(), **state):
    """The saved state of one anywidget."""
    state = {"_esm": esm, **state}
    return {"model_module": "anywidget", "state": state, "buffers": list(buffers)}


def buffer(path, data, encoding="base64"):
    text = base64.b64encode(data).decode() if encoding == "base64" else data.hex()
    return {"path": path, "data": text, "encoding": encoding}


@pytest.fixture(scope="module")
def context():
    browser.require()
    with browser.window() as window:
        yield window


@pytest.fixture
def show(context, tmp_path):
    """Open a page with widgets and views; returns the views' texts and the console's lines."""

    def opened(widgets, views=None, act=None):
        saved = json.dumps({"state": widgets, "version_major": 2, "version_minor": 0})
        shown = [json.dumps({"model_id": v}) for v in (views or widgets)]
        body = "".join(f'<div><script type="{VIEW}">{v}</script></div>' for v in shown)
        head = f'<script src="{HOST.as_uri()}"></script><script type="{STATE}">{saved}</script>'
        (tmp_path / "page.html").write_text(f"<!doctype html><head>{head}</head><body>{body}")
        said = []
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_timeout(200)
        if act:
            act(page)
        texts = page.locator(".widget-view, .widget-note").all_inner_texts()
        page.close()
        return texts, said

    return opened


def test_binary_state_is_restored_in_its_place(show):
    esm = """export default { render({ model, el }) {
      const bytes = (view) => [...new Uint8Array(view.buffer)].join();
      el.textContent = `${bytes(model.get("image"))} ${bytes(model.get("masks")[1])}`; } }"""
    buffers = [buffer(["image"], b"\x01\xff"), buffer(["masks", 1], b"\x07\x08", "hex")]
    assert show({"a": widget(esm, buffers, masks=["", ""])}) == (["1,255 7,8"], [])


def test_two_views_of_one_widget_share_one_model(show):
    esm = """export default () => ({
      initialize({ model }) { model.set("started", model.get("started") + 1); },
      render({ model, el }) {
        const draw = () => { el.textContent = `${model.get("started")} ${model.get("n")}`; };
        el.onclick = () => model.set("n", model.get("n") + 1);
        model.on("change:n", draw);
        draw();
      } })"""
    views = ["a", "a"]
    texts, said = show(
        {"a": widget(esm, started=0, n=0)}, views, lambda page: page.click(".widget-view >> nth=0")
    )
    assert (texts, said) == (["1 1", "1 1"], [])


def test_a_listener_hears_only_changes_and_only_until_it_is_taken_off(show):
    esm = """export default { render({ model, el }) {
      const heard = [];
      const listener = (_, value) => heard.push(value);
      model.on("change:n", listener);
      model.set("n", 0); model.set("n", 1); model.set({ n: 2 });
      model.off("change:n", listener);
      model.set("n", 3);
      el.textContent = `${heard} ${model.get("n")}`; } }"""
    assert show({"a": widget(esm, n=0)}) == (["1,2 3"], [])


def test_a_widget_that_needs_a_kernel_says_so(show):
    texts, said = show({"a": SLIDER})
    assert texts == ["This control works only in a running notebook."] and not said


def test_a_widget_that_fails_says_so_and_the_next_is_drawn(show):
    broken = widget("export default { render() { throw new Error('no image'); } }")
    sound = widget("export default { render({ el }) { el.textContent = 'drawn'; } }")
    texts, said = show({"a": broken, "b": sound})
    assert texts == ["This interactive figure could not be drawn: no image", "drawn"]
    assert len(said) == 1 and "no image" in said[0]


HEX = """export default { render({ model, el }) {
  const bytes = new Uint8Array(model.get("data").buffer);
  el.textContent = `${bytes.length} ${bytes[0]} ${bytes.at(-1)}`;
} };"""


@pytest.fixture
def apart(monkeypatch, tmp_path):
    """A page with a widget far below, whose data lie beside it."""
    monkeypatch.syspath_prepend(str(HOST.parent.parent / "_ext"))
    import apart

    large = bytes([7]) + bytes(apart.LEAST) + bytes([9])
    states = {
        "a": widget(HEX, [buffer(["data"], large)]),
        "b": widget(HEX, [buffer(["data"], b"1")]),
    }
    before = json.dumps({"state": states})
    after = apart.smaller(before, tmp_path / apart.FOLDER)
    assert len(after) < 2_000 < len(before)
    small = json.loads(after)["state"]["b"]["buffers"]
    assert small == states["b"]["buffers"], "what is small stays"
    page = (
        f'<!doctype html><html data-content_root="./"><head><script src="{HOST.as_uri()}"></script>'
        f'<script type="{STATE}">{after}</script></head><body><div style="height: 5000px"></div>'
        f'<div><script type="{VIEW}">{json.dumps({"model_id": "a"})}</script></div>'
    )
    (tmp_path / "page.html").write_text(page)
    return tmp_path, f"{len(large)} 7 9"


@pytest.mark.parametrize("how", ["scrolled", "linked", "followed"])
def test_large_data_are_loaded_when_the_reader_comes_near_or_follows_a_link(context, apart, how):
    place, expected = apart
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    address = (place / "page.html").as_uri()
    page.goto(f"{address}#compare:foil=x" if how == "linked" else address)
    if how != "linked":
        page.wait_for_timeout(300)
        assert not any("_static/state" in url for url in asked)
        assert page.locator(".widget-view").inner_text() == ""
    if how == "scrolled":
        page.locator(".widget-view").scroll_into_view_if_needed()
    if how == "followed":
        page.evaluate("location.hash = '#compare:foil=y'")
    page.wait_for_function("document.querySelector('.widget-view').textContent")
    assert page.locator(".widget-view").inner_text() == expected
    assert sum("_static/state" in url for url in asked) == 1
    page.close()


def test_data_that_are_not_there_are_named(context, apart):
    place, _ = apart
    (file,) = (place / "_static" / "state").iterdir()
    file.unlink()
    page = context.new_page()
    page.goto((place / "page.html").as_uri() + "#compare:foil=x")
    page.wait_for_selector(".widget-note")
    assert file.name in page.locator(".widget-note").inner_text()
    page.close()
