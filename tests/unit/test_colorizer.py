"""The colorizer in use: any size, depth and channels; luma stays; saturation and hints do what they say."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.checkpoint import Checkpoint, save_checkpoint
from inference.colorizer import Colorizer, Hint, _hint_map
from inference.colour import luma_of, to_luma_and_chroma
from inference.decoding import decode
from inference.errors import CheckpointError, InferenceError, UsageProblem
from inference.names import ModelName
from inference.networks.colorizer import ColorizerArchitecture, ColorizerNetwork, build_colorizer
from inference.photo import Photo
from inference.png import encode_png
from tests.support.picture_files import noise

NAME = ModelName("colorizer", "1", "file")


class Painter(ColorizerNetwork):
    """Paints what it is given: chroma grows with luma, and a hint shows where it is."""

    def __init__(self) -> None:
        super().__init__(torch.nn.Identity(), 1, True)

    def forward(self, luma: torch.Tensor, hints: torch.Tensor | None = None) -> torch.Tensor:
        self.seen = tuple(luma.shape)
        self.hints_seen = hints
        painted = torch.cat([-0.3 * luma, 0.3 * luma], dim=1)
        return painted if hints is None else torch.where(hints[:, 2:] > 0, hints[:, :2], painted)


def photo_of(source: np.ndarray) -> Photo:
    return decode(encode_png(source), "photo.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(16, 16), (200, 90, 2), (70, 300, 3), (64, 64, 4), (16, 5000)])
def test_every_photo_is_coloured_in_its_own_depth_and_keeps_its_luma(shape: tuple[int, ...], dtype: type) -> None:
    photo = photo_of(noise(*shape, dtype=dtype))
    coloured = Colorizer(Painter(), 64, NAME).colour(photo)
    assert coloured.shape == (*shape[:2], 3)
    assert coloured.dtype == dtype
    largest = np.iinfo(dtype).max
    off = np.abs(luma_of(coloured).astype(np.float64) - luma_of(photo.source)) * largest
    assert off.max() <= 0.52
    assert (coloured.max(axis=2) > coloured.min(axis=2)).mean() > 0.9


def test_a_grey_photo_keeps_exactly_its_grey() -> None:
    grey = noise(80, 80)
    luma = luma_of(Colorizer(Painter(), 64, NAME).colour(photo_of(grey)))
    assert (np.rint(luma * 255) == grey).all()


def test_a_sepia_photo_is_coloured_from_its_luma() -> None:
    grey = noise(60, 60)
    sepia = np.rint(grey[..., None] * np.array([1.0, 0.9, 0.7])).astype(np.uint8)
    colorizer = Colorizer(Painter(), 60, NAME)
    luma = np.rint(luma_of(sepia) * 255).astype(np.uint8)
    difference = colorizer.colour(photo_of(sepia)).astype(int) - colorizer.colour(photo_of(luma))
    assert np.abs(difference).max() <= 2


def test_another_picture_of_the_photo_can_be_coloured() -> None:
    photo, filled = photo_of(noise(40, 50)), noise(40, 50, 3, seed=5)
    colorizer = Colorizer(Painter(), 64, NAME)
    assert np.array_equal(colorizer.colour(photo, filled), colorizer.colour(photo_of(filled)))
    with pytest.raises(UsageProblem, match="not of this photo"):
        colorizer.colour(photo, noise(50, 40))


def test_the_network_sees_the_photo_with_its_longer_side_shrunk() -> None:
    painter = Painter()
    colorizer = Colorizer(painter, 64, NAME)
    colorizer.colour(photo_of(noise(128, 256)))
    assert painter.seen == (1, 1, 32, 64)
    colorizer.colour(photo_of(noise(20, 30)))
    assert painter.seen == (1, 1, 20, 30)


def test_saturation_scales_chroma() -> None:
    photo = photo_of(np.full((40, 40), 128, np.uint8))
    colorizer = Colorizer(Painter(), 64, NAME)
    amounts = []
    for saturation in (0.0, 0.5, 1.0):
        _, chroma = to_luma_and_chroma(colorizer.colour(photo, saturation=saturation).astype(np.float32) / 255)
        amounts.append(float(np.abs(chroma).mean()))
    assert amounts[0] == pytest.approx(0, abs=1e-6)
    assert amounts[1] == pytest.approx(amounts[2] / 2, abs=0.003)
    for wrong in (-0.1, float("nan"), 5.0):
        with pytest.raises(UsageProblem, match="Saturation"):
            colorizer.colour(photo, saturation=wrong)


def test_a_hint_reaches_the_network_at_its_place_and_in_its_colour() -> None:
    painter = Painter()
    photo = photo_of(np.full((200, 400), 100, np.uint8))
    Colorizer(painter, 100, NAME).colour(photo, hints=[Hint(100, 360, 200, 40, 60)])
    assert painter.hints_seen is not None
    where = painter.hints_seen[0, 2].numpy()
    rows, columns = np.nonzero(where)
    assert (rows.mean(), columns.mean()) == (25, 90)
    assert len(rows) == 25
    _, chroma = to_luma_and_chroma(np.array([200, 40, 60], np.float32) / 255)
    assert painter.hints_seen[0, :2, 25, 90].numpy() == pytest.approx(chroma, abs=1e-6)


def test_impossible_hints_are_refused() -> None:
    photo = photo_of(noise(20, 30))
    with pytest.raises(UsageProblem, match="outside"):
        Colorizer(Painter(), 64, NAME).colour(photo, hints=[Hint(20, 0, 1, 2, 3)])
    with pytest.raises(UsageProblem, match="0 to 255"):
        Hint(0, 0, 256, 0, 0)
    without = build_colorizer(ColorizerArchitecture(levels=(8, 8, 8), decoder_channels=(8, 8), hints=False))
    with pytest.raises(UsageProblem, match="takes no hints"):
        Colorizer(without, 64, NAME).colour(photo, hints=[Hint(0, 0, 1, 2, 3)])


def test_progress_reaches_one_and_memory_does_not_grow_with_the_photo() -> None:
    told: list[float] = []
    colorizer = Colorizer(Painter(), 64, NAME)
    photo = photo_of(noise(3000, 3000))
    colorizer.colour(photo_of(noise(64, 64)))
    tracemalloc.start()
    coloured = colorizer.colour(photo, progress=told.append)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 5
    whole = 3000 * 3000 * 4  # one field of float32
    assert peak - coloured.nbytes < 2.5 * whole  # some eight bands' worth of fields; whole fields would be ten


def test_a_checkpoint_is_loaded_with_its_size_and_name(tmp_path: Path) -> None:
    torch.manual_seed(0)
    architecture = ColorizerArchitecture(levels=(8, 8, 8), decoder_channels=(8, 8))
    network = build_colorizer(architecture).eval()
    path = tmp_path / "colour.safetensors"
    save_checkpoint(path, Checkpoint("colorizer", architecture.to_dict(), {"side": 96}, {}, network.state_dict()))
    colorizer = Colorizer.load(path)
    assert (colorizer.side, colorizer.scale) == (96, 1.0)
    assert colorizer.name.name == "colorizer colour.safetensors"
    luma = np.random.default_rng(0).random((40, 40), np.float32)
    with torch.inference_mode():
        plain = network(torch.from_numpy(luma)[None, None])[0].permute(1, 2, 0).numpy()
    assert np.abs(colorizer.chroma(luma) - plain).max() < 2e-3  # bfloat16 and folded norms
    settings = {"side": 96, "chroma_scale": 0.5}
    save_checkpoint(path, Checkpoint("colorizer", architecture.to_dict(), settings, {}, network.state_dict()))
    assert np.abs(Colorizer.load(path).chroma(luma) - 0.5 * plain).max() < 2e-3


def test_other_checkpoints_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, Checkpoint("detector", {}, {"threshold": 0.5}, {}, {"weight": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="kind detector"):
        Colorizer.load(path)
    save_checkpoint(path, Checkpoint("colorizer", {}, {}, {}, {"weight": torch.zeros(1)}))
    with pytest.raises(CheckpointError, match="do not fit"):
        Colorizer.load(path)
    with pytest.raises(UsageProblem, match="scaled by more than 0"):
        Colorizer(Painter(), 64, NAME, scale=0.0)
    with pytest.raises(UsageProblem, match="16 to 512"):
        Colorizer(Painter(), 1024, NAME)


def test_an_answer_that_is_no_number_is_no_colour() -> None:
    class Lost(Painter):
        def forward(self, luma: torch.Tensor, hints: torch.Tensor | None = None) -> torch.Tensor:
            return super().forward(luma, hints) * float("nan")

    with pytest.raises(InferenceError, match="weights are damaged"):
        Colorizer(Lost(), 64, NAME).colour(photo_of(noise(40, 40)))


def test_a_hint_lies_where_the_middle_of_its_pixel_is_in_the_shrunken_photo() -> None:
    points = _hint_map([Hint(3, 96, 200, 30, 30)], (100, 100), (30, 30))
    assert points is not None
    rows, columns = (np.flatnonzero(points[2].any(axis=axis)).tolist() for axis in (1, 0))
    assert rows == [0, 1, 2, 3], "around 1: 3.5 of 100 rows is 1.05 of 30"
    assert columns == [26, 27, 28, 29], "around 28"
