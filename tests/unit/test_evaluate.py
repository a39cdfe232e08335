"""Evaluation of detectors and of the classical reference on annotated photos."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference.checkpoint import Checkpoint, save_checkpoint
from inference.networks.detector import DetectorArchitecture, build_detector
from trainer.errors import TrainerError
from trainer.evaluate import evaluate_detector, evaluate_top_hat, pairs_in, top_hat, top_hat_threshold

ARCHITECTURE = DetectorArchitecture(encoder="plain", decoder_channels=(8, 8, 8, 4, 4))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for number in range(2):
        pixels, mask = np.full((50, 60, 3), 80, np.uint8), np.zeros((50, 60), np.uint8)
        pixels[10:13, 5:40] = 230
        mask[10:13, 5:40] = 255
        cv2.imwrite(str(tmp_path / f"photo-{number}.damaged.png"), pixels)
        cv2.imwrite(str(tmp_path / f"photo-{number}.mask.png"), mask)
    return tmp_path


def test_top_hat_finds_what_stands_out_in_either_direction() -> None:
    pixels = np.full((40, 40, 3), 120, np.uint8)
    pixels[10:12, :] = 220
    pixels[30:32, :] = 20
    found = top_hat(pixels)
    assert found.dtype == np.float32
    assert found[10:12].min() == pytest.approx(100 / 255)
    assert found[30:32].min() == pytest.approx(100 / 255)
    assert found[20].max() == 0


def test_top_hat_is_perfect_on_lines_at_the_threshold_of_such_lines(pairs: Path) -> None:
    examples = pairs_in(pairs)
    threshold = top_hat_threshold([(example.load_pixels(), example.load_mask()) for example in examples])
    evaluation = evaluate_top_hat(examples, threshold)
    assert [photo.name for photo in evaluation.photos] == ["photo-0", "photo-1"]
    assert all(photo.metrics.dice == photo.metrics.auc == 1.0 for photo in evaluation.photos)


def test_each_detector_is_measured_at_its_own_threshold_on_the_same_photos(pairs: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = build_detector(ARCHITECTURE).state_dict()
    paths = []
    for threshold in (0.001, 0.999):
        paths.append(tmp_path / f"{threshold}.safetensors")
        save_checkpoint(paths[-1], Checkpoint("detector", ARCHITECTURE.to_dict(), {"threshold": threshold}, {}, state))
    eager, shy = evaluate_detector(paths, pairs_in(pairs))

    share = 3 * 35 / (50 * 60)
    for one, other in zip(eager.photos, shy.photos, strict=True):
        assert one.metrics.dice == pytest.approx(2 * share / (1 + share))
        assert other.metrics.dice == 0
        assert one.metrics.auc == other.metrics.auc
        assert one.overlay.shape == (50, 60, 3)
        assert one.is_real
    assert eager.model.startswith("detector 0.001.safetensors@")


def test_a_photo_without_its_mask_is_named(pairs: Path) -> None:
    (pairs / "photo-1.mask.png").unlink()
    with pytest.raises(TrainerError, match=r"photo-1\.damaged\.png.*photo-1\.mask\.png is missing"):
        pairs_in(pairs)


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"no files NAME\.damaged"):
        pairs_in(tmp_path)
