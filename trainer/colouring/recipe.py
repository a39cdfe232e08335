"""The recipe of a colorizer."""

from dataclasses import asdict, dataclass, field
from typing import ClassVar

from trainer.defects.settings import AgeingSettings
from trainer.learning.recipe import Recipe, check


@dataclass(frozen=True)
class ColourLossSettings:
    """How much each loss counts in the sum; 0 leaves it out. These are the stages of the published method.

    `l1` alone; `l1` with `adversarial`; `perceptual` with `adversarial`, where `l1` is 0. `difference` with
    `colourfulness` is ours.
    """

    l1: float = 1.0
    """Distance of chroma, pixel by pixel."""
    smooth: float = 0.0
    """Distance of chroma below which `l1` counts squared (Huber's loss): where a colour is uncertain the answer goes
    towards the mean of what it may be, and not to the likeliest; 0 for none."""
    rarity: float = 0.0
    """How much more rare colours count in `l1`: 0 not at all; 0.5 as Zhang et al. 2016 (arXiv 1603.08511, section 2.2)
    have it; below 1. Without it grey is often the cheapest answer."""
    difference: float = 0.0
    """CIEDE2000 from the true colours, divided by 100: the distance that people see, and that evaluation reports."""
    colourfulness: float = 0.0
    """Taken off the sum for every unit of colour, the mean of |Cb| + |Cr|: without it `difference`, like `l1`, often
    finds grey cheapest. Some 0.2 of `difference` leaves about half of the true colour."""
    perceptual: float = 0.0
    """Distance of features of the coloured picture from those of the true one, as a share of the latter."""
    adversarial: float = 0.0
    """What a discriminator, trained along, makes of the colours."""

    def __post_init__(self) -> None:
        for name, share in asdict(self).items():
            check(0 <= share <= 100, f"loss.{name}", share, "between 0 and 100")
        check(self.rarity < 1, "loss.rarity", self.rarity, "0 or more and below 1")
        check(
            bool(self.l1 or self.difference or self.perceptual or self.adversarial),
            "loss", asdict(self), "more than nothing",
        )  # fmt: skip
        check(self.smooth < 1, "loss.smooth", self.smooth, "0 or more and below 1")
        check(not self.smooth or self.l1 > 0, "loss.smooth", self.smooth, "0 where loss.l1 is 0: it changes that loss")
        check(not self.rarity or self.l1 > 0, "loss.rarity", self.rarity, "0 where loss.l1 is 0: it weighs that loss")


@dataclass(frozen=True)
class OldPrintSettings(AgeingSettings):
    """How the grey pictures age: gently, for grain and soft focus shrink with the photo."""

    strength: float = 0.4


@dataclass(frozen=True)
class ColorizerRecipe(Recipe):
    """How a colorizer is trained: on clean colour photos, made to look old."""

    kind: ClassVar[str] = "colorizer"
    learns_from_annotations: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = (*Recipe.paths, "portraits")

    size: int = 192
    """Longer side of a training picture in pixels, and that at which photos are coloured in use (it is kept with the
    model): most of a photo, for context decides the colour. A network sees what is of the size that it was trained on;
    a multiple of 64 up to 512 leaves `folded` least to fill up."""
    encoder: str = "folded"
    """`folded`, our light U-Net, or a name that segmentation-models-pytorch knows, such as `resnet50`."""
    levels: tuple[int, ...] = (32, 64, 96, 160, 208, 224)
    """Channels of each level of `folded`, finest first; empty for an encoder by name."""
    decoder_channels: tuple[int, ...] = (160, 128, 96, 64, 32)
    """Channels of each decoder block, deepest first: one fewer than `levels`; for an encoder by name five, or four."""
    hints: bool = True
    """Whether the network takes colours that a person gives."""
    hint_share: float = 0.3
    """Share of training pictures with hints."""
    pretrained: bool = False
    """Start the encoder from ImageNet weights; when they cannot be had, the training says so and starts at random."""
    frozen: bool = False
    """Leave an encoder by name as it starts, its statistics too: only the decoder learns, in half the time."""
    portraits: tuple[str, ...] = ()
    """Folders, below or among those of `photos` and `validation_photos`, that hold portraits: figures keep them
    apart."""
    portrait_share: float = 0.0
    """Share of training pictures that are portraits; 0 draws from all photos alike."""
    least_colour: float = 0.02
    """Photos with less chroma, the mean of |Cb| + |Cr| (each up to 0.5), are left out: they would teach grey."""
    orthochromatic: float = 0.3
    """Share of pictures as film blind to red saw them; the others are grey mixes near those of the eye."""
    ageing: OldPrintSettings = field(default_factory=OldPrintSettings)
    """How the grey pictures age; the colours to be found stay those of the clean photo."""
    loss: ColourLossSettings = field(default_factory=ColourLossSettings)
    features: str = "auto"
    """Whose features the perceptual loss compares: `vgg16`, a file of its weights, a checkpoint of a detector, or
    `auto`: VGG-16 where its weights can be had, else the detector that comes with heirloom; the run says which."""
    discriminator_channels: int = 32
    """Channels of the discriminator's first layer; the others have 2, 4 and 8 times as many."""
    discriminator_rate: float = 4e-4
    """The discriminator's learning rate; it rises and falls like the network's."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.size <= 512, "size", self.size, "at most 512 pixels")
        for name in ("hint_share", "portrait_share", "orthochromatic"):
            check(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")
        check(not (self.frozen and self.encoder == "folded"), "frozen", self.frozen, "false for the encoder 'folded'")
        check(self.hints or not self.hint_share, "hint_share", self.hint_share, "0 where hints are off")
        check(self.portraits != () or not self.portrait_share, "portrait_share", self.portrait_share,
              "0 where `portraits` names no folder")  # fmt: skip
        check(0 <= self.least_colour < 0.5, "least_colour", self.least_colour, "0 or more and below 0.5")
        check(self.discriminator_channels >= 4, "discriminator_channels", self.discriminator_channels, "at least 4")
        check(0 < self.discriminator_rate <= 1, "discriminator_rate", self.discriminator_rate, "above 0, at most 1")
