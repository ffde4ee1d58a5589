"""Copies of the library with one change each, and what they say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import foilseg

PACKAGE = Path(foilseg.__file__).parent
ASK = """
import json, os, sys
def ask(tree):
    for name in [name for name in sys.modules if name.partition(".")[0] == "foilseg"]:
        del sys.modules[name]
    sys.path[0] = tree
    os.chdir(tree)
    import foilseg
    assert foilseg.__file__.startswith(tree)
{body}
print(json.dumps([ask(tree) for tree in sys.argv[1:]]))
"""


def changed(changes, folder):
    """A folder with a copy for each change: (module, text there, what it becomes, ...)."""
    trees = []
    for module, old, new, *_ in changes:
        trees.append(folder("changed"))
        copy = trees[-1] / PACKAGE.name
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / f"{module}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
    return trees


def ask(trees, body):
    """What code that returns something says in each folder, read back from JSON.

    One process reads all copies, because importing what they need takes longer than reading.
    """
    command = [sys.executable, "-c", ASK.format(body=indent(body, "    ")), *map(str, trees)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
