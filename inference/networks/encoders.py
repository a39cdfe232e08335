"""Encoders by name. The library behind them takes seconds and 200 MB to load, and our own networks do without it."""

from functools import cache
from types import ModuleType

from torch import nn

from inference.errors import InferenceError

STEM_FAMILIES = ("resnet", "resnext", "se_resne", "senet154", "timm-skres", "efficientnet", "timm-efficientnet",
                 "timm-tf_efficientnet", "mobilenet_v2", "tu-")  # fmt: skip
"""How the names begin of encoders whose stem can be opened; of timm's (`tu-`) those that are built alike."""
INPLACE_FAMILIES = ("plain", "resnet", "resnext", "se_resne", "senet154", "efficientnet", "mobilenet_v2")
"""How the names begin of encoders in which every normalisation directly follows a convolution."""
_HEADS = (("_conv_head", "_bn1"), ("conv_head", "bn2"))
"""What EfficientNets classify with: a convolution and its normalisation after the last level."""
_WELL_KNOWN = ("plain", "resnet18", "resnet34", "resnet50")
"""Known without asking the library."""


@cache
def library() -> ModuleType:
    """segmentation-models-pytorch, with our own encoders among its."""
    import segmentation_models_pytorch as smp

    from inference.networks import narrow, plain

    plain.register()
    narrow.register()
    found: ModuleType = smp
    return found


def is_known(encoder: str) -> bool:
    """Whether the library has an encoder of that name, or timm may have it (`tu-…`)."""
    return encoder in _WELL_KNOWN or encoder.startswith("tu-") or encoder in library().encoders.encoders


def freeze_head(encoder: nn.Module) -> None:
    """Let what an encoder brings beside its levels learn nothing: it has no gradient, and processes that train together
    would wait for it. The state dict stays as it is."""
    for head in _HEADS:
        for part in head if hasattr(encoder, head[0]) else ():
            encoder.get_submodule(part).requires_grad_(False)


def no_full_stem(name: str) -> InferenceError:
    """What is said of an encoder whose stem cannot be opened."""
    return InferenceError(
        f"Encoder '{name}' cannot have a full-resolution stem: its first convolution is not one of stride 2 as in "
        "ResNet, ResNeXt, SE-ResNet, EfficientNet or MobileNet. Choose one of these, for example 'resnet18', "
        "or set stem to 'encoder'."
    )


def no_inplace_norm(name: str) -> InferenceError:
    """What is said of an encoder that cannot have in-place normalisation."""
    return InferenceError(
        f"Encoder '{name}' cannot have in-place normalisation: its normalisations do not all follow convolutions. "
        "Choose a ResNet, ResNeXt, SE-ResNet, EfficientNet, MobileNetV2 or 'plain', or set norm to 'batch'."
    )


def no_pretrained_weights(name: str, error: Exception) -> InferenceError:
    """What is said where an encoder's pretrained weights could not be fetched."""
    return InferenceError(
        f"Pretrained weights for encoder '{name}' cannot be had ({type(error).__name__}: {error}). "
        "Connect this machine to the internet once, or start from random weights with pretrained: false."
    )
