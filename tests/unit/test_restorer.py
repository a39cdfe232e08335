"""A photo through detector and fill: what comes out, by which models, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from inference import Restorer, decode
from inference.detector import Detector
from inference.errors import PhotoError, UsageProblem
from inference.names import ModelName
from inference.photo import Photo
from inference.png import encode_png
from inference.probability import mask_at, quantise

NAME = ModelName("detector", "3", "registry")


class Whites(nn.Module):
    """Takes white pixels for defects."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return (photos.mean(dim=1, keepdim=True) - 0.95) * 200


def scratched(dtype: type = np.uint8, channels: int = 3) -> Photo:
    array = np.full((60, 80, channels), np.iinfo(dtype).max // 3, dtype)
    array[:, 40:43] = np.iinfo(dtype).max
    if channels in (2, 4):
        array[..., -1] = 77
    return decode(encode_png(array[..., 0] if channels == 1 else array), "aunt.png")


def restorer(threshold: float = 0.5) -> Restorer:
    return Restorer(Detector(Whites(), threshold, NAME, device="cpu"), "ns")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_defect_goes_and_the_rest_stays(dtype: type, channels: int) -> None:
    photo = scratched(dtype, channels)
    result = restorer().restore(photo)
    assert result.mask[:, 40:43].all()
    assert result.mask.sum() == 60 * 3
    assert (result.restored.dtype, result.restored.shape) == (photo.source.dtype, photo.source.shape)
    np.testing.assert_array_equal(result.restored[~result.mask], photo.source[~result.mask])
    colour = result.restored[..., 0] if channels > 1 else result.restored
    assert np.abs(colour.astype(float) - np.iinfo(dtype).max / 3).max() < np.iinfo(dtype).max / 100
    if channels in (2, 4):
        assert (result.restored[..., -1] == 77).all()


def test_a_result_names_its_models_and_threshold() -> None:
    result = restorer().restore(scratched())
    assert str(result.models["detector"]) == "detector v3 (registry)"
    assert str(result.models["inpainter"]).startswith("ns (OpenCV ")
    assert result.threshold == 0.5
    assert restorer(0.25).restore(scratched()).threshold == 0.25


def test_mask_probability_and_threshold_belong_together() -> None:
    result = restorer().restore(scratched())
    np.testing.assert_array_equal(result.mask, mask_at(quantise(result.probability), result.threshold))


@pytest.mark.parametrize("threshold", [0.3, 0.4, 0.5, 0.503, 1.0])
def test_the_mask_begins_at_the_level_the_editor_uses(threshold: float) -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    assert mask_at(levels, threshold)[0].tolist() == [level >= -(-255 * threshold // 1) for level in range(256)]
    assert quantise(np.array([[0, 0.5, 1, 1.2]], np.float32)).tolist() == [[0, 128, 255, 255]]


def test_progress_rises_to_one() -> None:
    shares: list[float] = []
    restorer().restore(scratched(), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_photo_that_is_all_defect_is_refused() -> None:
    white = decode(encode_png(np.full((20, 20), 255, np.uint8)), "white.png")
    with pytest.raises(PhotoError, match=r"white\.png for a defect; choose a higher threshold"):
        restorer().restore(white)


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.5])
def test_impossible_thresholds_are_refused(threshold: float) -> None:
    with pytest.raises(UsageProblem, match="threshold"):
        restorer(threshold)
