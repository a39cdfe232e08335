"""Narrow pictures: what networks add to them, and that their answers are numbers."""

import pytest
import torch

from inference.devices import has_native_bfloat16
from inference.networks.colorizer import ColorizerArchitecture, build_colorizer
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.inpainter import InpainterArchitecture, build_inpainter
from inference.networks.padding import beyond

WIDTHS = (16, 64)


@pytest.mark.parametrize(
    ("size", "added"), [((64, 128), (0, 0)), ((65, 129), (63, 63)), ((64, 64), (0, 64)), ((1, 16), (63, 112))]
)
def test_sides_become_multiples_and_no_width_is_below_two(size: tuple[int, int], added: tuple[int, int]) -> None:
    assert beyond(*size, 64) == (0, added[1], 0, added[0])


def _dirty() -> None:
    """Freed memory full of what is no number."""
    del [torch.full((count,), float("nan")) for count in (100, 1000, 10_000, 100_000, 1_000_000) for _ in range(6)][:]


@pytest.mark.skipif(
    not has_native_bfloat16("cpu"), reason="this processor has no AMX, whose convolutions are held here"
)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["detector", "inpainter", "colorizer"])
def test_narrow_pictures_are_answered_in_numbers(kind: str, width: int) -> None:
    torch.manual_seed(0)
    photos, valid = torch.rand(1, 3, 1024, width), torch.ones(1, 1, 1024, width)
    valid[..., 400:420, :] = 0
    inputs: dict[str, tuple[torch.nn.Module, tuple[torch.Tensor, ...]]] = {
        "detector": (build_detector(DetectorArchitecture()), (photos,)),
        "inpainter": (build_inpainter(InpainterArchitecture()), (photos, valid)),
        "colorizer": (build_colorizer(ColorizerArchitecture()), (photos[:, :1],)),
    }
    network, given = inputs[kind]
    network.eval().to(memory_format=torch.channels_last)
    given = tuple(each.contiguous(memory_format=torch.channels_last) for each in given)
    for _ in range(4):
        _dirty()
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            assert torch.isfinite(network(*given)).all()
