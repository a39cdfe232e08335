"""Training pictures: sharing out, masks, and chance that depends on nothing but seed, epoch and index."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference.errors import PhotoError
from trainer.defects import AgeingSettings, DefectSettings
from trainer.detecting.dataset import DetectorDataset, validation_pictures
from trainer.detecting.recipe import DetectorRecipe
from trainer.errors import TrainerError
from trainer.learning import cropping
from trainer.learning.clean import CleanPhoto, CleanPhotosError, clean_photos, packaged_photos, photos_in
from trainer.learning.examples import TrainingExample
from trainer.learning.feeding import batches

STILL = DefectSettings(lookalikes=0, intact=1, ageing=AgeingSettings(strength=0, grey=0, cast=0, jpeg=0))
RECIPE = DetectorRecipe(encoder="plain", pretrained=False, size=48, batch=3, steps_per_epoch=4, seed=9, workers=0)


def _pixels(level: int, height: int = 70, width: int = 90) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def _mask(height: int = 70, width: int = 90) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[60:64, 5:9] = True
    return mask


def _example(level: int = 200, mask: np.ndarray | None = None) -> TrainingExample:
    marked = _mask() if mask is None else mask
    return TrainingExample(f"sha{level}", partial(_pixels, level), partial(np.copy, marked), "train", "drawn")


CLEAN = [CleanPhoto(f"clean{level}", partial(_pixels, level)) for level in (20, 40, 60)]


def test_a_picture_depends_on_seed_epoch_and_index_alone() -> None:
    first, second = (DetectorDataset(RECIPE, [_example()], CLEAN) for _ in range(2))
    for index in (5, 0, 3):
        second[index]
    for index in range(6):
        for one, other in zip(first[index], second[index], strict=True):
            assert torch.equal(one, other)
    second.epoch = 1
    assert any(not torch.equal(first[index][0], second[index][0]) for index in range(6))


def test_data_workers_and_a_late_start_change_nothing() -> None:
    dataset = DetectorDataset(RECIPE, [_example()], CLEAN)
    whole = list(batches(dataset.recipe, dataset, 2, 0, (0, 1), pinned=False))
    with_workers = DetectorDataset(DetectorRecipe(**{**vars(RECIPE), "workers": 2}), [_example()], CLEAN)
    rest = list(batches(with_workers.recipe, with_workers, 2, 2, (0, 1), pinned=False))
    assert len(whole) == 4
    assert len(rest) == 2
    for (photos, masks), (late_photos, late_masks) in zip(whole[2:], rest, strict=True):
        assert torch.equal(photos, late_photos)
        assert torch.equal(masks, late_masks)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_epoch_begun_anew_draws_nothing_of_the_chance_that_dropout_lives_on(workers: int) -> None:
    dataset = DetectorDataset(DetectorRecipe(**{**vars(RECIPE), "workers": workers}), [], CLEAN)
    before = torch.get_rng_state()
    next(batches(dataset.recipe, dataset, 0, 3, (0, 1), pinned=False))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_photo_that_cannot_be_read_is_one_sentence_whoever_reads_it(workers: int, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    dataset = DetectorDataset(DetectorRecipe(**{**vars(RECIPE), "workers": workers}), [], photos_in([str(tmp_path)]))
    with pytest.raises(PhotoError) as caught:
        next(batches(dataset.recipe, dataset, 0, 0, (0, 1), pinned=False))
    assert str(caught.value).startswith(f"{tmp_path / 'broken.png'} is not a picture that heirloom knows; ")
    assert "\n" not in str(caught.value)


def test_two_processes_share_an_epoch_without_overlap() -> None:
    class Numbers:
        epoch = 0

        def __getitem__(self, index: int) -> tuple[torch.Tensor]:
            return (torch.tensor(index),)

    recipe = replace(RECIPE, accumulate=2)
    mine, theirs = (list(batches(recipe, Numbers(), 0, 1, (place, 2), pinned=False)) for place in (0, 1))
    assert [batch[0].tolist() for batch in mine[:2]] == [[12, 13, 14], [18, 19, 20]], "from the second step on"
    assert [batch[0].tolist() for batch in theirs[:2]] == [[15, 16, 17], [21, 22, 23]]
    both = torch.cat([batch[0] for batch in mine + theirs])
    assert sorted(both.tolist()) == list(range(12, 2 * 2 * 4 * 3))


@pytest.mark.parametrize(
    ("share", "examples", "clean", "annotated"),
    [(0.0, True, True, {True}), (1.0, True, True, {False}), (0.0, False, True, {False}), (1.0, True, False, {True}),
     (0.5, True, True, {True, False})],
)  # fmt: skip
def test_the_share_of_synthetic_pictures_is_kept(
    share: float, examples: bool, clean: bool, annotated: set[bool]
) -> None:
    recipe = DetectorRecipe(**{**vars(RECIPE), "synthetic_share": share, "defects": STILL})
    dataset = DetectorDataset(recipe, [_example()] if examples else [], CLEAN if clean else [])
    bright = [float(dataset[index][0].median()) * 255 > 110 for index in range(20)]
    assert set(bright) == annotated


def test_crops_prefer_defects_and_masks_are_zero_or_one() -> None:
    recipe = DetectorRecipe(**{**vars(RECIPE), "synthetic_share": 0.0, "defects": STILL, "size": 32})
    dataset = DetectorDataset(recipe, [_example()], [])
    masks = [dataset[index][1] for index in range(40)]
    assert sum(bool(mask.any()) for mask in masks) >= 28
    assert {float(value) for mask in masks for value in mask.unique()} == {0.0, 1.0}


def test_a_pixel_is_marked_where_at_least_half_of_what_it_shows_is() -> None:
    mask = np.zeros((64, 64), bool)
    mask[::2, :32:2] = mask[:, 32::2] = True
    _, small = cropping.crop(np.random.default_rng(0), _pixels(9, 64, 64), mask, 32, (0.5, 0.5))
    assert small is not None
    assert not small[:, :16].any(), "a quarter"
    assert small[:, 16:].all(), "a half"


def test_fine_detail_of_a_photo_that_is_scaled_down_becomes_its_mean() -> None:
    stripes = _pixels(0, 96, 96)
    stripes[:, ::3] = 240
    small, _ = cropping.crop(np.random.default_rng(0), stripes, None, 32, (1 / 3, 1 / 3))
    assert np.unique(small).tolist() == [80]


def test_masks_lie_where_the_defects_are_however_a_picture_is_cut_and_mirrored() -> None:
    mask = np.zeros((70, 90), bool)
    mask[20:29, 30:37] = mask[40:43, 50:80] = True
    shown = _pixels(60)
    shown[mask] = 240
    example = TrainingExample("sha", partial(np.copy, shown), partial(np.copy, mask), "train", "drawn")
    recipe = DetectorRecipe(**{**vars(RECIPE), "synthetic_share": 0.0, "defects": STILL})
    dataset, seen = DetectorDataset(recipe, [example], []), 0
    for index in range(20):
        photo, marked = dataset[index]
        inside, outside = photo.mean(0)[marked[0] > 0], photo.mean(0)[marked[0] == 0]
        seen += bool(len(inside))
        assert not len(inside) or inside.median() > outside.median() + 0.25
    assert seen > 10


def test_annotated_photos_get_synthetic_defects_and_no_lookalikes_and_each_side_its_own_textures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lookalike over an annotated defect would hide what the mask marks."""
    asked: list[DefectSettings] = []

    def seen(pixels: np.ndarray, seed: int, settings: DefectSettings) -> tuple[np.ndarray, np.ndarray, None]:
        asked.append(settings)
        return pixels, np.zeros(pixels.shape[:2], bool), None

    monkeypatch.setattr("trainer.detecting.dataset.age_and_damage", seen)
    recipe = DetectorRecipe(
        **{**vars(RECIPE), "synthetic_share": 0.0, "textures": "own", "validation_textures": "kept"}
    )
    annotated, synthetic = DetectorDataset(recipe, [_example()], CLEAN), DetectorDataset(recipe, [], CLEAN)
    for index in range(8):
        annotated[index]
    assert 0 < len(asked) < 8
    assert {(settings.lookalikes, settings.textures, settings.ageing.strength) for settings in asked} == {
        (0, "own", 0.25)
    }
    synthetic[0]
    validation_pictures(recipe, CLEAN)
    for_training, *for_validation = asked[-1 - recipe.validation_pictures :]
    assert for_training == replace(recipe.defects, textures="own")
    assert set(for_validation) == {replace(recipe.defects, textures="kept")}


