"""Sphinx extension: what a notebook puts into a page stays what it is, in sentences and scripts.

MyST-NB embeds the state of widgets as JSON in a script, in which it guards against one spelling of
the closing tag only; here every sign that HTML reads is written as a code. And quotation marks in
text glued into a sentence, such as a name or a command, are not turned into curly ones.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from foilseg.data import escape

GLUED = "pasted-text"  # MyST-NB's class


class KeepQuotes(SphinxTransform):
    """Runs after Sphinx's curly quotation marks (priority 750)."""

    default_priority = 760

    def apply(self, **_: Any) -> None:
        """Put the text of every glued value back."""
        for node in self.document.findall(nodes.inline):
            if GLUED in node["classes"] and node.rawsource:
                node.children = []
                node += nodes.Text(node.rawsource)


def guard_scripts(app: Sphinx, page: str, template: str, context: dict, tree: object) -> None:
    """Write the JSON in the scripts of a page so that nothing in it can end its script."""
    for script in context.get("script_files", ()):
        attributes = getattr(script, "attributes", {})
        if attributes.get("body") and "json" in attributes.get("type", ""):
            attributes["body"] = escape.script_json(attributes["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_transform(KeepQuotes)
    app.connect("html-page-context", guard_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
