"""Which pane of the viewer is selected, the keys that change it, and the link that is copied."""

import pytest
import viewer

pytestmark = pytest.mark.browser
RIGHT, LEFT = "Mask in the right pane", "Mask in the left pane"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    foils = [viewer.foil("first", 1), viewer.foil("second", 2)]
    return viewer.page(foils, tmp_path_factory.mktemp("viewer") / "page.html")


def selected(screen):
    """The captions of the selected panes, and whether each has an outline that the others lack."""
    script = """() => [...document.querySelectorAll(".fs-stage figure")].map((figure) => [
      figure.getAttribute("aria-current"), figure.querySelector("figcaption").innerText,
      getComputedStyle(figure.querySelector("canvas")).outlineStyle])"""
    seen = screen.page.evaluate(script)
    assert all((style == "solid") == (current == "true") for current, _, style in seen)
    return [caption.split(": ")[1] for current, caption, _ in seen if current == "true"]


def both(screen):
    return screen.chosen(LEFT), screen.chosen(RIGHT)


def test_a_click_selects_the_pane_that_keys_change(screen):
    assert selected(screen) == ["Model A"] and both(screen) == ("annotation", "Model A")
    screen.key("]", "}")
    assert both(screen) == ("truth", "Model B"), "at first brackets are for the right pane"
    screen.page.mouse.click(*screen.hover(30, 60, 0))
    assert selected(screen) == ["truth"]
    assert screen.page.locator(".fs-status").inner_text() == "Selected: the left mask, truth."
    screen.key("]", "]")
    assert both(screen) == ("Model B", "Model B")
    screen.key("[", "}")
    assert both(screen) == ("Model A", "Model C"), "now braces are for the right pane"
    screen.key("l")
    link = screen.page.evaluate("location.hash")
    screen.page.mouse.click(*screen.hover(30, 60, 1))
    assert selected(screen) == ["Model C"]
    screen.page.evaluate("location.hash = ''")
    screen.page.evaluate("(link) => (location.hash = link)", link)
    screen.page.wait_for_function("document.querySelector('figure').ariaCurrent === 'true'")
    assert selected(screen) == ["Model A"], "a link keeps what is selected"


def test_a_drag_selects_nothing_even_if_it_ends_where_it_began(screen):
    screen.key("+", "+")
    x, y = screen.hover(30, 60, 0)
    screen.page.mouse.down()
    screen.page.mouse.move(x + 60, y, steps=3)
    screen.page.mouse.move(x, y, steps=3)
    screen.page.mouse.up()
    assert selected(screen) == ["Model A"]
    screen.page.mouse.down()
    screen.page.mouse.move(x + 2, y + 1)
    screen.page.mouse.up()
    assert selected(screen) == ["annotation"], "a hand trembles"


def test_a_key_selects_as_well_as_a_click_in_every_arrangement(screen):
    screen.key("p")
    assert selected(screen) == ["annotation"]
    screen.key("p")
    assert selected(screen) == ["Model A"]
    screen.key("v")
    chosen = screen.page.locator(".fs-stage .fs-chosen")
    assert selected(screen) == ["annotation | Model A"] and chosen.inner_text() == "Model A"
    screen.page.mouse.click(*screen.hover(30, 20))
    assert chosen.inner_text() == "annotation"
    screen.key("]")
    assert both(screen) == ("truth", "Model A")
    screen.key("v")
    assert selected(screen) == ["Model A"], "of all models it is the one on the right"
    screen.key("p", "]")
    assert selected(screen) == ["Model C"] and screen.chosen(RIGHT) == "Model C"
    screen.page.mouse.click(*screen.hover(30, 60, 1))
    assert selected(screen) == ["annotation"] and both(screen) == ("truth", "annotation")
    screen.page.mouse.click(*screen.hover(30, 60, 0))
    assert selected(screen) == ["no mask"] and screen.chosen(RIGHT) == ""


TAP = """([pane, type]) => {
  const canvas = document.querySelectorAll(".fs-compare canvas")[pane];
  const box = canvas.getBoundingClientRect();
  const [clientX, clientY] = [box.left + box.width / 2 + 1, box.top + box.height / 2 + 1];
  const fire = (type) => canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, bubbles: true, pointerType: "touch", clientX, clientY }));
  fire("pointerdown");
  fire(type);
  fire("pointerleave");
  if (type === "pointerup") fire("click");
}"""


