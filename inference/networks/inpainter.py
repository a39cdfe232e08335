"""The inpainter: a U-Net of partial convolutions that fills the holes of a photo."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from inference.errors import CheckpointError, InferenceError
from inference.networks.padding import beyond
from inference.networks.partial import Masked, PartialBlock, PartialChain, PartialConv2d, enlarged
from inference.networks.rays import DIRECTIONS, rays
from inference.networks.smooth import smooth_fill

_CHANNEL_MEAN = (0.485, 0.456, 0.406)
_CHANNEL_DEVIATION = (0.229, 0.224, 0.225)
DECODER_SLOPE = 0.2
_TRUST_IN_SMOOTH = 3.0
"""What the smooth fill weighs before anything is learned, beside ends that weigh 0, before the softmax."""
_FAR = 1e-3
BATCH_NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm)
"""Batch normalisation by itself, and as several processes on GPUs share it in training: neither is the other."""

Form = Literal["folded", "published"]


@dataclass(frozen=True)
class InpainterArchitecture:
    """What an inpainter is built from. Checked when made; stored with every checkpoint."""

    form: Form = "folded"
    """`folded`: 2×2 pixels enter as channels, and what leaves is added to a smooth fill at full resolution;
    `published`: the first convolution halves the resolution and the last one gives the picture itself."""
    channels: tuple[int, ...] = (40, 80, 160, 256, 320)
    """Channels of each level of the encoder, finest first; every level has half the resolution of the one before, the
    first half that of the photo."""
    kernels: tuple[int, ...] = (3, 3, 3, 3, 3)
    """Kernel of each level of the encoder, odd."""
    decoder_channels: tuple[int, ...] = (192, 128, 80, 48)
    """Channels of each stage of the decoder, deepest first; one fewer than levels."""
    convolutions: int = 2
    """Partial convolutions per level and stage, 1 or 2; the finest stage of the decoder has one."""
    fine: int = 24
    """Channels of the last stage at full resolution, of the folded form only."""

    def __post_init__(self) -> None:
        for name in ("channels", "kernels", "decoder_channels"):
            object.__setattr__(self, name, tuple(int(value) for value in getattr(self, name)))
        levels = len(self.channels)
        if self.form not in get_args(Form):
            raise InferenceError(f"An inpainter's form is one of {get_args(Form)}, not '{self.form}'.")
        if not 2 <= levels <= 9 or len(self.kernels) != levels or len(self.decoder_channels) != levels - 1:
            raise InferenceError(
                "An inpainter has 2 to 9 levels, as many kernels and one decoder stage fewer, not "
                f"{levels}, {len(self.kernels)} and {len(self.decoder_channels)}."
            )
        if min(*self.channels, *self.decoder_channels, self.fine) < 1:
            raise InferenceError("An inpainter's channels, decoder_channels and fine are 1 or more.")
        if any(kernel < 1 or kernel % 2 == 0 for kernel in self.kernels):
            raise InferenceError(f"An inpainter's kernels are odd, not {self.kernels}.")
        if self.convolutions not in (1, 2):
            raise InferenceError(f"An inpainter has 1 or 2 convolutions per level, not {self.convolutions}.")

    def to_dict(self) -> dict[str, Any]:
        """The architecture as plain JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "InpainterArchitecture":
        """The architecture of a checkpoint. Raises CheckpointError when a field is unknown or impossible."""
        try:
            return cls(**values)
        except (TypeError, ValueError, InferenceError) as error:
            raise CheckpointError(f"The checkpoint describes an inpainter that cannot be built: {error}") from error


LIU2018 = InpainterArchitecture(
    form="published",
    channels=(64, 128, 256, 512, 512, 512, 512, 512),
    kernels=(7, 5, 5, 3, 3, 3, 3, 3),
    decoder_channels=(512, 512, 512, 512, 256, 128, 64),
    convolutions=1,
)
"""The published inpainter (Liu et al. 2018, arXiv 1804.07723, appendix, table of the network)."""


