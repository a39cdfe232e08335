"""The recipe of a detector."""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, get_args

from trainer.learning.recipe import DamagingRecipe, check

Stem = Literal["encoder", "full"]
Norm = Literal["batch", "inplace"]


@dataclass(frozen=True)
class LossSettings:
    """How much each loss counts in the sum; 0 leaves it out. trainer/detecting/losses.py says what each is."""

    bce: float = 1.0
    """Cross-entropy with positive weight."""
    dice: float = 1.0
    tversky: float = 0.0
    focal_tversky: float = 0.0
    centre_line: float = 0.0
    """Soft clDice."""
    boundary: float = 0.0
    """Distance to the mask's border in pixels: give it hundredths."""
    teacher: float = 0.0
    """Cross-entropy with what the recipe's `teacher` says."""

    def __post_init__(self) -> None:
        shares = asdict(self)
        for name, share in shares.items():
            check(0 <= share <= 100, f"loss.{name}", share, "between 0 and 100")
        check(any(shares.values()), "loss", shares, "more than nothing")


@dataclass(frozen=True)
class DetectorRecipe(DamagingRecipe):
    """How a detector is trained."""

    kind: ClassVar[str] = "detector"
    paths: ClassVar[tuple[str, ...]] = (*DamagingRecipe.paths, "teacher")

    encoder: str = "folded"
    """`folded`, our light U-Net on folded pixels; `plain`, our narrow full-resolution encoder; or a name that
    segmentation-models-pytorch knows."""
    decoder_channels: tuple[int, ...] = (128, 96, 64, 48, 32)
    """Channels of the five decoder blocks, deepest first."""
    stem: Stem = "encoder"
    """`full`: the encoder's first convolution keeps full resolution, and the pooling after it is left out."""
    norm: Norm = "batch"
    """`inplace`: in-place activated batch normalisation, which keeps less for backward."""
    shrink: int = 1
    """The network sees photos this many times smaller, and its answer is enlarged: what resolution is worth."""
    pretrained: bool = False
    """Start the encoder from ImageNet weights; when they cannot be had, the training says so and starts at random."""
    synthetic_share: float = 0.5
    """Share of training pictures made from clean photos with synthetic defects; 1 without annotations."""
    enlarged_share: float = 0.0
    """Share of the synthetic pictures that are enlarged after the damage, up to three times, as fine scans are: their
    defects are wide and soft."""
    loss: LossSettings = field(default_factory=LossSettings)
    positive_weight: str = "batch"
    """Weight of defect pixels in BCE: clean pixels / defect pixels of each `batch`, or of all training masks of the
    `snapshot`, or a fixed number."""
    weight_limit: float = 100.0
    """Largest positive weight that a batch or a snapshot may give."""
    teacher: str = ""
    """A checkpoint of a detector of any architecture, or `shipped`, whose probabilities are learned beside the masks,
    as much as `loss.teacher` says: a light network learns what a heavy one has learned. Empty for none."""
    recompute: bool = False
    """Keep only what enters each level of the network and compute the rest again for backward, to save memory."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.shrink >= 1, "shrink", self.shrink, "at least 1")
        check(0 <= self.synthetic_share <= 1, "synthetic_share", self.synthetic_share, "between 0 and 1")
        check(0 <= self.enlarged_share <= 1, "enlarged_share", self.enlarged_share, "between 0 and 1")
        check(bool(self.teacher) or not self.loss.teacher, "loss.teacher", self.loss.teacher,
              "0 where `teacher` names no detector")  # fmt: skip
        check(not self.teacher or self.loss.teacher > 0, "loss.teacher", self.loss.teacher,
              "above 0 where `teacher` names a detector")  # fmt: skip
        check(self.weight_limit >= 1, "weight_limit", self.weight_limit, "at least 1")
        for name, words in (("stem", Stem), ("norm", Norm)):
            check(getattr(self, name) in get_args(words), name, getattr(self, name), f"one of {get_args(words)}")
        check(
            self.positive_weight in ("batch", "snapshot") or self.fixed_weight is not None,
            "positive_weight", self.positive_weight, "batch, snapshot or a number above 0",
        )  # fmt: skip
        widths = self.decoder_channels
        check(len(widths) == 5 and min(widths) > 0, "decoder_channels", widths, "five positive numbers")

    @property
    def batch_normed(self) -> bool:
        """In-place normalisation shares its statistics by itself."""
        return self.norm == "batch"

    @property
    def fixed_weight(self) -> float | None:
        """The positive weight where the recipe gives it as a number, else None."""
        try:
            weight = float(self.positive_weight)
        except ValueError:
            return None
        return weight if 0 < weight < math.inf else None

    @property
    def learned_from(self) -> list[Path]:
        """The first weights, and the teacher."""
        return super().learned_from + ([self.taught_by] if self.taught_by else [])

    @property
    def taught_by(self) -> Path | None:
        """The teacher."""
        return self._checkpoint(self.teacher)

    def needs_clean_photos(self, annotated: bool) -> bool:
        """Not where no picture is to be synthetic and there are others."""
        return self.synthetic_share > 0 or not annotated
