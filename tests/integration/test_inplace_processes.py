"""In-place normalisation over processes: a batch on two is the same batch on one."""

from pathlib import Path

import pytest
import torch

from inference.networks import inplace
from inference.networks.detector import DetectorArchitecture, build_detector
from tests.support.two_processes import outcome, shared_outcome


@pytest.mark.parametrize("shares", [[2, 2], [3, 1]])
def test_a_batch_on_two_processes_is_the_batch_on_one(
    shares: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inplace, "extension", lambda: None)  # on one process too, since its eps is of float32
    torch.manual_seed(0)
    architecture = DetectorArchitecture("plain", 3, (16, 8, 8), norm="inplace")
    network = build_detector(architecture).double().train()
    photos = torch.rand(4, 3, 32, 32, dtype=torch.float64)
    shared = shared_outcome(network, photos, shares, tmp_path)
    alone = outcome(network, photos)
    assert shared.keys() == alone.keys()
    for name, value in alone.items():
        torch.testing.assert_close(
            shared[name], value, rtol=1e-8, atol=1e-10, msg=lambda text, at=name: f"{at}: {text}"
        )
