"""Everything that determines a twin, and its classes."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass

from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.kinds import KINDS, classes
from foilseg.twin.surface import SurfaceConfig

CLASSES = classes()
_VALIDATION_FRACTION = 0.33

Contrasts = make_dataclass(
    "Contrasts", [(f"contrast_{kind.short}", float, 1.0) for kind in KINDS], frozen=True
)


@dataclass(frozen=True)
class TwinConfig(Contrasts):
    """Everything that determines a twin.

    Attributes
    ----------
    foils : how many.
    height, width : pixels of a foil's region of interest at full resolution; 26 foils of the
        default size have about the thesis's 96 million.
    scale : resolution; 1 is 50 micrometres per pixel, 0.5 (desk) twice that, with a quarter of
        the pixels and defects half the size in pixels.
    seed : same seed, same bytes; another seed, other foils with the same statistics.
    at_least_one : every kind of defect occurs in both regions of the set even if the set is so
        small that the published shares would give less than one.
    contrast_agglomeration, ... : for each of :data:`foilseg.twin.kinds.KINDS`, a factor on the
        height or depth of the defects.
    surface : the coating and the camera.
    annotators : the errors of the annotators.

    Raises
    ------
    ValueError
        If a parameter is out of its range; the message names it.
    """

    foils: int = 26
    height: int = 1920
    width: int = 1920
    scale: float = 1.0
    seed: int = 0
    at_least_one: bool = True
    surface: SurfaceConfig = field(default_factory=SurfaceConfig)
    annotators: AnnotatorConfig = field(default_factory=AnnotatorConfig)

    def __post_init__(self):
        for name, low, high in (("foils", 1, 10_000), ("seed", 0, 2**63)):
            number = getattr(self, name)
            if not isinstance(number, int) or not low <= number <= high:
                raise ValueError(f"{name}: {number!r} is no whole number from {low} to {high}")
        if not 0.1 <= self.scale <= 4:
            raise ValueError(f"scale: {self.scale} is not in [0.1, 4]")
        for name in ("height", "width"):
            number = getattr(self, name)
            if not isinstance(number, int) or not 128 <= number * self.scale <= 20_000:
                raise ValueError(f"{name}: {number!r} x scale is not 128 to 20,000 pixels")
        for kind in KINDS:
            number = self.contrast[kind.index]
            if not 0 < number <= 10:
                raise ValueError(f"contrast_{kind.short}: {number} is not in (0, 10]")

    @property
    def roi_shape(self) -> tuple[int, int]:
        """Rows and columns of the region of interest in pixels of this scale."""
        return round(self.height * self.scale), round(self.width * self.scale)

    @property
    def cut(self) -> int:
        """Rows of the region of interest that validate."""
        return round(self.roi_shape[0] * _VALIDATION_FRACTION)

    @property
    def contrast(self) -> dict[int, float]:
        """Class index -> factor on the relief."""
        return {kind.index: getattr(self, f"contrast_{kind.short}") for kind in KINDS}
