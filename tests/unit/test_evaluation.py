"""Evaluation: which photos, what is measured on them, what stands beside it."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.snapshots import SnapshotContents, SnapshotEntry
from inference.errors import PhotoError
from inference.masks import encode_mask
from inference.names import ModelName
from inference.png import encode_png
from tests.support.folders import forbidding
from trainer.errors import WrongUse
from trainer.evaluation.clean import clean_photos_in
from trainer.evaluation.detecting.figures import mean_lines, plain
from trainer.evaluation.detecting.measuring import RECALLS, THRESHOLDS, Outcome, evaluate
from trainer.evaluation.detecting.photos import pairs_in, photos_of, set_apart
from trainer.evaluation.detecting.tophat import TopHat, synthetic_pictures, top_hat, top_hat_threshold


class Bright:
    """Takes what is bright for a defect, at its own threshold."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.name = ModelName("bright", f"{threshold}", "file")

    def probability(self, pixels: np.ndarray, progress: Callable[[float], None] | None = None) -> np.ndarray:
        if progress:
            progress(0.5)
            progress(1.0)
        return pixels.mean(axis=2, dtype=np.float32) / np.float32(255)


def nothing(*_: object) -> None:
    """Nobody looks."""


def write_pair(folder: Path, name: str, light: int = 230, side: int = 60) -> None:
    """A dark photo with a light line, marked."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels, mask = np.full((50, side, 3), 80, np.uint8), np.zeros((50, side), np.uint8)
    pixels[10:13, 5:40] = light
    mask[10:13, 5:40] = 255
    cv2.imwrite(str(folder / f"{name}.damaged.png"), pixels)
    cv2.imwrite(str(folder / f"{name}.mask.png"), mask)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two photos in one group, one in another."""
    write_pair(tmp_path / "prints", "a")
    write_pair(tmp_path / "prints", "b", light=150)
    write_pair(tmp_path / "films", "c", light=200)
    return tmp_path


def measured(pairs: Path, *thresholds: float, apart: tuple[str, ...] = ()) -> Outcome:
    return evaluate([Bright(each) for each in thresholds], TopHat(0.2), set_apart(pairs_in([pairs]), apart), nothing)


def test_pairs_are_found_below_a_folder_once_and_grouped_by_where_they_are(pairs: Path) -> None:
    photos = pairs_in([pairs, pairs / "prints"])
    assert [photo.label for photo in photos] == ["films/c", "prints/a", "prints/b"]
    assert [photo.label for photo in pairs_in([pairs / "films"])] == ["films/c"]
    truth = photos[0].read()
    assert truth.pixels.shape == (50, 60, 3)
    assert truth.mask.sum() == 3 * 35
    assert len(truth.photo_sha) == len(truth.mask_sha) == 64


def test_photos_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for place in ("mine/val", "yours/val", "yours/val/new", "theirs/new"):
        write_pair(tmp_path / place, "a")
    photos = pairs_in([tmp_path / "mine/val", tmp_path / "yours/val"])
    assert [photo.label for photo in photos] == ["mine/val/a", "yours/val/a", "new/a"]
    photos = pairs_in([tmp_path / "yours/val", tmp_path / "theirs"])
    assert [photo.label for photo in photos] == ["val/a", "val/new/a", "theirs/new/a"]


def test_a_folder_without_photos_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"no files NAME\.damaged"):
        pairs_in([tmp_path])


def test_names_may_set_a_photo_or_a_group_apart(pairs: Path) -> None:
    photos = pairs_in([pairs])
    assert [photo.apart for photo in set_apart(photos, ["c"])] == [True, False, False]
    assert [photo.apart for photo in set_apart(photos, ["prints"])] == [False, True, True]
    assert [photo.apart for photo in set_apart(photos, ["prints/b"])] == [False, False, True]
    with pytest.raises(WrongUse, match=r"no group is called street; --apart takes one of a, b, c, films"):
        set_apart(photos, ["street"])


def test_a_snapshot_is_judged_by_its_validation_side_with_synthetic_photos_apart() -> None:
    blobs = {"p": encode_png(np.zeros((20, 30, 3), np.uint8)), "m": encode_mask(np.ones((20, 30), bool))}

    def entry(number: int, split: str, origin: str, photo_id: int | None = 1) -> SnapshotEntry:
        return SnapshotEntry(photo_id, "p", 1, "m", split, origin, f"{number}.png")  # type: ignore[arg-type]

    items = (
        entry(0, "train", "drawn"),
        entry(1, "validation", "drawn"),
        entry(2, "validation", "imported"),
        entry(3, "validation", "synthetic"),
        entry(4, "validation", "drawn", photo_id=None),
    )
    photos = photos_of(SnapshotContents(1, "first", "s", items), blobs)  # type: ignore[arg-type]
    assert [(photo.label, photo.apart) for photo in photos] == [
        ("real/1.png", False),
        ("real/2.png", False),
        ("synthetic/3.png", True),
    ]
    assert photos[0].read().mask.all()
    with pytest.raises(WrongUse, match="first has no photos on its validation side"):
        photos_of(SnapshotContents(1, "first", "s", items[:1]), blobs)  # type: ignore[arg-type]


