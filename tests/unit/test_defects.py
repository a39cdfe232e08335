"""Synthetic defects: repeatable from a record, no larger than allowed, and only where something changed."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.defects import (
    AgeingSettings,
    DefectError,
    DefectRecord,
    DefectSettings,
    TextureFolder,
    age_and_damage,
    apply,
    draw,
    make_again,
)
from trainer.defects.coverage import layer_of
from trainer.defects.records import Ageing
from trainer.defects.render import touched
from trainer.defects.settings import KINDS

NONE = dict.fromkeys(KINDS, 0.0)
UNAGED = AgeingSettings(strength=0, grey=0, cast=0, jpeg=0)


@pytest.fixture(scope="module")
def textures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("textures")
    for kind in ("lint", "dirt"):
        (folder / kind).mkdir()
        for number in range(2):
            alpha = np.zeros((60, 80), np.uint8)
            cv2.circle(alpha, (30 + 10 * number, 30), 12, 255, 3)
            cv2.imwrite(str(folder / kind / f"{number}.png"), alpha)
    return folder


def _photo(height: int = 120, width: int = 160) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([(rows + 40) % 160, columns % 150, (rows + columns) % 140], axis=2).astype(np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_a_record_makes_the_picture_again_bit_for_bit(seed: int, textures: Path) -> None:
    settings = DefectSettings(intact=0, textures=str(textures), texture=2)
    photo = _photo()
    damaged, mask, record = age_and_damage(photo, seed, settings)
    read = DefectRecord.from_json(record.to_json())
    again, mask_again = make_again(photo, read, TextureFolder(textures))

    assert read == record
    np.testing.assert_array_equal(again, damaged)
    np.testing.assert_array_equal(mask_again, mask)
    np.testing.assert_array_equal(age_and_damage(photo, seed, settings)[0], damaged)
    assert (damaged.shape, damaged.dtype, mask.dtype) == (photo.shape, np.uint8, np.bool_)


def test_other_seeds_give_other_pictures() -> None:
    settings = DefectSettings(intact=0)
    records = {draw(seed, 90, 90, settings).to_json() for seed in range(20)}
    assert len(records) == 20


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_marks_what_it_changes(kind: str, textures: Path) -> None:
    settings = DefectSettings(
        **{**NONE, kind: 4.0}, intact=0, textures=str(textures), largest_defect=1, covered_share=1, ageing=UNAGED
    )
    photo = _photo()
    seen = 0
    for seed in range(8):
        record = draw(seed, *photo.shape[:2], settings)
        assert {defect.kind for defect in record.defects} <= {kind}
        damaged, mask = apply(photo, record, TextureFolder(textures))
        changed = np.abs(damaged.astype(int) - photo).max(axis=2)
        seen += int(mask.sum())
        if kind != "crease":
            assert not (changed[~mask] > 60).any()
        if mask.any():
            assert changed[mask].mean() > changed[~mask].mean()
    assert seen > 0


@pytest.mark.parametrize("seed", range(25))
def test_the_largest_defect_and_the_covered_share_are_honoured(seed: int, textures: Path) -> None:
    settings = DefectSettings(
        scratch=6, crease=6, hole=6, stain=6, dust=6, texture=6, intact=0, textures=str(textures),
        largest_defect=0.03, covered_share=0.1, ageing=UNAGED,
    )  # fmt: skip
    photo = _photo()
    record = draw(seed, *photo.shape[:2], settings)
    folder = TextureFolder(textures)
    _, mask = apply(photo, record, folder)

    assert record.defects
    assert mask.mean() <= 0.1
    for defect in record.defects:
        layer = layer_of(defect, *photo.shape[:2], folder)
        assert layer is not None
        assert touched(layer, defect).sum() <= 0.03 * mask.size
        _, alone = apply(photo, replace(record, defects=(defect,)), folder)
        assert alone.mean() <= 0.03


def test_ageing_changes_the_photo_and_leaves_the_mask_empty() -> None:
    photo = _photo()
    damaged, mask, record = age_and_damage(photo, 4, DefectSettings(**NONE))
    assert not mask.any()
    assert record.defects == ()
    assert np.abs(damaged.astype(int) - photo).mean() > 3


def test_no_ageing_and_no_defects_leave_the_photo_as_it_is() -> None:
    photo = _photo()
    same, mask, record = age_and_damage(photo, 4, DefectSettings(**NONE, ageing=UNAGED))
    assert record.ageing == Ageing(seed=record.ageing.seed, grain_size=record.ageing.grain_size)
    np.testing.assert_array_equal(same, photo)
    assert not mask.any()


def test_a_white_scratch_on_white_is_no_defect() -> None:
    settings = DefectSettings(**{**NONE, "dust": 5.0}, intact=0, ageing=UNAGED)
    white = np.full((80, 80, 3), 225, np.uint8)
    record = draw(3, 80, 80, settings)
    invisible = replace(record, defects=tuple(replace(d, tone=(225.0, 225.0, 225.0)) for d in record.defects))
    _, mask = apply(white, invisible)
    assert record.defects
    assert not mask.any()


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (600, 40)])
def test_any_size_can_be_damaged(size: tuple[int, int]) -> None:
    photo = np.full((*size, 3), 90, np.uint8)
    for seed in range(6):
        damaged, mask, _ = age_and_damage(photo, seed, DefectSettings())
        assert damaged.shape == photo.shape
        assert mask.shape == size


def test_a_photo_of_another_size_is_refused() -> None:
    record = draw(1, 50, 60, DefectSettings())
    with pytest.raises(DefectError, match="60×50"):
        apply(_photo(), record)


def test_a_changed_or_missing_texture_is_noticed(textures: Path, tmp_path: Path) -> None:
    settings = DefectSettings(**{**NONE, "texture": 8.0}, intact=0, textures=str(textures))
    record = draw(2, 100, 100, settings)
    assert record.defects
    photo = _photo(100, 100)
    with pytest.raises(DefectError, match="name the folder"):
        apply(photo, record)
    for path in textures.rglob("*.png"):
        target = tmp_path / path.relative_to(textures)
        target.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(target), np.full((60, 80), 255, np.uint8))
    with pytest.raises(DefectError, match="not the one"):
        apply(photo, record, TextureFolder(tmp_path))


def test_a_folder_without_textures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefectError, match="no PNG textures"):
        draw(1, 50, 50, DefectSettings(textures=str(tmp_path)))


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 9}', "null"])
def test_a_damaged_record_says_so(damage: str) -> None:
    with pytest.raises(DefectError, match="record"):
        DefectRecord.from_json(damage)


def test_a_record_with_an_unknown_field_is_refused() -> None:
    content = json.loads(draw(1, 50, 50, DefectSettings(intact=0, dust=5)).to_json())
    content["ageing"]["mood"] = 1
    with pytest.raises(DefectError, match="mood"):
        DefectRecord.from_json(json.dumps(content))


@pytest.mark.parametrize(
    "wrong", [{"dust": -1}, {"dust": float("nan")}, {"covered_share": 1.5}, {"largest_defect": -0.1}]
)
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(DefectError, match=next(iter(wrong))):
        DefectSettings(**wrong)