def test_a_finger_selects_and_reads_out_and_still_scrolls_the_page(screen):
    screen.page.evaluate(TAP, [0, "pointerup"])
    assert selected(screen) == ["annotation"]
    assert screen.told().startswith("row 30, column 60 · "), "a finger hid it until it was lifted"
    screen.page.evaluate(TAP, [1, "pointercancel"])
    assert selected(screen) == ["annotation"] and screen.told() == "", "this one scrolled the page"
    touch = screen.page.locator(".fs-compare canvas").first
    assert touch.evaluate("c => getComputedStyle(c).touchAction") == "pan-x pan-y"


# What the bracket keys send with AltGr on Windows and Linux, and with Option on a Mac.
HELD = {
    "Windows": {"ctrlKey": True, "altKey": True, "modifierAltGraph": True},
    "Linux": {"modifierAltGraph": True},
    "Mac": {"altKey": True},
}
SEND = """([key, held]) => !document.querySelector(".fs-stage").dispatchEvent(new KeyboardEvent(
  "keydown", { key, bubbles: true, cancelable: true, ...held }))"""


@pytest.mark.parametrize("system", HELD)
def test_brackets_of_a_german_keyboard(screen, system):
    for key, expected in (
        ("]", ("annotation", "Model B")),
        ("}", ("truth", "Model B")),
        ("[", ("truth", "Model A")),
        ("{", ("annotation", "Model A")),
    ):
        assert screen.page.evaluate(SEND, [key, HELD[system]]), "the browser does nothing with it"
        screen.wait()
        assert both(screen) == expected


def test_letters_stand_for_brackets_on_every_keyboard(screen):
    for key, expected in (
        ("s", ("annotation", "Model B")),
        ("w", ("truth", "Model B")),
        ("a", ("truth", "Model A")),
        ("q", ("annotation", "Model A")),
    ):
        screen.key(key)
        assert both(screen) == expected
    screen.key("p", "s", "w")
    assert both(screen) == ("truth", "Model B"), "of the selected pane, and of the other"
    listed = screen.page.locator(".fs-compare dt").evaluate_all(
        "all => all.map((x) => x.textContent)"
    )
    assert {"] [ or s a", "} { or w q", "p, a click"} <= set(listed)


def test_keys_of_the_browser_are_left_to_it(screen):
    for key, held in (
        ("s", {"ctrlKey": True}),
        ("a", {"metaKey": True}),
        ("]", {"ctrlKey": True}),
        ("]", {"ctrlKey": True, "altKey": True}),
        ("f", {"altKey": True}),
        ("toString", {}),
    ):
        assert not screen.page.evaluate(SEND, [key, held])
    assert both(screen) == ("annotation", "Model A") and screen.chosen("Image") == "first"


COPIED = """The link to this view was copied; the address of this page is the same."""
ALONE = """The link was not copied; the address of this page now leads to this view."""
NO_CLIPBOARD = """() => {
  window.kept = navigator.clipboard;
  Object.defineProperty(navigator, "clipboard", { value: undefined });
}"""


@pytest.mark.parametrize("way", ["key", "button"])
@pytest.mark.parametrize("clipboard", [True, False])
def test_the_link_is_copied(screen, viewer_window, way, clipboard):
    viewer_window.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.page.bring_to_front()
    screen.page.evaluate("navigator.clipboard.writeText('something else')")
    if not clipboard:
        screen.page.evaluate(NO_CLIPBOARD)
    if way == "key":
        screen.key("+", "l")
    else:
        screen.page.get_by_role("button", name="Copy link").click()
    screen.page.locator(".fs-status", has_text=COPIED).wait_for()
    address = screen.page.evaluate("location.href")
    assert "#compare:foil=first" in address and address.startswith("file:")
    assert screen.page.evaluate("(window.kept || navigator.clipboard).readText()") == address
    assert screen.page.locator("textarea").count() == 0
    focused = screen.page.evaluate("document.activeElement.className + document.activeElement.type")
    assert focused.startswith("fs-stage") if way == "key" else focused == "button"
    viewer_window.clear_permissions()


@pytest.mark.parametrize("fails", ["() => false", "() => { throw new Error('never'); }"])
def test_where_nothing_can_be_copied_the_address_is_the_link(screen, fails):
    screen.page.evaluate(NO_CLIPBOARD)
    screen.page.evaluate(f"() => {{ document.execCommand = {fails}; }}")
    screen.key("l")
    screen.page.locator(".fs-status", has_text=ALONE).wait_for()
    assert screen.page.evaluate("location.hash").startswith("#compare:foil=first")
