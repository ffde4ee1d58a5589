"""Sphinx extension: beside every widget its still picture, for paper and pages without scripts.

A notebook's output holds several forms of one thing, of which MyST-NB shows a single one. Of a
widget it shows the live form; its picture follows here, and ``book.css`` says when it is seen.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

LIVE, STILL, WORDS = "application/vnd.jupyter.widget-view+json", "image/png", "text/plain"
CLASS = "widget-still"


class KeepStills(SphinxPostTransform):
    """Runs before MyST-NB's choice of one form (its priority is 4)."""

    default_priority = 3

    def run(self, **_: object) -> None:
        """Put a copy of the picture behind each output that holds a widget."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            forms = {form["mime_type"]: form for form in bundle.children}
            if LIVE in forms and STILL in forms:
                bundle.parent.insert(bundle.parent.index(bundle) + 1, still(forms))


def still(forms: dict[str, nodes.Element]) -> nodes.container:
    """The picture, with the widget's text as its description."""
    pictures = [child.deepcopy() for child in forms[STILL].children]
    for picture in pictures:
        if isinstance(picture, nodes.image) and WORDS in forms:
            picture["alt"] = forms[WORDS].astext().strip()
            picture["loading"] = "lazy"  # unseen on a screen, it need not be loaded
    return nodes.container("", *pictures, classes=[CLASS])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_post_transform(KeepStills)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