class PartialEncoder(nn.Module):
    """Levels of partial convolutions; gives the features and the mask that each level reached, finest first."""

    def __init__(self, channels_in: int, architecture: InpainterArchitecture) -> None:
        super().__init__()
        folded = architecture.form == "folded"
        widths = [channels_in, *architecture.channels]
        self.levels = nn.ModuleList()
        for level, kernel in enumerate(architecture.kernels):
            before, after = widths[level : level + 2]
            stride, normed = (1, True) if folded and level == 0 else (2, folded or level > 0)
            blocks = [PartialBlock(before, after, kernel, stride=stride, slope=0.0, normed=normed)]
            blocks += [PartialBlock(after, after, slope=0.0) for _ in range(architecture.convolutions - 1)]
            self.levels.append(PartialChain(*blocks))

    def forward(self, parts: Sequence[Masked]) -> list[Masked]:
        reached: list[Masked] = []
        for level in self.levels:
            reached.append(level(reached[-1:] or parts))
        return reached


class PartialDecoder(nn.Module):
    """Enlarges the deepest features, level by level, beside what the encoder reached there, to half resolution."""

    def __init__(self, beside: int, architecture: InpainterArchitecture) -> None:
        """`beside` channels of another part join at the finest level."""
        super().__init__()
        self.stages = nn.ModuleList()
        below = architecture.channels[-1]
        skips = architecture.channels[-2::-1]
        for number, (skip, after) in enumerate(zip(skips, architecture.decoder_channels, strict=True)):
            finest = number == len(skips) - 1
            before = below + skip + (beside if finest else 0)
            blocks = [PartialBlock(before, after, slope=DECODER_SLOPE)]
            if not finest:  # the finest stage costs most: one convolution does
                blocks += [
                    PartialBlock(after, after, slope=DECODER_SLOPE) for _ in range(architecture.convolutions - 1)
                ]
            self.stages.append(PartialChain(*blocks))
            below = after

    def forward(self, reached: list[Masked], beside: Sequence[Masked] = ()) -> Masked:
        below = reached[-1]
        for number, (stage, skip) in enumerate(zip(self.stages, reached[-2::-1], strict=True), 1):
            parts = [enlarged(below), skip, *(beside if number == len(self.stages) else ())]
            below = stage(parts)
        return below