def test_photos_of_a_snapshot_that_bear_one_name_get_a_part_of_their_hash() -> None:
    items = tuple(
        SnapshotEntry(1, sha * 64, 1, "m", "validation", "drawn", name)
        for sha, name in (("a", "scan.jpg"), ("b", "scan.jpg"), ("c", "print.jpg"))
    )
    photos = photos_of(SnapshotContents(1, "first", "s", items), {})  # type: ignore[arg-type]
    assert [photo.name for photo in photos] == ["print.jpg", "scan-aaaaaaaa.jpg", "scan-bbbbbbbb.jpg"]


def test_each_finder_is_measured_at_its_own_threshold(pairs: Path) -> None:
    eager, shy = measured(pairs, 0.4, 0.85).models
    assert [entry.metrics.dice for entry in eager.photos] == [1, 1, 1]
    assert [entry.metrics.dice for entry in shy.photos] == [0, 1, 0]
    assert shy.means()["dice"] == pytest.approx(1 / 3)
    assert shy.means()["best_dice"] == 1
    pooled = shy.pooled()
    assert pooled is not None
    assert pooled.dice == pytest.approx(2 * 105 / (105 + 3 * 105))
    low, high = shy.intervals()["dice"]
    assert 0 <= low <= shy.means()["dice"] <= high <= 1


def test_what_is_apart_is_measured_and_counts_nowhere(pairs: Path) -> None:
    (model,) = measured(pairs, 0.7, apart=("b", "films")).models
    assert [entry.photo.apart for entry in model.photos] == [True, False, True]
    assert model.means()["dice"] == 1
    assert {name: len(group) for name, group in model.groups().items()} == {"films": 1, "prints": 1}
    pooled = model.pooled()
    assert pooled is not None
    assert pooled.dice == 1


def test_what_cannot_be_measured_is_named_and_the_rest_goes_on(pairs: Path) -> None:
    (pairs / "films" / "c.mask.png").unlink()
    (pairs / "prints" / "a.damaged.png").write_bytes(b"no picture")
    cv2.imwrite(str(pairs / "prints" / "b.mask.png"), np.zeros((20, 20), np.uint8))
    write_pair(pairs / "prints", "d")
    outcome = measured(pairs, 0.4)
    assert [entry.input for entry in outcome.failed] == ["films/c", "prints/a", "prints/b"]
    assert "c.mask.png is missing" in outcome.failed[0].reason
    assert "a.damaged.png" in outcome.failed[1].reason
    assert "b.mask.png is 20×20" in outcome.failed[2].reason
    assert [entry.photo.label for entry in outcome.models[0].photos] == ["prints/d"]


def test_a_photo_that_fails_in_one_finder_counts_for_none(pairs: Path) -> None:
    class Fails(Bright):
        def probability(self, pixels: np.ndarray, progress: Callable[[float], None] | None = None) -> np.ndarray:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    outcome = evaluate([Bright(0.5), Fails(0.5)], TopHat(0.2), pairs_in([pairs / "films"]), nothing)
    assert [evaluation.photos for evaluation in [*outcome.models, outcome.reference]] == [[], [], []]
    assert "needs more memory" in outcome.failed[0].reason


def test_a_photo_that_a_model_was_trained_on_judges_nobody(pairs: Path) -> None:
    photos = pairs_in([pairs])
    learned = photos[1].read().photo_sha
    outcome = evaluate([Bright(0.4)], TopHat(0.2), photos, nothing, {learned: "detector v3 (registry)"})
    assert [entry.photo.name for entry in outcome.models[0].photos] == ["c", "b"]
    assert [(entry.input, entry.reason) for entry in outcome.left_out] == [
        ("prints/a", "detector v3 (registry) was trained on it")
    ]
    assert not outcome.failed


def test_progress_rises_over_finders_and_photos(pairs: Path) -> None:
    told: list[float] = []
    evaluate([Bright(0.5)], TopHat(0.2), pairs_in([pairs]), lambda _, share: told.append(share))
    assert told == [place + part for place in range(3) for part in (0.25, 0.5, 1.0)]


def test_the_data_hash_knows_contents_and_not_names(pairs: Path, tmp_path: Path) -> None:
    before = measured(pairs, 0.5).data_sha
    for path in (pairs / "films").iterdir():
        path.rename(path.with_name(path.name.replace("c.", "z.")))
    assert measured(pairs, 0.5).data_sha == before
    write_pair(pairs / "films", "z", light=201)
    assert measured(pairs, 0.5).data_sha != before


