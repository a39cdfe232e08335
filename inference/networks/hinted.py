"""A U-Net over an encoder by name that sees the luma alone, as it was pretrained, and whose decoder also sees hints."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from inference.networks.encoders import freeze_head, library

HINT_CHANNELS = 3
"""Cb, Cr and where they are known."""
_DEPTH = 5


class HintedUNet(nn.Module):
    """`float N×1×H×W`, or with hints `N×4×H×W`, to chroma before its bound, `N×2×H×W` or, with four decoder blocks,
    `N×2×H/2×W/2`. H and W are multiples of 32.

    Hints join the features of every level: wherever the decoder looks, it finds the hints around that place.
    """

    def __init__(self, encoder: str, decoder: Sequence[int], *, hints: bool, pretrained: bool = False) -> None:
        """`decoder` has the channels of 4 or 5 blocks, deepest first."""
        super().__init__()
        from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder

        weights = "imagenet" if pretrained else None
        self.encoder = library().encoders.get_encoder(encoder, in_channels=1, depth=_DEPTH, weights=weights)
        for unused in ("conv_head", "bn2") if hasattr(self.encoder, "conv_head") else ():
            setattr(self.encoder, unused, nn.Identity())  # of EfficientNet's classifier: no level comes after it
        freeze_head(self.encoder)
        more = HINT_CHANNELS * hints
        widths = [channels + more * (channels > 0) for channels in self.encoder.out_channels]
        self.decoder = UnetDecoder(widths, decoder, n_blocks=len(decoder))
        self.head = nn.Conv2d(decoder[-1], 2, kernel_size=3, padding=1)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = list(self.encoder(pictures[:, :1]))
        if pictures.shape[1] > 1:
            features = [
                torch.cat([each, hints_at(pictures[:, 1:], each)], dim=1) if each.shape[1] else each
                for each in features
            ]  # fmt: skip
        chroma: torch.Tensor = self.head(self.decoder(features))
        return chroma


def hints_at(hints: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """Hints `N×3×H×W` at the size of features `N×C×h×w`: the mean colour of the hints in each place, and 1 where any
    is."""
    size = (features.shape[2], features.shape[3])
    if hints.shape[2:] == size:
        return hints.to(features.dtype)
    shares = F.adaptive_avg_pool2d(hints, size)
    where = shares[:, 2:]
    colours = shares[:, :2] / where.clamp(min=1e-6)
    return torch.cat([colours, (where > 0).to(colours.dtype)], dim=1).to(features.dtype)