def test_synthetic_defects_join_the_annotated_ones() -> None:
    whole = np.zeros((70, 90), bool)
    many = DefectSettings(dust=20, intact=0)
    recipe = DetectorRecipe(**{**vars(RECIPE), "synthetic_share": 0.0, "defects": many})
    dataset = DetectorDataset(recipe, [_example(60, whole)], [])
    assert sum(bool(dataset[index][1].any()) for index in range(20)) >= 4
    everywhere = DetectorDataset(recipe, [_example(60, ~whole)], [])
    assert all(bool(everywhere[index][1].all()) for index in range(10))


def _strokes(pixels: np.ndarray, seed: int, settings: DefectSettings) -> tuple[np.ndarray, np.ndarray, None]:
    """White lines of two pixels, eight pixels apart, on black."""
    mask = np.zeros(pixels.shape[:2], bool)
    mask[::8] = mask[1::8] = True
    return np.where(mask[..., None], np.uint8(255), np.uint8(0)).repeat(3, axis=2), mask, None


def _thickness(mask: np.ndarray) -> float:
    """Mean height of what is marked in a column."""
    starts = np.count_nonzero(mask[1:] & ~mask[:-1]) + np.count_nonzero(mask[0])
    return np.count_nonzero(mask) / starts


def test_as_many_as_wanted_are_enlarged_after_the_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.detecting.dataset.age_and_damage", _strokes)
    recipe = DetectorRecipe(**{**vars(RECIPE), "size": 96, "enlarged_share": 0.5, "validation_pictures": 40})
    pictures = [tuple(each.numpy() for each in DetectorDataset(recipe, [], CLEAN)[index]) for index in range(40)]
    pictures += [(pixels.transpose(2, 0, 1) / 255, mask[None]) for pixels, mask in validation_pictures(recipe, CLEAN)]
    widths = []
    for pixels, mask in pictures:
        assert pixels.shape == (3, 96, 96)
        assert mask.shape == (1, 96, 96)
        marked = mask[0] > 0
        contrast = pixels[0][marked].mean() - pixels[0][~marked].mean()
        assert contrast > 0.5, "the mask goes with its lines"
        widths.append(_thickness(marked))
    assert 25 <= sum(width > 2.1 for width in widths) <= 55
    assert 4.5 < max(widths) < 7


