"""Pictures that are shown smaller than they are lead to themselves, in a real browser."""

from pathlib import Path

import browser
import pytest
from PIL import Image

STYLE = "img { max-width: 100% }"
STATIC = Path(__file__).parent.parent / "book" / "_static"


def page_of(folder, pictures, head=""):
    """The address of a page with pictures and the script."""
    file = folder / "page.html"
    file.write_text(
        f"<!doctype html><html data-theme=light><body><style>{STYLE}{head}</style>"
        f"<div class=bd-article>{pictures}</div>"
        f"<script src='{(STATIC / 'figures.js').as_uri()}'></script>"
    )
    return file.as_uri()


@pytest.mark.browser
def test_a_small_picture_leads_to_itself_and_one_that_is_as_large_does_not(tmp_path):
    browser.require()
    for name, width in (("large", 1000), ("small", 300)):
        Image.new("L", (width, 100)).save(tmp_path / f"{name}.png")
    linked = "<a href=x><img src=large.png width=100></a>"
    address = page_of(tmp_path, f"<img src=large.png><img src=small.png>{linked}")
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("a.enlarge")
        links = page.locator("a.enlarge")
        assert links.count() == 1
        links.first.click()
        assert page.url == (tmp_path / "large.png").as_uri()
    with browser.window(width=browser.WIDE) as context:
        page = context.new_page()
        page.goto(address)
        assert page.locator("a.enlarge").count() == 0


@pytest.mark.browser
def test_a_picture_of_the_other_theme_leads_to_itself_once_it_is_seen(tmp_path):
    browser.require()
    Image.new("L", (1000, 100)).save(tmp_path / "night.png")
    unseen = "html[data-theme=light] img { display: none }"
    address = page_of(tmp_path, "<img src=night.png>", unseen)
    with browser.window(width=browser.NARROW) as context:
        page = context.new_page()
        page.goto(address)
        page.wait_for_load_state("load")
        assert page.locator("a.enlarge").count() == 0
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_selector("a.enlarge")
