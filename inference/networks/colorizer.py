"""The colorizer: a U-Net that gives every pixel of a grey photo its chroma."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from inference.errors import CheckpointError, InferenceError
from inference.networks.encoders import is_known, no_pretrained_weights
from inference.networks.folded import FOLDED, FoldedTrunk, batch_normed
from inference.networks.hinted import HINT_CHANNELS, HintedUNet
from inference.networks.padding import beyond

COLOUR_LEVELS = (32, 64, 96, 160, 208, 224)
COLOUR_DECODER = (160, 128, 96, 64, 32)
LARGEST_CHROMA = 0.5
_MEAN, _DEVIATION = 0.45, 0.225
"""Of ImageNet's luma: what pretrained encoders expect."""


@dataclass(frozen=True)
class ColorizerArchitecture:
    """What a colorizer is built from. Checked when made; stored with every checkpoint."""

    encoder: str = FOLDED
    """`folded`, our light U-Net on folded pixels, or a name that segmentation-models-pytorch knows."""
    levels: tuple[int, ...] = COLOUR_LEVELS
    """Channels of each level of `folded`, finest first; the widest are deep, for context decides the colour. Empty for
    an encoder by name, which brings its own."""
    decoder_channels: tuple[int, ...] = COLOUR_DECODER
    """Channels of each decoder block, deepest first: one fewer than `levels`; for an encoder by name five, or four to
    end at half resolution."""
    hints: bool = True
    """Whether the network takes colours that a person gave."""

    def __post_init__(self) -> None:
        for name in ("levels", "decoder_channels"):
            object.__setattr__(self, name, tuple(int(channels) for channels in getattr(self, name)))
        own = self.encoder == FOLDED
        if not own and not is_known(self.encoder):
            raise InferenceError(
                f"Encoder '{self.encoder}' is not known. Choose 'folded', 'resnet50' or another name that "
                "segmentation-models-pytorch lists."
            )
        if own and not 3 <= len(self.levels) <= 7:
            raise InferenceError(f"'folded' has 3 to 7 levels, not {len(self.levels)}: change levels.")
        if not own and self.levels:
            raise InferenceError(f"Encoder '{self.encoder}' brings its own channels: leave levels empty.")
        blocks = (len(self.levels) - 1,) if own else (4, 5)
        if len(self.decoder_channels) not in blocks or min((*self.levels, *self.decoder_channels)) < 1:
            raise InferenceError(
                f"This encoder needs {' or '.join(map(str, blocks))} positive decoder_channels, not "
                f"{self.decoder_channels}, and levels above 0, not {self.levels}."
            )

    def to_dict(self) -> dict[str, Any]:
        """The architecture as plain JSON values."""
        return {**asdict(self), "levels": list(self.levels), "decoder_channels": list(self.decoder_channels)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ColorizerArchitecture":
        """The architecture of a checkpoint. Raises CheckpointError when a field is unknown or impossible."""
        try:
            return cls(**values)
        except (TypeError, ValueError, InferenceError) as error:
            raise CheckpointError(f"The checkpoint describes a colorizer that cannot be built: {error}") from error


RESNET50 = ColorizerArchitecture("resnet50", (), (256, 128, 64, 32, 16))
"""The published colorizer: a U-Net with an encoder of ResNet-50's size."""


class ColorizerNetwork(nn.Module):
    """U-Net (Ronneberger et al. 2015) that normalises and pads by itself.

    Takes luma `float N×1×H×W` in [0, 1], any H and W, and, where it was built with them, hints `float N×3×H×W`: Cb and
    Cr in [-0.5, 0.5] and 1 where they are given, all 0 elsewhere. Returns Cb, Cr `N×2×H×W` in [-0.5, 0.5] (BT.601, full
    range), float32 whatever the precision of what comes before.
    """

    def __init__(self, unet: nn.Module, multiple: int, hints: bool) -> None:
        """Wrap a U-Net of 1 or, with hints, 4 channels in and 2 out; it takes sides divisible by `multiple`."""
        super().__init__()
        self.unet = unet
        self.multiple = multiple
        self.hints = hints

    def forward(self, luma: torch.Tensor, hints: torch.Tensor | None = None) -> torch.Tensor:
        seen = self._input(luma, hints)
        height, width = seen.shape[-2:]
        padded = F.pad(seen, beyond(height, width, self.multiple), mode="replicate")
        answer: torch.Tensor = self.unet(padded)
        chroma = LARGEST_CHROMA * torch.tanh(answer.float())
        if chroma.shape[-2:] != padded.shape[-2:]:
            chroma = F.interpolate(chroma, size=padded.shape[-2:], mode="bilinear", align_corners=False)
        return chroma[..., :height, :width]

    def _input(self, luma: torch.Tensor, hints: torch.Tensor | None) -> torch.Tensor:
        if luma.ndim != 4 or luma.shape[1] != 1:
            raise InferenceError(f"A colorizer takes luma N×1×H×W, not {tuple(luma.shape)}.")
        normalised = (luma - _MEAN) / _DEVIATION
        if not self.hints:
            if hints is not None:
                raise InferenceError("This colorizer was built without hints; train one with hints: true.")
            return normalised
        count, _, height, width = luma.shape
        if hints is None:
            hints = luma.new_zeros((count, HINT_CHANNELS, height, width))
        if hints.shape != (count, HINT_CHANNELS, height, width):
            raise InferenceError(f"Hints for luma {tuple(luma.shape)} are N×3×H×W, not {tuple(hints.shape)}.")
        return torch.cat([normalised, hints], dim=1)


class FoldedColours(nn.Module):
    """The folded trunk with a head for chroma: `float N×C×H×W` to `N×2×H/2×W/2`, which half resolution is enough for.

    The eye sees chroma less sharply than luma, and the photo's luma sharpens it afterwards.
    """

    def __init__(self, channels_in: int, levels: tuple[int, ...], decoder: tuple[int, ...]) -> None:
        super().__init__()
        self.trunk = FoldedTrunk(channels_in, levels, decoder, batch_normed)
        self.head = nn.Conv2d(self.trunk.channels_out, 2, kernel_size=3, padding=1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        chroma: torch.Tensor = self.head(self.trunk(pictures))
        return chroma


def build_colorizer(architecture: ColorizerArchitecture, *, pretrained: bool = False) -> ColorizerNetwork:
    """Build the network of an architecture, with random weights, or with ImageNet weights in an encoder by name.

    The first answer is nearly grey: the last convolution starts small. Raises InferenceError when pretrained weights
    are asked for and cannot be had.
    """
    hints = architecture.hints
    if architecture.encoder == FOLDED:
        if pretrained:
            raise InferenceError("Encoder 'folded' has no pretrained weights: set pretrained to false.")
        own = FoldedColours(1 + HINT_CHANNELS * hints, architecture.levels, architecture.decoder_channels)
        return _starting_grey(ColorizerNetwork(own, 2 ** len(architecture.levels), hints), own.head)
    try:
        unet = HintedUNet(architecture.encoder, architecture.decoder_channels, hints=hints, pretrained=pretrained)
    except Exception as error:
        if not pretrained:
            raise
        raise no_pretrained_weights(architecture.encoder, error) from error
    return _starting_grey(ColorizerNetwork(unet, int(unet.encoder.output_stride), hints), unet.head)


@torch.no_grad()
def _starting_grey(network: ColorizerNetwork, head: nn.Conv2d) -> ColorizerNetwork:
    head.weight.mul_(0.1)
    if head.bias is not None:
        head.bias.zero_()
    return network