def test_nothing_is_enlarged_unless_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.detecting.dataset.age_and_damage", _strokes)
    dataset = DetectorDataset(RECIPE, [], CLEAN)
    assert {_thickness(dataset[index][1][0].numpy() > 0) for index in range(20)} == {2.0}


def test_small_photos_are_enlarged_and_large_ones_cut() -> None:
    for height, width in ((20, 30), (300, 40), (500, 600)):
        clean = [CleanPhoto("one", partial(_pixels, 90, height, width))]
        photo, mask = DetectorDataset(RECIPE, [], clean)[0]
        assert photo.shape == (3, 48, 48)
        assert mask.shape == (1, 48, 48)
        assert 0 <= float(photo.min()) <= float(photo.max()) <= 1


def test_a_mask_of_another_size_is_refused() -> None:
    recipe = DetectorRecipe(**{**vars(RECIPE), "synthetic_share": 0.0})
    with pytest.raises(TrainerError, match=r"12×10.*90×70"):
        DetectorDataset(recipe, [_example(99, np.zeros((10, 12), bool))], [])[0]


def test_photos_stay_in_memory_up_to_a_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = cropping._kept
    kept.clear()
    monkeypatch.setattr(cropping, "_KEPT_BYTES", 2 * 70 * 90 * 4)
    examples = [_example(level) for level in (1, 2, 3)]
    for example in (*examples[:2], examples[0], examples[2]):
        cropping.read_example(example)
    assert list(kept) == [examples[0], examples[2]]


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(TrainerError, match="nothing to train on"):
        DetectorDataset(RECIPE, [], [])


def test_validation_pictures_are_the_same_each_time() -> None:
    once, again = (validation_pictures(RECIPE, CLEAN) for _ in range(2))
    assert len(once) == RECIPE.validation_pictures
    for (pixels, mask), (pixels_again, mask_again) in zip(once, again, strict=True):
        np.testing.assert_array_equal(pixels, pixels_again)
        np.testing.assert_array_equal(mask, mask_again)


def test_packaged_photos_are_read_and_none_both_trains_and_validates() -> None:
    names = [photo.name for photo in packaged_photos()]
    assert len(names) == len(set(names)) == 8
    for photo in packaged_photos():
        pixels = photo.load()
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3
        assert pixels.dtype == np.uint8
    train, kept = clean_photos((), ())
    assert {photo.name for photo in kept} == {"chelsea", "coffee"}
    assert {photo.name for photo in train} == set(names) - {"chelsea", "coffee"}


def test_a_folder_is_shared_out_and_an_empty_one_is_named(tmp_path: Path) -> None:
    for number in range(9):
        cv2.imwrite(str(tmp_path / f"{number}.png"), _pixels(number))
    train, kept = clean_photos((str(tmp_path),), ())
    assert [photo.name for photo in kept] == ["0.png", "8.png"]
    assert len(train) == 7
    (tmp_path / "empty").mkdir()
    with pytest.raises(CleanPhotosError, match="empty: there are no photos"):
        photos_in((str(tmp_path / "empty"),))


def test_no_clean_photo_is_on_both_sides_whatever_its_file_is_called(tmp_path: Path) -> None:
    all_of, some_of = tmp_path / "all", tmp_path / "all" / "some"
    some_of.mkdir(parents=True)
    for number in range(4):
        cv2.imwrite(str(all_of / f"{number}.png"), _pixels(number))
    cv2.imwrite(str(some_of / "copy of 2.png"), _pixels(2))
    train, kept = clean_photos((str(all_of), str(all_of)), (str(some_of),))
    assert [photo.name for photo in kept] == ["copy of 2.png"]
    assert [photo.name for photo in train] == 2 * ["0.png", "1.png", "3.png"], "a folder named twice counts twice"
    train, kept = clean_photos((str(all_of),), ())
    assert [photo.name for photo in kept] == ["0.png"]
    assert "0.png" not in [photo.name for photo in train]
    with pytest.raises(CleanPhotosError, match="none is left to train on"):
        clean_photos((str(some_of),), (str(all_of),))


def test_photos_kept_for_validation_are_counted_without_their_copies(tmp_path: Path) -> None:
    for number in range(16):
        cv2.imwrite(str(tmp_path / f"{number:02}.png"), _pixels(number // 2))
    train, kept = clean_photos((str(tmp_path),), ())
    assert [photo.name for photo in kept] == ["00.png"], "one in eight of eight photos"
    assert len(train) == 14
