"""The viewer in a running JupyterLab with a kernel, driven by a real browser."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import browser
import nbformat
import pytest
import viewer
from nbformat.v4 import new_code_cell, new_notebook
from test_compare import COLOURS, ERRORS, assert_drawn, errors, opaque

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent
CELL = """import sys
sys.path[:0] = [{tests!r}, {root!r}]
import viewer
from foilseg.figures import widgets
foils = [viewer.foil("first", 1), viewer.foil("second", 2)]
shown = widgets.compare(foils, viewer.models(foils), viewer.CLASSES)
shown"""


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab that serves one notebook, without news and without updates."""
    browser.require()
    source = CELL.format(tests=str(ROOT / "tests"), root=str(ROOT))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = new_notebook(cells=[new_code_cell(source)], metadata={"kernelspec": kernel})
    nbformat.write(book, tmp_path / "viewer.ipynb")
    places = ("CONFIG", "DATA", "RUNTIME")
    environment = os.environ | {f"JUPYTER_{p}_DIR": str(tmp_path / p.lower()) for p in places}
    environment |= {"HOME": str(tmp_path), "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings")}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += ["--IdentityProvider.token=t", "--ServerApp.ip=127.0.0.1", "--LabApp.news_url="]
    extension = "--LabApp.disabled_extensions=@jupyterlab/apputils-extension:announcements"
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen([*command, extension], cwd=tmp_path, env=environment, stderr=log)
    try:
        for _ in range(300):
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", (tmp_path / "log").read_text())
            if found:
                break
            assert server.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{found[1]}/lab/tree/viewer.ipynb?token=t"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def test_the_viewer_works_in_jupyterlab(lab):
    foils = [viewer.foil("first", 1), viewer.foil("second", 2)]
    with browser.window() as context:
        context.set_offline(False)
        page = context.new_page()
        screen = viewer.Screen(page, foils, viewer.models(foils))
        page.set_default_timeout(40000)
        page.goto(lab)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.wait_for_selector(".jp-NotebookPanel-toolbar [title*='idle' i], [data-status='idle']")
        screen.said.clear()  # what JupyterLab says before any widget is there
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".fs-compare")
        screen.wait()
        opaque(screen)
        assert_drawn(screen, 0, screen.foil.mask, COLOURS)
        screen.pick("Mask in the right pane", "Model B")
        assert_drawn(screen, 1, screen.masks["first"]["Model B"], COLOURS)
        screen.key("e", "c", "+", "+", "ArrowLeft")
        kinds = errors(screen.foil.mask, screen.masks["first"]["Model B"], 1)
        assert screen.data("camera")[2] == pytest.approx(2.25)
        screen.key("0")
        assert_drawn(screen, 1, kinds, ERRORS)
        screen.pick("Arrangement of the panes", "swipe")
        screen.key("f")
        assert screen.chosen("Image") == "second"
        assert page.locator(".jp-CodeCell").count() == 1, "the keys did nothing to the notebook"
        box = screen.box(0)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.keyboard.down("Control")
        for _ in range(3):
            page.mouse.wheel(0, -400)
        page.keyboard.up("Control")
        page.wait_for_function(
            "+document.querySelector('.fs-compare').dataset.camera.split(' ')[2] > 1.5"
        )
        assert screen.said == []