class InpainterNetwork(nn.Module, ABC):
    """U-Net of partial convolutions that normalises and pads by itself.

    Takes photos `float N×3×H×W` in [0, 1], RGB, and what of them is known, `float N×1×H×W`, 1 = clean, 0 = to be
    filled; any H and W. Returns its picture `float N×3×H×W` at every pixel, not clamped; values in the holes of the
    input never matter, NaN included.
    """

    mean: torch.Tensor
    deviation: torch.Tensor
    encoder: "PartialEncoder"
    decoder: "PartialDecoder"

    def __init__(self, architecture: InpainterArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.multiple = 2 ** len(architecture.channels)
        self.register_buffer("mean", torch.tensor(_CHANNEL_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_CHANNEL_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        if photos.ndim != 4 or photos.shape[1] != 3 or valid.shape != (len(photos), 1, *photos.shape[2:]):
            raise InferenceError(
                f"An inpainter takes N×3×H×W and N×1×H×W, not {tuple(photos.shape)} and {tuple(valid.shape)}."
            )
        height, width = photos.shape[-2:]
        added = beyond(height, width, self.multiple)
        known = F.pad(valid, added)
        normalised = F.pad(((photos - self.mean) / self.deviation).masked_fill(valid <= 0, 0), added)
        picture = self.picture(normalised, known)[..., :height, :width]
        return picture * self.deviation + self.mean

    @abstractmethod
    def picture(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """As forward, of normalised photos whose sides are multiples of `multiple`."""

    def encoder_norms(self) -> list[nn.Module]:
        """The normalisations that the second phase of a training freezes."""
        return [module for module in self.encoder.modules() if isinstance(module, BATCH_NORMS)]


class PublishedInpainter(InpainterNetwork):
    """The network as it was published, in whatever size."""

    def __init__(self, architecture: InpainterArchitecture) -> None:
        super().__init__(architecture)
        self.encoder = PartialEncoder(3, architecture)
        self.decoder = PartialDecoder(0, architecture)
        self.last = PartialConv2d(architecture.decoder_channels[-1] + 3, 3)

    def picture(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        reached = self.encoder([(photos, valid)])
        last: Masked = self.last([enlarged(self.decoder(reached)), (photos, valid)])
        return last[0]


class FoldedInpainter(InpainterNetwork):
    """The light network: wide layers at half resolution and below, and an answer that starts from a smooth fill.

    At every pixel the answer is the smooth fill, plus what the network makes of the known values at the ends of eight
    rays (a weighted mean of their differences from it, softmax), plus a residual.
    """

    def __init__(self, architecture: InpainterArchitecture) -> None:
        super().__init__(architecture)
        fine, ends = architecture.fine, len(DIRECTIONS)
        self.encoder = PartialEncoder(4 * 3, architecture)
        self.decoder = PartialDecoder(4 * (4 + 2 * ends), architecture)
        self.unfold = nn.Conv2d(architecture.decoder_channels[-1], 4 * fine, kernel_size=1)
        self.fine = nn.Conv2d(fine + 4 + 2 * ends, fine, kernel_size=3, padding=1)
        self.last = nn.Conv2d(fine, 3 + ends + 1, kernel_size=3, padding=1)
        nn.init.zeros_(self.last.weight)
        self.last.bias = nn.Parameter(torch.zeros(3 + ends + 1))
        with torch.no_grad():
            self.last.bias[-1] = _TRUST_IN_SMOOTH

    def picture(self, photos: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        photos = photos.to(torch.promote_types(photos.dtype, torch.float32))
        base = smooth_fill(photos, valid)
        values, closeness = rays(photos, valid)
        off = torch.where(closeness[:, :, None] > 0, values - base[:, None], 0)
        seen = torch.cat([base, valid, off.mean(dim=2), closeness], dim=1)
        answer = self._answer(photos, valid, seen).to(photos.dtype)
        return mixed(base, answer, off, closeness)

    def _answer(self, photos: torch.Tensor, valid: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """A residual and what each end and the smooth fill weigh: `N×(3+8+1)×H×W`."""
        known = _folded(seen)
        features, _ = self.decoder(
            self.encoder([(_folded(photos), _folded(valid.expand(-1, 3, -1, -1)))]),
            [(known, torch.ones_like(known[:, :1]))],
        )
        unfolded = F.pixel_shuffle(F.leaky_relu(self.unfold(features), DECODER_SLOPE), 2)
        coarse = unfolded.contiguous(memory_format=torch.channels_last)
        fine = F.leaky_relu(self.fine(torch.cat([coarse, seen.to(coarse.dtype)], dim=1)), DECODER_SLOPE)
        answer: torch.Tensor = self.last(fine)
        return answer


def mixed(
    base: torch.Tensor, answer: torch.Tensor, off: torch.Tensor, closeness: torch.Tensor
) -> torch.Tensor:  # fmt: skip
    """The smooth fill `N×3×…`, plus a residual and a weighted mean of the ends' differences from it `N×8×3×…`.

    `answer` `N×(3+8+1)×…` has the residual, then what each end and the smooth fill weigh before the softmax; ends count
    by their closeness `N×8×…` besides.
    """
    smooth = torch.ones_like(closeness[:, :1])
    likely = answer[:, 3:] + torch.log(torch.cat([closeness, smooth], dim=1) + _FAR)
    weights = torch.softmax(likely, dim=1)[:, :-1]
    return base + answer[:, :3] + (weights[:, :, None] * off).sum(dim=1)


def build_inpainter(architecture: InpainterArchitecture) -> InpainterNetwork:
    """Build the network of an architecture, with random weights."""
    return (FoldedInpainter if architecture.form == "folded" else PublishedInpainter)(architecture)


def _folded(pictures: torch.Tensor) -> torch.Tensor:
    return F.pixel_unshuffle(pictures, 2).contiguous(memory_format=torch.channels_last)
