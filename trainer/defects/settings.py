"""What the samplers may draw: how many defects of which kind, how large, and how old the print looks."""

import math
from dataclasses import dataclass, field

from trainer.defects.errors import DefectError

KINDS = ("scratch", "crease", "hole", "stain", "dust", "texture")


@dataclass(frozen=True)
class AgeingSettings:
    """How often and how strongly a print ages. Ageing is no defect and stays out of the mask."""

    strength: float = 1.0
    """0 leaves the photo as it is; 1 is the full range of ages."""
    grey: float = 0.65
    """Probability that the photo loses its colours."""
    cast: float = 0.7
    """Probability of a sepia or other colour cast."""
    jpeg: float = 0.6
    """Probability that the scan was kept as JPEG."""

    def __post_init__(self) -> None:
        for name in ("strength", "grey", "cast", "jpeg"):
            _check_share(name, getattr(self, name))


@dataclass(frozen=True)
class DefectSettings:
    """How many defects of each kind, and how large they may be."""

    scratch: float = 1.1
    """Expected number of groups of scratches per photo."""
    crease: float = 0.8
    """Expected number of creases per photo."""
    hole: float = 0.35
    """Expected number of holes, lost corners and frayed borders per photo."""
    stain: float = 0.2
    """Expected number of stains per photo."""
    dust: float = 0.9
    """Expected number of clouds of dust per photo."""
    texture: float = 0.9
    """Expected number of overlaid textures per photo; counts only where there is a folder of textures."""
    intact: float = 0.1
    """Probability that a photo gets no defect at all."""
    largest_defect: float = 0.08
    """Largest share of the photo that one defect may cover."""
    covered_share: float = 0.25
    """Largest share of the photo that all defects may cover together."""
    textures: str = ""
    """Folder of 8-bit alpha maps (255 = opaque defect), searched recursively; empty for none."""
    ageing: AgeingSettings = field(default_factory=AgeingSettings)

    def __post_init__(self) -> None:
        for kind in KINDS:
            rate = getattr(self, kind)
            if not (math.isfinite(rate) and 0 <= rate <= 100):
                raise DefectError(f"The expected number of {kind} defects must lie between 0 and 100, not {rate}.")
        for name in ("intact", "largest_defect", "covered_share"):
            _check_share(name, getattr(self, name))


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise DefectError(f"{name} is a share and must lie between 0 and 1, not {value}.")
