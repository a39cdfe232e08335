"""The detector: a U-Net that gives every pixel a logit of being a defect."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from inference.errors import CheckpointError, InferenceError
from inference.networks.encoders import (
    INPLACE_FAMILIES,
    STEM_FAMILIES,
    freeze_head,
    is_known,
    library,
    no_full_stem,
    no_inplace_norm,
    no_pretrained_weights,
)
from inference.networks.folded import FOLDED, FOLDED_CHANNELS, FOLDED_DECODER, FoldedUNet, batch_normed, inplace_normed
from inference.networks.padding import beyond

_CHANNEL_MEAN = (0.485, 0.456, 0.406)
_CHANNEL_DEVIATION = (0.229, 0.224, 0.225)
_DEEPEST = 5

Stem = Literal["encoder", "full"]
Norm = Literal["batch", "inplace"]


@dataclass(frozen=True)
class DetectorArchitecture:
    """What a detector is built from. Checked when made; stored with every checkpoint."""

    encoder: str = FOLDED
    """`folded`, our light U-Net on folded pixels; `plain`, our narrow full-resolution encoder; or a name that
    segmentation-models-pytorch knows."""
    encoder_depth: int = 5
    """Times that the encoder halves the resolution, 3 to 5; `folded` folds once more before that."""
    decoder_channels: tuple[int, ...] = FOLDED_DECODER
    """Channels of each decoder block, deepest first; as many as `encoder_depth`."""
    stem: Stem = "encoder"
    """`encoder`: the encoder's own; `full`: first convolution 3×3 with stride 1, the pooling after it removed."""
    norm: Norm = "batch"
    """`batch`: batch normalisation, then the network's own activation; `inplace`: in-place activated normalisation."""
    shrink: int = 1
    """The network sees photos this many times smaller, and its logits are enlarged again."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder_channels", tuple(int(channels) for channels in self.decoder_channels))
        own = self.encoder == FOLDED
        if not own and not is_known(self.encoder):
            raise InferenceError(
                f"Encoder '{self.encoder}' is not known. Choose 'folded', 'resnet18' or another name that "
                "segmentation-models-pytorch lists."
            )
        if not 3 <= self.encoder_depth <= _DEEPEST:
            raise InferenceError(f"An encoder has 3 to 5 levels, not {self.encoder_depth}: change encoder_depth.")
        if len(self.decoder_channels) != self.encoder_depth or min(self.decoder_channels) < 1:
            raise InferenceError(
                f"{self.encoder_depth} encoder levels need as many positive decoder_channels, "
                f"not {self.decoder_channels}."
            )
        if self.shrink < 1:
            raise InferenceError(f"A photo is shrunk 1 time or more, not {self.shrink}: change shrink.")
        if self.stem not in get_args(Stem) or self.norm not in get_args(Norm):
            raise InferenceError(
                f"A stem is one of {get_args(Stem)} and a norm one of {get_args(Norm)}, "
                f"not '{self.stem}' and '{self.norm}'."
            )
        if self.stem == "full" and not self.encoder.startswith(STEM_FAMILIES):
            raise no_full_stem(self.encoder)
        if self.norm == "inplace" and self.encoder != FOLDED and not self.encoder.startswith(INPLACE_FAMILIES):
            raise no_inplace_norm(self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """The architecture as plain JSON values."""
        return {**asdict(self), "decoder_channels": list(self.decoder_channels)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "DetectorArchitecture":
        """The architecture of a checkpoint. Raises CheckpointError when a field is unknown or impossible."""
        try:
            return cls(**values)
        except (TypeError, InferenceError) as error:
            raise CheckpointError(f"The checkpoint describes a detector that cannot be built: {error}") from error


ALBUNET18 = DetectorArchitecture("resnet18", 5, (256, 128, 64, 32, 16), stem="full", norm="inplace")
"""The published detector: a ResNet-18 U-Net at full resolution with in-place activated normalisation."""


class DetectorNetwork(nn.Module):
    """U-Net (Ronneberger et al. 2015) that normalises and pads by itself.

    Takes `float N×3×H×W` in [0, 1], RGB, any H and W; returns logits `N×1×H×W`.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, unet: nn.Module, multiple: int, shrink: int = 1) -> None:
        """Wrap a U-Net that takes sides divisible by `multiple`, of photos `shrink` times smaller (by area)."""
        super().__init__()
        self.unet = unet
        self.shrink = shrink
        self.multiple = multiple * shrink
        self.register_buffer("mean", torch.tensor(_CHANNEL_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(_CHANNEL_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        if photos.ndim != 4 or photos.shape[1] != 3:
            raise InferenceError(f"A detector takes N×3×H×W, not {tuple(photos.shape)}.")
        height, width = photos.shape[-2:]
        normalised = (photos - self.mean) / self.deviation
        padded = F.pad(normalised, beyond(height, width, self.multiple), mode="replicate")
        logits: torch.Tensor = self.unet(padded if self.shrink == 1 else F.avg_pool2d(padded, self.shrink))
        if self.shrink > 1:
            logits = F.interpolate(logits, size=padded.shape[-2:], mode="bilinear", align_corners=False)
        return logits[..., :height, :width]


def build_detector(architecture: DetectorArchitecture, *, pretrained: bool = False) -> DetectorNetwork:
    """Build the network of an architecture, with random weights, or with ImageNet weights in the encoder.

    Pretrained weights go through stem and norm as `stem.resampled` and `activated.activate_in_place` say.

    Raises InferenceError when pretrained weights are asked for and cannot be had, or the encoder cannot have the stem.
    """
    if pretrained and architecture.encoder in (FOLDED, "plain"):
        raise InferenceError(f"Encoder '{architecture.encoder}' has no pretrained weights: set pretrained to false.")
    if architecture.encoder == FOLDED:
        return _folded(architecture)
    try:
        unet = library().Unet(
            encoder_name=architecture.encoder,
            encoder_depth=architecture.encoder_depth,
            encoder_weights="imagenet" if pretrained else None,
            decoder_channels=architecture.decoder_channels,
            classes=1,
        )
    except Exception as error:
        if not pretrained:
            raise
        raise no_pretrained_weights(architecture.encoder, error) from error
    if architecture.stem == "full":
        from inference.networks import stem

        stem.open_stem(unet, architecture.encoder)
    if architecture.norm == "inplace":
        from inference.networks import activated

        activated.activate_in_place(unet)
    freeze_head(unet.encoder)
    return DetectorNetwork(unet, unet.encoder.output_stride, architecture.shrink)


def _folded(architecture: DetectorArchitecture) -> DetectorNetwork:
    levels = FOLDED_CHANNELS[: architecture.encoder_depth + 1]
    normed = inplace_normed if architecture.norm == "inplace" else batch_normed
    return DetectorNetwork(
        FoldedUNet(levels, architecture.decoder_channels, normed), 2 ** len(levels), architecture.shrink
    )
