"""Everything that determines a twin, and its classes."""

from __future__ import annotations

from dataclasses import dataclass, field

from foilseg.data.dataset import LabelClass
from foilseg.twin.annotators import AnnotatorConfig
from foilseg.twin.quotas import KINDS
from foilseg.twin.surface import SurfaceConfig

CLASSES = (
    LabelClass(0, "background", "#ffffff"),
    LabelClass(1, "agglomeration", "#cc79a7"),
    LabelClass(3, "cavity", "#56b4e9"),
    LabelClass(2, "crack", "#009e73"),
    LabelClass(4, "blade trail", "#e69f00"),
)
_VALIDATION_FRACTION = 0.33


@dataclass(frozen=True)
class TwinConfig:
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
    contrast_agglomeration, contrast_crack, contrast_cavity, contrast_trail : factors on the
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
    contrast_agglomeration: float = 1.0
    contrast_crack: float = 1.0
    contrast_cavity: float = 1.0
    contrast_trail: float = 1.0
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
        for name in ("agglomeration", "crack", "cavity", "trail"):
            number = getattr(self, f"contrast_{name}")
            if not 0 < number <= 10:
                raise ValueError(f"contrast_{name}: {number} is not in (0, 10]")

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
        factors = (self.contrast_agglomeration, self.contrast_crack)
        return dict(zip(KINDS, (*factors, self.contrast_cavity, self.contrast_trail)))
