"""The inpainter in use: nothing outside the mask changes, no seams, only what is needed is computed."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import patchwork
from inference.arrays import Array
from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.decoding import decode
from inference.errors import CheckpointError, InferenceError, PhotoError
from inference.holes import coarser, depth_of, put_coarse, widest_hole
from inference.inpainter import Inpainter
from inference.names import ModelName
from inference.networks.inpainter import InpainterArchitecture, build_inpainter
from inference.patchwork import fill_by_tiles
from inference.photo import Photo
from inference.png import encode_png
from inference.resolve import shipped_model
from trainer.inpainting.recipe import InpainterRecipe
from trainer.inpainting.starting import architecture_of

SMALL = InpainterArchitecture(channels=(6, 8), kernels=(3, 3), decoder_channels=(6,), convolutions=1, fine=4)
NAME = ModelName("inpainter", "1", "file")


def inpainter(largest_hole: int = 128, tile: int = 256, noise: float = 0.1) -> Inpainter:
    torch.manual_seed(0)
    network = build_inpainter(SMALL)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(noise * torch.randn_like(parameter))
    return Inpainter(network, largest_hole, NAME, tile=tile, device="cpu")


def smooth(height: int, width: int, channels: int = 3, dtype: type = np.uint8) -> Array:
    rng = np.random.default_rng(3)
    blobs = cv2.resize(rng.random((height // 32 + 2, width // 32 + 2, channels)), (width, height)).reshape(
        height, width, channels
    )
    array = np.rint(blobs * np.iinfo(dtype).max).astype(dtype)
    return array[..., 0] if channels == 1 else array


def photo_of(source: Array) -> Photo:
    return decode(encode_png(source), "aunt.png")


def scratched(height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    cv2.line(mask, (3, 5), (width - 4, height - 9), 1, 5)
    cv2.line(mask, (width // 2, 0), (width // 2, height - 1), 1, 3)
    return mask.astype(bool)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_only_masked_colours_change(channels: int, dtype: type) -> None:
    photo, mask = photo_of(smooth(90, 70, channels, dtype)), scratched(90, 70)
    filled = inpainter().fill(photo, mask).pixels
    assert (filled.shape, filled.dtype) == (photo.source.shape, photo.source.dtype)
    np.testing.assert_array_equal(filled[~mask], photo.source[~mask])
    assert (filled[mask] != photo.source[mask]).any()
    if channels in (2, 4):
        np.testing.assert_array_equal(filled[..., -1], photo.source[..., -1])


@settings(max_examples=15)
@given(st.integers(16, 80), st.integers(16, 80), st.integers(0, 2**32 - 1), st.floats(0, 0.99))
def test_any_mask_leaves_the_rest_bit_identical(height: int, width: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 65536, (height, width, 3), np.uint16)
    mask = rng.random((height, width)) < share
    mask[0, 0] = False
    filled = inpainter(largest_hole=4).filled(source, mask)
    np.testing.assert_array_equal(filled[~mask], source[~mask])


def test_sixteen_bits_are_filled_as_such() -> None:
    deep = inpainter(noise=0).filled(smooth(64, 64, 3, np.uint16), scratched(64, 64))
    inside = deep[scratched(64, 64)]
    assert (inside % 257 != 0).mean() > 0.9  # an 8-bit fill would be multiples of 257


def test_grey_stays_grey() -> None:
    grey = np.repeat(smooth(80, 80, 1)[..., None], 3, axis=2)
    mask = scratched(80, 80)
    grey[mask] = (255, 0, 0)  # a coloured stain on a grey photo is the defect, not the photo
    filled = inpainter().filled(grey, mask)
    assert np.ptp(filled.astype(int), axis=2).max() == 0
    coloured = grey.copy()
    coloured[0, 0] = (9, 10, 11)
    assert not mask[0, 0]
    assert np.ptp(inpainter().filled(coloured, mask).astype(int), axis=2)[mask].max() > 0


def test_the_photo_below_the_mask_never_matters() -> None:
    source, mask = smooth(300, 90), np.zeros((300, 90), bool)
    mask[40:260, 10:80] = True  # deep enough for the coarser scale
    other = source.copy()
    other[mask] = 255 - other[mask]
    model = inpainter(largest_hole=40)
    np.testing.assert_array_equal(model.filled(source, mask), model.filled(other, mask))


def test_no_seam_where_tiles_meet_nor_at_the_border_of_the_mask() -> None:
    """Filling a smooth photo may not make steps: not between tiles, not beside the mask, not at the coarser scale."""
    source, mask = smooth(420, 420, 3, np.uint16), np.zeros((420, 420), bool)
    mask[30:390, 190:230] = mask[180:260, 30:390] = True
    mask[280:380, 280:380] = True
    model = inpainter(largest_hole=60, noise=0.02)
    filled = model.filled(source, mask).astype(float) / 65535
    steps = np.maximum(np.abs(np.diff(filled, axis=0)).max(2)[:, :-1], np.abs(np.diff(filled, axis=1)).max(2)[:-1])
    natural = np.abs(np.diff(source.astype(float) / 65535, axis=0)).max()
    touched = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)[:-1, :-1]
    assert steps[touched].max() < 3 * natural
    # at tile borders they are no larger than elsewhere in the holes
    borders = np.zeros_like(touched)
    for place in patchwork.tile_starts(420, 256, 64):
        for edge in (place, place + 256):
            borders[max(edge - 1, 0) : edge + 1] = borders[:, max(edge - 1, 0) : edge + 1] = True
    inside = mask[:-1, :-1]
    assert np.quantile(steps[inside & borders], 0.99) < 1.5 * np.quantile(steps[inside & ~borders], 0.99)


def test_tiles_that_disagree_go_over_into_each_other() -> None:
    """Each tile gives another grey: the result goes from the one to the other in small steps."""
    calls = iter(range(100))

    def run(pixels: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return np.full_like(pixels, next(calls) % 2)

    colours, hole = np.zeros((64, 600, 3), np.uint16), np.zeros((64, 600), bool)
    hole[20:40] = True
    fill_by_tiles(run, colours, hole, 256)
    row = colours[30, :, 0].astype(float) / 65535
    assert row.min() == 0
    assert row.max() == 1
    assert np.abs(np.diff(row)).max() < 1 / 30
    assert not colours[~hole].any()


def test_a_network_sees_its_own_grid_and_what_surrounds_the_hole_wherever_that_lies() -> None:
    """Else the same hole would be filled otherwise when the photo is cut by a few pixels, or has a hole more."""
    colours = np.arange(160 * 400, dtype=np.uint16).reshape(160, 400, 1)
    hole = np.zeros((160, 400), np.bool_)
    hole[130:140, 200:210] = True
    seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def run(pixels: np.ndarray, holes: np.ndarray) -> np.ndarray:
        start = np.unravel_index(round(float(pixels[0, 0, 0]) * 65535), (160, 400))
        seen.append((tuple(map(int, start)), holes.shape))
        return pixels

    fill_by_tiles(run, colours, hole, 512)
    assert seen == [((64, 128), (96, 192))]


def test_only_tiles_with_holes_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    model = inpainter()
    run = model._run
    monkeypatch.setattr(model, "_run", lambda pixels, hole: seen.append(hole.shape) or run(pixels, hole))
    source, mask = smooth(1000, 1000), np.zeros((1000, 1000), bool)
    np.testing.assert_array_equal(model.filled(source, mask), source)
    assert seen == []
    mask[500:504, 110:140] = True
    model.filled(source, mask)
    assert 1 <= len(seen) <= 2
    assert all(max(shape) <= 256 for shape in seen)


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    mask = scratched(300, 500)
    inpainter().fill(photo_of(smooth(300, 500)), mask, told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_hole_larger_than_any_in_training_is_told() -> None:
    photo, mask = photo_of(smooth(200, 200)), np.zeros((200, 200), bool)
    mask[50:101, 20:180] = True
    assert inpainter(largest_hole=60).fill(photo, mask).warnings == ()
    (warning,) = inpainter(largest_hole=40).fill(photo, mask).warnings
    assert warning.startswith("aunt.png has a hole 5")
    assert "none wider than 40" in warning


def test_memory_grows_with_a_row_of_tiles_and_not_with_the_photo() -> None:
    """Beside source, result and what is known about the mask, a few rows of tiles."""
    source, mask = smooth(3000, 1200), np.zeros((3000, 1200), bool)
    mask[::100, 5:1000] = True
    model = inpainter()
    tracemalloc.start()
    model.filled(source, mask)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * source.nbytes + 4 * mask.nbytes + 6 * 256 * 1200 * 16


def test_refuses_a_mask_of_another_size_or_over_everything() -> None:
    photo = photo_of(smooth(40, 50))
    with pytest.raises(PhotoError, match=r"aunt.png needs bool \(40, 50\)"):
        inpainter().fill(photo, np.zeros((50, 40), bool))
    with pytest.raises(PhotoError, match=r"covers all of aunt\.png"):
        inpainter().fill(photo, np.ones((40, 50), bool))


def test_loads_what_a_training_saved(tmp_path: Path) -> None:
    network, path = build_inpainter(SMALL), tmp_path / "i.safetensors"
    save_checkpoint(path, Checkpoint("inpainter", SMALL.to_dict(), {"largest_hole": 77}, {}, network.state_dict()))
    model = Inpainter.load(path)
    assert model.largest_hole == 77
    assert model.name.name == "inpainter i.safetensors"


def test_the_shipped_inpainter_is_the_network_that_recipes_train() -> None:
    path, name = shipped_model("inpainter")
    checkpoint = load_checkpoint(path)
    assert InpainterArchitecture.from_dict(checkpoint.architecture) == InpainterArchitecture()
    assert architecture_of(InpainterRecipe()) == InpainterArchitecture()
    assert "/" not in checkpoint.provenance["recipe"]["init"]
    assert not any(folder.startswith("/") for folder in checkpoint.provenance["recipe"]["photos"])
    model = Inpainter.load(device="cpu")
    assert model.name == name
    source, mask = smooth(96, 96), scratched(96, 96)
    filled = model.filled(source, mask)
    assert np.abs(filled.astype(int) - source).mean(where=mask[..., None]) < 6


@pytest.mark.parametrize(
    ("kind", "settings_of", "message"),
    [("detector", {"largest_hole": 7}, "of kind detector"), ("inpainter", {}, "do not fit")],
)
def test_refuses_other_checkpoints(tmp_path: Path, kind: str, settings_of: dict[str, int], message: str) -> None:
    path = tmp_path / "i.safetensors"
    save_checkpoint(path, Checkpoint(kind, SMALL.to_dict(), settings_of, {}, build_inpainter(SMALL).state_dict()))
    with pytest.raises(CheckpointError, match=message):
        Inpainter.load(path)


def test_depth_and_width_of_holes() -> None:
    mask = np.zeros((60, 80), bool)
    mask[10:31, 10:70] = True
    assert depth_of(mask)[20, 40] == 11
    assert widest_hole(mask, 100) == 0
    assert widest_hole(mask, 10) == 22
    assert widest_hole(np.zeros((60, 80), bool), 1) == 0
    mask[:] = False
    mask[:, 60:] = True  # goes on beyond the border
    assert depth_of(mask)[30, 79] == 20


@pytest.mark.parametrize("shape", [(600, 37), (33, 530)])
def test_coarser_photos_know_only_what_is_known(shape: tuple[int, int]) -> None:
    source, mask = smooth(*shape), np.random.default_rng(0).random(shape) < 0.6
    poisoned = source.copy()
    poisoned[mask] = 255
    small, holes = coarser(poisoned, mask)
    assert small.shape[:2] == holes.shape == tuple(-(-side // 2) for side in shape)
    np.testing.assert_array_equal(small, coarser(source, mask)[0])
    for i, j in [(0, 0), (5, 7), (holes.shape[0] - 2, 3)]:
        known = ~mask[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert holes[i, j] == (not known.any())
        if known.any():
            mean = source[2 * i : 2 * i + 2, 2 * j : 2 * j + 2][known].mean(axis=0)
            np.testing.assert_allclose(small[i, j], mean, atol=0.51)


def test_a_coarser_photo_is_enlarged_into_its_place() -> None:
    source = smooth(1101, 67)
    target, where = np.zeros_like(source), np.zeros((1101, 67), bool)
    where[300:900, 10:60] = True
    put_coarse(coarser(source, np.zeros_like(where))[0], target, where)
    assert not target[~where].any()
    assert np.abs(target[where].astype(int) - source[where].astype(int)).max() <= 12


def test_damaged_weights_fill_nothing_in() -> None:
    mask = np.zeros((64, 64), np.bool_)
    mask[20:30, 20:30] = True
    with pytest.raises(InferenceError, match="weights are damaged"):
        inpainter(noise=np.nan).fill(photo_of(smooth(64, 64)), mask)
