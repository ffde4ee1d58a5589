"""Choices by name: what a row of the table of models, or a parameter of a chapter, may say.

A registry is a dictionary, one a kind, and the only place that lists what there is; whoever asks
for something else gets an error with the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Entry:
    """A definition of the package by its place, imported when it is asked for.

    ``Entry("networks.losses", "focal")`` stands for ``foilseg.networks.losses.focal``: a list of
    such entries can be read without importing torch.
    """

    module: str
    name: str

    @property
    def root(self) -> tuple[str, str]:
        """Module and name, as :func:`foilseg.code_version.code_version` takes them."""
        return self.module, self.name

    def load(self) -> Any:
        """The definition itself."""
        return getattr(import_module(f"foilseg.{self.module}"), self.name)


def pick(kind: str, choices: Mapping[str, Choice], name: str) -> Choice:
    """What a registry has under a name.

    Raises
    ------
    ValueError
        If it has nothing of that name; the message names the kind and lists the choices.
    """
    if name not in choices:
        raise ValueError(f"{kind}: {name!r} is not one of {', '.join(choices)}")
    return choices[name]


def root_of(definition: Any) -> tuple[str, str]:
    """Module and name of a function or class of the package, as of :attr:`Entry.root`."""
    return definition.__module__.partition(".")[2], definition.__qualname__
