"""What the samplers may draw: how many defects of which kind, how large, and how old the print looks."""

import math
from dataclasses import dataclass, field

from trainer.defects.errors import DefectError

KINDS = (
    "scratch", "crease", "crack", "tear", "hole", "border", "abrasion", "stain", "dust", "hair", "texture",
)  # fmt: skip
"""The kinds of defects, each with a rate of its own in DefectSettings."""
RATES = (*KINDS, "lookalikes")


@dataclass(frozen=True)
class AgeingSettings:
    """How often and how strongly a print ages. Ageing is no defect and stays out of the mask."""

    strength: float = 1.0
    """0 leaves the photo as it is; 1 is the full range of ages. Below 0.5 all probabilities but that of JPEG fall with
    it, to nothing at 0."""
    grey: float = 0.65
    """Probability that the photo loses its colours."""
    cast: float = 0.7
    """Probability of a sepia or other colour cast."""
    paper: float = 0.2
    """Probability that the texture of the paper shows: weave, linen or honeycomb."""
    silver: float = 0.12
    """Probability of silvering, a bluish sheen over the shadows and towards the borders."""
    halftone: float = 0.03
    """Probability that the picture was printed in dots, as in a newspaper."""
    jpeg: float = 0.6
    """Probability that the scan was kept as JPEG."""

    def __post_init__(self) -> None:
        for name in ("strength", "grey", "cast", "paper", "silver", "halftone", "jpeg"):
            _check_share(name, getattr(self, name))


@dataclass(frozen=True)
class DefectSettings:
    """How many defects of each kind, and how large they may be.

    The rates are for a picture of about 400×400 pixels; a larger one gets somewhat more, a smaller one somewhat fewer.
    """

    scratch: float = 0.9
    """Expected number of groups of scratches."""
    crease: float = 0.8
    """Expected number of creases and folds."""
    crack: float = 0.15
    """Expected number of networks of fine cracks."""
    tear: float = 0.15
    """Expected number of tears from the border."""
    hole: float = 0.15
    """Expected number of holes."""
    border: float = 0.4
    """Expected number of lost corners, worn edges and ragged borders."""
    abrasion: float = 0.3
    """Expected number of rubbed places."""
    stain: float = 0.25
    """Expected number of stains and groups of spots."""
    dust: float = 0.6
    """Expected number of clouds of dust."""
    hair: float = 0.3
    """Expected number of hairs and fibres, or small groups of them."""
    texture: float = 0.5
    """Expected number of overlaid textures: from the folder `textures`, else made by ourselves."""
    lookalikes: float = 0.8
    """Expected number of things that look like defects and are none: wires, twigs, strands of hair, text, glints, gaps
    in leaves, cloth, lace, shirts, collars, bows, sitters in white, edges, rims, shining knobs, borders with writing on
    them. They are part of the photo and never in the mask."""
    intact: float = 0.1
    """Probability that a photo gets no defect at all."""
    largest_defect: float = 0.1
    """Largest share of the photo that one defect may cover."""
    covered_share: float = 0.25
    """Largest share of the photo that all defects may cover together."""
    textures: str = ""
    """Folder of 8-bit alpha maps (255 = opaque defect), searched recursively; empty for textures of our own."""
    ageing: AgeingSettings = field(default_factory=AgeingSettings)

    def __post_init__(self) -> None:
        for kind in RATES:
            rate = getattr(self, kind)
            if not (math.isfinite(rate) and 0 <= rate <= 100):
                raise DefectError(f"{kind} is an expected number and must lie between 0 and 100, not {rate}.")
        for name in ("intact", "largest_defect", "covered_share"):
            _check_share(name, getattr(self, name))


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise DefectError(f"{name} is a share and must lie between 0 and 1, not {value}.")
