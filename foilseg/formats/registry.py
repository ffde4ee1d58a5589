"""What ``foilseg import`` and ``foilseg export`` take.

A further format is an entry here, the function it names, and its test.
"""

from __future__ import annotations

from dataclasses import dataclass

from foilseg.registry import Entry

SHARED = ("unannotated", "all_grey", "shrink", "standardise")


@dataclass(frozen=True)
class Importer:
    """A way into the dataset folder.

    Attributes
    ----------
    bring : where (source, root, and what it takes besides) -> root is defined; it reads the one
        place and writes the other, which must be new.
    reads : what the source has to be, for the help of the command line.
    options : the names of what it takes besides.
    """

    bring: Entry
    reads: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exporter:
    """A way out: where ``write`` (data, target) -> target is defined, and what it writes."""

    write: Entry
    writes: str


IMPORTERS = {
    "labelme": Importer(
        Entry("formats.labelme", "bring"),
        "a folder of pictures with LabelMe JSON beside them",
        SHARED,
    ),
    "coco": Importer(
        Entry("formats.coco", "bring"), "a COCO file, or a folder with just one", SHARED
    ),
    "masks": Importer(
        Entry("formats.masks", "bring"),
        "pairs of picture and mask, by --layout",
        (*SHARED, "layout", "threshold", "ignore"),
    ),
    "magnetic-tile": Importer(
        Entry("formats.magnetic_tile", "magnetic_tile"),
        "the photographs of Huang, Qiu and Yuan",
        ("shrink", "standardise"),
    ),
    "lights": Importer(
        Entry("data.raw_lights", "import_raw_lights"),
        "photographs of each foil under n known lights (lights/NAME_K.png, lights.json), of which "
        "normals are made",
    ),
}
EXPORTERS = {
    "labelme": Exporter(
        Entry("formats.labelme", "export"), "pictures with LabelMe JSON beside them"
    ),
    "coco": Exporter(Entry("formats.coco", "export"), "images/ and one COCO file of run lengths"),
}