def test_curves_are_averaged_over_photos_point_by_point(pairs: Path) -> None:
    (model,) = measured(pairs, 0.5, apart=("films",)).models
    mean = mean_lines(model)
    assert mean is not None
    assert mean.precision.shape == RECALLS.shape
    at = {round(float(threshold), 2): dice for threshold, dice in zip(THRESHOLDS, mean.dice, strict=True)}
    assert at[0.5] == 1  # both lines are found
    assert at[0.7] == 0.5  # 230 is found, 150 is not
    assert at[1.0] == 0


def test_figures_are_plain_and_an_undefined_one_is_null(pairs: Path) -> None:
    cv2.imwrite(str(pairs / "films" / "c.mask.png"), np.zeros((50, 60), np.uint8))
    told = plain(measured(pairs, 0.7, apart=("films",)))
    (model,) = told["models"]
    assert model["name"] == "bright@0.7"
    assert (model["counted"], told["data"]["photos"]) == (2, 3)
    assert model["photos"][0]["figures"]["auc"] is None
    assert model["photos"][0]["apart"]
    assert model["mean"]["dice"] == 0.5
    assert model["interval"]["dice"] == [0.0, 1.0]
    assert set(told["references"]) == {"top-hat", "published, on other photos"}
    assert told["references"]["top-hat"]["threshold"] == 0.2


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
    truths = [photo.read() for photo in pairs_in([pairs])]
    finder = TopHat(top_hat_threshold((truth.pixels, truth.mask) for truth in truths))
    outcome = evaluate([], finder, pairs_in([pairs]), nothing)
    assert all(entry.metrics.dice == entry.metrics.auc == 1.0 for entry in outcome.reference.photos)


def test_top_hat_is_calibrated_on_pictures_that_are_always_the_same() -> None:
    first, again = next(synthetic_pictures()), next(synthetic_pictures())
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert 0 < TopHat.calibrated().threshold < 0.6


def test_a_missing_mask_is_told_when_the_photo_is_read(pairs: Path) -> None:
    (pairs / "films" / "c.mask.png").unlink()
    with pytest.raises(PhotoError, match=r"c\.damaged\.png: its mask c\.mask\.png is missing"):
        pairs_in([pairs])[0].read()


def test_a_mask_without_its_photo_and_one_of_two_photos_fail_by_themselves(pairs: Path) -> None:
    (pairs / "films" / "c.damaged.png").rename(pairs / "films" / "other.png")
    shutil.copy(pairs / "prints" / "a.damaged.png", pairs / "prints" / "a.damaged.bmp")
    outcome = measured(pairs, 0.5)
    assert [(entry.input, entry.reason.rpartition("/")[2]) for entry in outcome.failed] == [
        ("films/c", "c.mask.png: its photo c.damaged.* is missing. Put it beside the mask."),
        ("prints/a", "a.damaged.bmp: its mask a.mask.png could as well be that of another photo. Rename one of them."),
        ("prints/a", "a.damaged.png: its mask a.mask.png could as well be that of another photo. Rename one of them."),
    ]
    assert [entry.photo.label for entry in outcome.models[0].photos] == ["prints/b"]


def test_what_restoring_left_beside_a_photo_is_neither_photo_nor_mask(pairs: Path) -> None:
    for made in ("mask", "restored", "restored-color", "color"):
        shutil.copy(pairs / "prints" / "a.damaged.png", pairs / "prints" / f"a.damaged.{made}.png")
    assert [photo.label for photo in pairs_in([pairs])] == ["films/c", "prints/a", "prints/b"]


def test_a_mask_without_defects_has_no_mean_curve(pairs: Path) -> None:
    cv2.imwrite(str(pairs / "films" / "c.mask.png"), np.zeros((50, 60), np.uint8))
    (model,) = measured(pairs / "films", 0.5).models
    assert mean_lines(model) is None
    assert math.isnan(model.means()["auc"])


def test_a_link_to_itself_among_clean_photos_fails_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("a.png")
    (tmp_path / "b.png").write_bytes(encode_png(np.zeros((20, 20), np.uint8)))
    first, second = clean_photos_in([tmp_path])
    with pytest.raises(PhotoError, match=r"a\.png cannot be read"):
        first.read()
    assert second.read().pixels.shape == (20, 20, 3)


def test_what_cannot_be_read_among_annotated_photos_fails_by_itself(
    pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pairs / "films" / "gone.damaged.png").symlink_to("nowhere.png")
    (pairs / "films" / "round.damaged.png").symlink_to("round.damaged.png")
    (pairs / ".hidden.damaged.png").touch()
    forbidding(monkeypatch, pairs / "prints")
    outcome = measured(pairs, 0.5)
    assert [entry.input for entry in outcome.failed] == ["films/gone", "films/round", f"{pairs.name}/prints"]
    for entry, name in zip(outcome.failed, ("gone.damaged.png", "round.damaged.png", "prints"), strict=True):
        assert f"{name} cannot be read (" in entry.reason
    assert [entry.photo.label for entry in outcome.models[0].photos] == ["films/c"]
    (alone,) = pairs_in([pairs / "prints"])
    assert alone.label == "prints/prints"
