"""Checkpoints small enough for tests: real architectures of a few kilobytes that know nothing, and what reads them."""

from pathlib import Path

import numpy as np
import torch

from inference.checkpoint import Checkpoint, save_checkpoint
from inference.detector import Detector
from inference.names import ModelName
from inference.networks.colorizer import ColorizerArchitecture, build_colorizer
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.inpainter import InpainterArchitecture, build_inpainter
from tests.support.picture_files import noise


def small_detector(path: Path) -> Path:
    """A detector whose threshold marks about half of a noisy photo of 40×50 pixels."""
    torch.manual_seed(0)
    architecture = DetectorArchitecture("plain", 3, (16, 8, 8))
    network = build_detector(architecture)
    name = ModelName("detector", "1", "file")
    threshold = float(np.median(Detector(network, 0.5, name, device="cpu").probability(noise(40, 50, 3))))
    settings = {"threshold": threshold}
    save_checkpoint(path, Checkpoint("detector", architecture.to_dict(), settings, {}, network.state_dict()))
    return path


def small_inpainter(path: Path, largest_hole: int = 64) -> Path:
    """An inpainter that starts from a smooth fill, as all do, and has not learned to better it."""
    torch.manual_seed(0)
    architecture = InpainterArchitecture(
        channels=(8, 8, 8), kernels=(3, 3, 3), decoder_channels=(8, 8), convolutions=1, fine=4
    )
    network = build_inpainter(architecture)
    settings = {"largest_hole": largest_hole}
    save_checkpoint(path, Checkpoint("inpainter", architecture.to_dict(), settings, {}, network.state_dict()))
    return path


def small_colorizer(path: Path, seed: int = 0, *, hints: bool = True) -> Path:
    """A colorizer that paints at random, strongly enough to be seen."""
    torch.manual_seed(seed)
    architecture = ColorizerArchitecture(levels=(8, 8, 8), decoder_channels=(8, 8), hints=hints)
    network = build_colorizer(architecture)
    state = network.state_dict()
    state["unet.head.weight"] *= 30
    save_checkpoint(path, Checkpoint("colorizer", architecture.to_dict(), {"side": 64}, {}, state))
    return path


def small_models(folder: Path) -> dict[str, Path]:
    """A checkpoint of every kind, by kind."""
    return {
        "detector": small_detector(folder / "tiny.safetensors"),
        "inpainter": small_inpainter(folder / "fill.safetensors"),
        "colorizer": small_colorizer(folder / "colours.safetensors"),
    }
