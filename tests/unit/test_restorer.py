"""A photo through detector, fill and colours: what comes out, by which models, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ImageCms
from torch import nn

from inference import Restorer, decode
from inference.arrays import Array
from inference.colorizer import Colorizer
from inference.detector import Detector
from inference.errors import CheckpointError, PhotoError, UsageProblem
from inference.fill import ClassicalInpainter, Filled
from inference.inpainter import Inpainter
from inference.names import KINDS, ModelName
from inference.photo import Photo
from inference.png import encode_png
from inference.probability import mask_at, quantise
from tests.support.networks import small_colorizer, small_detector, small_inpainter
from tests.support.picture_files import noise

NAME = ModelName("detector", "3", "registry")
COLORIZER = ModelName("colorizer", "2", "registry")


class Whites(nn.Module):
    """Takes white pixels for defects."""

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return (photos.mean(dim=1, keepdim=True) - 0.95) * 200


class Blackener:
    """Fills with black, and says so."""

    name = ModelName("inpainter", "5", "registry")

    def fill(self, photo: Photo, mask: np.ndarray, progress: object = None) -> Filled:
        pixels = photo.source.copy()
        pixels[mask] = 0
        return Filled(pixels, (f"{photo.name} has a large hole.",))


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    path = small_colorizer(tmp_path_factory.mktemp("models") / "colours.safetensors")
    return Colorizer.load(path, name=COLORIZER, device="cpu")


def scratched(dtype: type = np.uint8, channels: int = 3, icc: bytes | None = None) -> Photo:
    array = np.full((60, 80, channels), np.iinfo(dtype).max // 3, dtype)
    array[:, 40:43] = np.iinfo(dtype).max
    if channels in (2, 4):
        array[..., -1] = 77
    return decode(encode_png(array[..., 0] if channels == 1 else array, icc=icc), "aunt.png")


def restorer(colorizer: Colorizer, threshold: float = 0.5, inpainter: object = None) -> Restorer:
    detector = Detector(Whites(), threshold, NAME, device="cpu")
    return Restorer(detector, inpainter or ClassicalInpainter("ns"), colorizer)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Inpainter:
    return Inpainter.load(small_inpainter(tmp_path_factory.mktemp("models") / "fill.safetensors"), device="cpu")


@pytest.mark.parametrize("fill", ["learned", "classical"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_defect_goes_and_the_rest_stays(
    colorizer: Colorizer, learned: Inpainter, fill: str, dtype: type, channels: int
) -> None:
    photo = scratched(dtype, channels)
    result = restorer(colorizer, inpainter=learned if fill == "learned" else None).restore(photo)
    assert result.mask[:, 40:43].all()
    assert result.mask.sum() == 60 * 3
    assert (result.restored.dtype, result.restored.shape) == (photo.source.dtype, photo.source.shape)
    np.testing.assert_array_equal(result.restored[~result.mask], photo.source[~result.mask])
    grey = result.restored[..., 0] if channels > 1 else result.restored
    assert np.abs(grey.astype(float) - np.iinfo(dtype).max / 3).max() < np.iinfo(dtype).max / 100
    if channels in (2, 4):
        assert (result.restored[..., -1] == 77).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 4])
def test_both_colours_are_what_the_colorizer_makes_of_them(colorizer: Colorizer, dtype: type, channels: int) -> None:
    photo = scratched(dtype, channels)
    result = restorer(colorizer).restore(photo, saturation=2.0)
    assert (result.color.dtype, result.color.shape) == (dtype, (60, 80, 3))
    np.testing.assert_array_equal(result.color, colorizer.colour(photo, saturation=2.0))
    np.testing.assert_array_equal(result.restored_color, colorizer.colour(photo, result.restored, saturation=2.0))
    assert (result.color != colorizer.colour(photo)).any(), "saturation does something here"
    assert (result.color != result.restored_color).any()


def test_a_photo_without_defects_is_its_own_restoration_and_coloured_once(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Array | None] = []

    def colour(photo: Photo, source: Array | None = None, **others: object) -> Array:
        calls.append(source)
        return np.zeros((*photo.size, 3), np.uint8)

    monkeypatch.setattr(colorizer, "colour", colour)
    photo = decode(encode_png(noise(40, 50, 3) // 2), "clean.png")
    result = restorer(colorizer, inpainter=Blackener()).restore(photo)
    assert not result.mask.any()
    np.testing.assert_array_equal(result.restored, photo.source)
    assert result.restored_color is result.color
    assert calls == [None]
    assert result.warnings == ()
    assert set(result.seconds) == {"detect", "color"}


def test_a_result_names_its_models_threshold_and_times(colorizer: Colorizer) -> None:
    result = restorer(colorizer).restore(scratched())
    assert str(result.models["detector"]) == "detector v3 (registry)"
    assert str(result.models["inpainter"]).startswith("ns (OpenCV ")
    assert str(result.models["colorizer"]) == "colorizer v2 (registry)"
    assert set(result.seconds) == {"detect", "fill", "color", "restored_color"}
    assert min(result.seconds.values()) > 0
    assert result.threshold == 0.5
    assert restorer(colorizer, 0.25).restore(scratched()).threshold == 0.25


def test_every_stage_gives_back_the_memory_it_freed(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[None] = []
    monkeypatch.setattr("inference.restorer.give_back", lambda: given.append(None))
    restorer(colorizer).restore(scratched())
    assert len(given) == 4


def test_what_the_inpainter_says_is_passed_on(colorizer: Colorizer) -> None:
    result = restorer(colorizer, inpainter=Blackener()).restore(scratched())
    assert result.warnings == ("aunt.png has a large hole.",)
    assert str(result.models["inpainter"]) == "inpainter v5 (registry)"
    assert (result.restored[result.mask] == 0).all()


def test_a_profile_for_grey_is_named_when_it_cannot_go_along(colorizer: Colorizer) -> None:
    grey = b"\0" * 16 + b"GRAY" + b"\0" * 108
    said = restorer(colorizer).restore(scratched(channels=1, icc=grey)).warnings
    assert said == ("aunt.png has a colour profile for grey; it was left out of the pictures in colour.",)
    rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert restorer(colorizer).restore(scratched(icc=rgb)).warnings == ()


def test_mask_probability_and_threshold_belong_together(colorizer: Colorizer) -> None:
    result = restorer(colorizer).restore(scratched())
    np.testing.assert_array_equal(result.mask, mask_at(quantise(result.probability), result.threshold))


@pytest.mark.parametrize("threshold", [0.3, 0.4, 0.5, 0.503, 1.0])
def test_the_mask_begins_at_the_level_the_editor_uses(threshold: float) -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    assert mask_at(levels, threshold)[0].tolist() == [level >= -(-255 * threshold // 1) for level in range(256)]
    assert quantise(np.array([[0, 0.5, 1, 1.2]], np.float32)).tolist() == [[0, 128, 255, 255]]


@pytest.mark.parametrize("photo", [scratched(), decode(encode_png(noise(40, 50) // 2), "clean.png")])
def test_progress_rises_to_one(colorizer: Colorizer, photo: Photo) -> None:
    shares: list[float] = []
    restorer(colorizer).restore(photo, shares.append)
    assert shares == sorted(shares)
    assert len(set(shares)) >= 3
    assert shares[-1] == 1


def test_a_photo_that_is_all_defect_is_refused(colorizer: Colorizer) -> None:
    white = decode(encode_png(np.full((20, 20), 255, np.uint8)), "white.png")
    with pytest.raises(PhotoError, match=r"white\.png for a defect; choose a higher threshold"):
        restorer(colorizer).restore(white)


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.5])
def test_impossible_thresholds_are_refused(colorizer: Colorizer, threshold: float) -> None:
    with pytest.raises(UsageProblem, match="threshold"):
        restorer(colorizer, threshold)


def test_checkpoints_of_the_three_parts_make_a_restorer(tmp_path: Path) -> None:
    detector = small_detector(tmp_path / "d.safetensors")
    colours = small_colorizer(tmp_path / "c.safetensors")
    loaded = Restorer.load(
        detector, None, colours, method="telea", names={"colorizer": COLORIZER}, threshold=0.4, device="cpu"
    )
    assert loaded.threshold == 0.4
    assert loaded.models["detector"].name == "detector d.safetensors"
    assert loaded.models["inpainter"].source == "opencv"
    assert loaded.models["colorizer"] == COLORIZER
    with pytest.raises(CheckpointError, match="of kind detector; give one of a colorizer"):
        Restorer.load(detector, None, detector, method="telea", device="cpu")
    inpainter = small_inpainter(tmp_path / "i.safetensors")
    learned = Restorer.load(detector, inpainter, colours, device="cpu")
    assert learned.models["inpainter"].name == "inpainter i.safetensors"
    with pytest.raises(UsageProblem, match=r"telea needs no inpainter; leave out .*i\.safetensors"):
        Restorer.load(detector, inpainter, colours, method="telea", device="cpu")


def test_the_shipped_models_restore_without_any_set_up() -> None:
    source = np.full((96, 128), 120, np.uint16) * 257 + noise(96, 128, dtype=np.uint16) // 32
    source[:, 60:62] = 65000
    result = Restorer.load().restore(decode(encode_png(source), "aunt.png"))
    assert {part: name.source for part, name in result.models.items()} == dict.fromkeys(KINDS, "shipped")
    assert result.mask[:, 60:62].mean() > 0.9
    assert result.mask.mean() < 0.2
    np.testing.assert_array_equal(result.restored[~result.mask], source[~result.mask])
    assert np.abs(result.restored[result.mask] / 257.0 - 124).max() < 30, "the scratch is gone"
    assert {each.dtype for each in (result.restored, result.color, result.restored_color)} == {np.dtype(np.uint16)}


def test_where_no_inpainter_ships_nothing_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.shipped._FOLDER", tmp_path)
    detector, colours = small_detector(tmp_path / "d.safetensors"), small_colorizer(tmp_path / "c.safetensors")
    with pytest.raises(CheckpointError, match="No inpainter ships"):
        Restorer.load(detector, None, colours, device="cpu")
