"""The recipe of an inpainter."""

import math
from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal, get_args

from trainer.learning.recipe import DamagingRecipe, check

Form = Literal["folded", "published"]
Schedule = Literal["cosine", "steps"]


@dataclass(frozen=True)
class FillLossSettings:
    """How much each loss counts in the sum; 0 leaves it out. trainer/inpainting/losses.py says what each is.

    The defaults are those of Liu et al. 2018, section "Loss Functions", for VGG-16's features.
    """

    valid: float = 1.0
    hole: float = 6.0
    perceptual: float = 0.05
    style: float = 120.0
    total_variation: float = 0.1
    squared: float = 0.0
    """Root of the mean squared error in the hole, picture by picture. Not in the paper."""
    logarithm: float = 0.0
    """Natural logarithm of that root: what the mean of pictures' PSNR measures. An easy picture that is filled a tenth
    better counts as much as a hard one. Not in the paper."""

    def __post_init__(self) -> None:
        shares = asdict(self)
        for name, share in shares.items():
            check(0 <= share <= 1000, f"loss.{name}", share, "between 0 and 1000")
        check(self.hole > 0 or self.squared > 0 or self.logarithm > 0, "loss", shares, "more than nothing in the hole")


@dataclass(frozen=True)
class InpainterRecipe(DamagingRecipe):
    """How an inpainter is trained: clean photos, with holes shaped like defects, strokes and annotated masks."""

    kind: ClassVar[str] = "inpainter"

    form: Form = "folded"
    """`folded`, our light network on folded pixels beside a smooth fill, or `published`, as in Liu et al. 2018."""
    channels: tuple[int, ...] = (40, 80, 160, 256, 320)
    """Channels of each level of the encoder, finest first."""
    kernels: tuple[int, ...] = (3, 3, 3, 3, 3)
    """Kernel of each level of the encoder."""
    decoder_channels: tuple[int, ...] = (192, 128, 80, 48)
    """Channels of each stage of the decoder, deepest first; one fewer than levels."""
    convolutions: int = 2
    """Convolutions per level and stage, 1 or 2."""
    fine: int = 24
    """Channels of the last stage at full resolution, of `folded` only."""
    irregular_share: float = 0.6
    """Share of training masks that are free strokes; the others are synthetic defects or annotated masks."""
    annotated_share: float = 0.2
    """Share of training masks that come from accepted annotations, where a snapshot brings any."""
    largest_hole: int = 128
    """Widest hole of a training mask in pixels: the diameter of the largest disc in it. Kept with the model, which
    warns of larger ones."""
    most_covered: float = 0.6
    """Largest share that free strokes cover of the picture, larger than a training picture, that this is cut out of."""
    loss: FillLossSettings = field(default_factory=FillLossSettings)
    features: str = "auto"
    """Whose features the perceptual and style losses compare: `vgg16`, a file of its weights, a checkpoint of a
    detector, or `auto`: VGG-16 where its weights can be had, else the detector that comes with heirloom."""
    schedule: Schedule = "cosine"
    """`steps`: `learning_rate`, then `second_rate`, as published; `cosine`: falling from the one to the other, then to
    nothing."""
    second_rate: float = 2.5e-4
    """Learning rate of the second phase, in which the encoder's batch normalisation is frozen."""
    second_share: float = 0.2
    """Share of all steps that belong to the second phase; 0 for none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("irregular_share", "annotated_share", "second_share"):
            check(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")
        check(not self.validation_textures, "validation_textures", self.validation_textures,
              "left out: an inpainter is validated on free strokes")  # fmt: skip
        check(self.irregular_share + self.annotated_share <= 1, "annotated_share", self.annotated_share,
              "at most what irregular_share leaves")  # fmt: skip
        check(0 < self.most_covered <= 0.9, "most_covered", self.most_covered, "above 0 and at most 0.9")
        check(self.largest_hole >= 2, "largest_hole", self.largest_hole, "2 pixels or more")
        check(self.form in get_args(Form), "form", self.form, f"one of {get_args(Form)}")
        check(self.schedule in get_args(Schedule), "schedule", self.schedule, f"one of {get_args(Schedule)}")
        check(0 < self.second_rate <= self.learning_rate, "second_rate", self.second_rate,
              "above 0 and at most learning_rate")  # fmt: skip

    @property
    def second_phase(self) -> int:
        """The step at which the second phase begins."""
        return self.steps - round(self.second_share * self.steps)

    def rate_share(self, step: int) -> float:
        """Share of `learning_rate` at a step: a linear warm-up, then as `schedule` says."""
        warmup = min(self.warmup_steps, max(1, self.second_phase // 2), self.second_phase)
        lower = self.second_rate / self.learning_rate
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if step >= self.second_phase:
            left = (self.steps - step) / max(1, self.steps - self.second_phase)
            return lower if self.schedule == "steps" else lower * max(0.0, left)
        if self.schedule == "steps":
            return 1.0
        done = (step - warmup) / max(1, self.second_phase - warmup)
        bottom = lower if self.second_share else 0.0
        return bottom + (1 - bottom) * 0.5 * (1 + math.cos(math.pi * done))
