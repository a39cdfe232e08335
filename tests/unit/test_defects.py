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
    OwnTextures,
    TextureFolder,
    add_lookalikes,
    age_and_damage,
    apply,
    draw,
    make_again,
    open_textures,
)
from trainer.defects.ageing import age_print, scan
from trainer.defects.coverage import layer_of
from trainer.defects.lookalikes import LOOKALIKES, draw_lookalikes
from trainer.defects.patterns import PATTERNS, pattern_at
from trainer.defects.procedural import MAPS
from trainer.defects.records import Ageing, Area, Text
from trainer.defects.render import touched, visible_change
from trainer.defects.settings import KINDS, RATES
from trainer.defects.sheet import draw_sheet

NONE = dict.fromkeys(RATES, 0.0)
ALL = dict.fromkeys(RATES, 1.5)
UNAGED = AgeingSettings(strength=0, grey=0, cast=0, jpeg=0)
SOFT_EDGE = 45
"""Levels: what the outermost soft edge of a defect may change beside the mask."""
FAINT_LINE = 5
"""Levels: a line that changes the photo by more is seen on a flat ground."""


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


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_a_record_makes_the_picture_again_bit_for_bit(seed: int, own: bool, textures: Path) -> None:
    settings = DefectSettings(**ALL, intact=0, textures="" if own else str(textures))
    photo = _photo()
    damaged, mask, record = age_and_damage(photo, seed, settings)
    read = DefectRecord.from_json(record.to_json())
    again, mask_again = make_again(photo, read, open_textures(settings.textures))

    assert read == record
    np.testing.assert_array_equal(again, damaged)
    np.testing.assert_array_equal(mask_again, mask)
    np.testing.assert_array_equal(age_and_damage(photo, seed, settings)[0], damaged)
    assert (damaged.shape, damaged.dtype, mask.dtype) == (photo.shape, np.uint8, np.bool_)


def test_many_records_hold_every_kind_and_every_lookalike(textures: Path) -> None:
    settings = DefectSettings(**{**ALL, "lookalikes": 5.0}, intact=0, textures=str(textures))
    records = [draw(seed, 120, 160, settings) for seed in range(25)]
    assert {mark.kind for record in records for mark in record.defects} == set(KINDS)
    assert {mark.kind for record in records for mark in record.lookalikes} == set(LOOKALIKES)


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
        assert not (changed[~mask] > SOFT_EDGE).any()
        near = cv2.dilate((changed > FAINT_LINE).astype(np.uint8), np.ones((3, 3), np.uint8))
        assert not (mask & (near == 0)).any()
    assert seen > 0


@pytest.mark.parametrize("kind", ["scratch", "crease", "crack", "hair", "dust"])
def test_faint_defects_are_marked_where_they_can_be_seen(kind: str) -> None:
    grey = np.full((200, 200, 3), 90, np.uint8)
    marked = 0
    for seed in range(30):
        record = draw(seed, 200, 200, DefectSettings(**{**NONE, kind: 2.0}, intact=0, ageing=UNAGED))
        faint = replace(record, defects=tuple(replace(mark, opacity=0.12) for mark in record.defects))
        damaged, mask = apply(grey, faint, OwnTextures())
        changed = np.abs(damaged.astype(int) - grey).max(axis=2)
        marked += int(mask.sum())
        assert mask[changed > 20].all()
    assert marked > 0


def test_a_fold_on_bright_skin_is_marked_by_its_flanks() -> None:
    skin = np.full((200, 200, 3), 235, np.uint8)
    shares = []
    for seed in range(40):
        record = draw(seed, 200, 200, DefectSettings(**{**NONE, "crease": 2.0}, intact=0, ageing=UNAGED))
        folds = tuple(replace(mark, tone=(235.0, 235.0, 235.0)) for mark in record.defects if mark.flank > 0)
        _, mask = apply(skin, replace(record, defects=folds), OwnTextures())
        shares.append(float(mask.mean()) if folds else 0.0)
    assert max(shares) > 0.01


def test_what_is_written_on_a_border_begins_on_it_and_can_be_read() -> None:
    written = 0
    for seed in range(60):
        chance = np.random.default_rng(seed)
        marks = draw_lookalikes(chance, draw_sheet(chance, 300, 400, (1.0, 1.0, 1.0)), 1, ("frame",))
        border = marks[0]
        assert isinstance(border, Area)
        (left, top), (right, _), (_, low), _ = border.outlines[1]
        for text in (mark for mark in marks if isinstance(mark, Text)):
            assert text.x < left + 2 or text.x > right - 2 or text.y < top + 2 or text.y > low - 2
            assert abs(text.tone[0] - border.tone[0]) > 100
            written += 1
    assert written > 10


def test_most_sitters_are_cut_off_by_the_border() -> None:
    cut = 0
    for seed in range(40):
        chance = np.random.default_rng(seed)
        shirt = draw_lookalikes(chance, draw_sheet(chance, 300, 400, (1.0, 1.0, 1.0)), 1, ("sitter",))[0]
        assert isinstance(shirt, Area)
        outline = np.array(shirt.outlines[0])
        seen = ((outline > 0) & (outline < (400, 300))).all(axis=1)
        cut += bool(seen.any() and not seen.all())
    assert cut > 20


@pytest.mark.parametrize("kind", LOOKALIKES)
def test_lookalikes_change_the_photo_and_never_the_mask(kind: str) -> None:
    photo = _photo()
    changed = 0.0
    for seed in range(6):
        chance = np.random.default_rng(seed)
        sheet = draw_sheet(chance, *photo.shape[:2], (1.0, 1.0, 1.0))
        record = draw(seed, *photo.shape[:2], DefectSettings(**NONE))
        record = replace(record, lookalikes=draw_lookalikes(chance, sheet, 3, (kind,)))
        read = DefectRecord.from_json(record.to_json())
        assert read == record
        changed += float(np.abs(add_lookalikes(photo, read).astype(int) - photo).mean())
        _, mask = make_again(photo, read, OwnTextures())
        assert not mask.any()
    assert changed > 0


def test_every_second_print_has_paper_like_its_own_lights() -> None:
    cast, lightest = (1.0, 0.9, 0.7), 150.0
    papers = [draw_sheet(np.random.default_rng(seed), 90, 90, cast, lightest).paper for seed in range(200)]
    like_lights = [paper for paper in papers if paper[0] <= lightest]
    assert 70 < len(like_lights) < 130
    assert all(0.66 < blue / red <= 0.7 and red >= 0.9 * lightest for red, _, blue in like_lights)


@pytest.mark.parametrize("seed", range(25))
def test_the_largest_defect_and_the_covered_share_are_honoured(seed: int, textures: Path) -> None:
    settings = DefectSettings(
        **dict.fromkeys(KINDS, 4.0), intact=0, textures=str(textures), largest_defect=0.03, covered_share=0.1
    )
    photo = _photo()
    record = draw(seed, *photo.shape[:2], settings)
    folder = TextureFolder(textures)
    _, mask = apply(photo, record, folder)

    assert record.defects
    assert mask.mean() <= 0.1
    visible = visible_change(record.ageing)
    for defect in record.defects:
        layer = layer_of(defect, *photo.shape[:2], folder)
        assert layer is not None
        assert touched(layer, visible).sum() <= 0.03 * mask.size
        _, alone = apply(photo, replace(record, defects=(defect,)), folder)
        assert alone.mean() <= 0.03


def test_ageing_changes_the_photo_and_leaves_the_mask_empty() -> None:
    photo = _photo()
    damaged, mask, record = age_and_damage(photo, 4, DefectSettings(**NONE))
    assert not mask.any()
    assert record.defects == ()
    assert np.abs(damaged.astype(int) - photo).mean() > 3


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize(
    ("before", "one"),
    [
        (True, {"cast": (1.0, 0.8, 0.6)}), (True, {"toning": (1.0, 1.2, 1.5)}), (True, {"black": 40.0}),
        (True, {"gamma": 1.4}), (True, {"uneven": 0.2}), (True, {"vignette": 0.4}), (True, {"vignette": -0.2}),
        (True, {"focus": 1.5}), (True, {"grain": 8.0}), (True, {"specks": 0.01, "speck_contrast": 40.0}),
        (True, {"paper": "weave", "paper_contrast": 20.0}), (True, {"paper": "linen", "paper_contrast": 20.0}),
        (True, {"paper": "honeycomb", "paper_contrast": 20.0}), (True, {"silver": 80.0}), (True, {"halftone": 3.0}),
        (False, {"scan_gamma": 1.3}), (False, {"scan_cast": (1.0, 0.9, 0.9)}), (False, {"scan_focus": 1.0}),
        (False, {"scan_noise": 3.0}), (False, {"banding": 3.0}), (False, {"jpeg_quality": 50}),
    ],
)  # fmt: skip
def test_each_way_of_ageing_changes_the_photo(before: bool, one: dict[str, object], grey: bool) -> None:
    photo = _photo()
    plain, aged = Ageing(seed=5, grey=grey), replace(Ageing(seed=5, grey=grey), **one)
    reference = age_print(photo, plain)
    changed = age_print(photo, aged) if before else scan(reference, aged)
    assert changed.shape == photo.shape
    assert changed.dtype == np.uint8
    assert np.abs(changed.astype(int) - reference).max() >= 2
    np.testing.assert_array_equal(age_print(photo, aged) if before else scan(reference, aged), changed)


def test_ageing_without_strength_leaves_even_grey_and_cast_out() -> None:
    photo = _photo()
    for seed in range(10):
        settings = DefectSettings(**NONE, ageing=AgeingSettings(strength=0))
        np.testing.assert_array_equal(age_and_damage(photo, seed, settings)[0], photo)


def test_no_ageing_and_no_defects_leave_the_photo_as_it_is() -> None:
    photo = _photo()
    same, mask, _ = age_and_damage(photo, 4, DefectSettings(**NONE, ageing=UNAGED))
    np.testing.assert_array_equal(same, photo)
    assert not mask.any()


def test_a_white_scratch_on_white_is_no_defect() -> None:
    settings = DefectSettings(**{**NONE, "dust": 5.0}, intact=0, ageing=UNAGED)
    white = np.full((80, 80, 3), 225, np.uint8)
    record = draw(3, 80, 80, settings)
    invisible = replace(record, defects=tuple(replace(d, tone=(225.0, 225.0, 225.0)) for d in record.defects))
    _, mask = apply(white, invisible, OwnTextures())
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
        apply(_photo(), record, OwnTextures())
    with pytest.raises(DefectError, match="60×50"):
        make_again(_photo(), record, OwnTextures())


def test_a_changed_or_missing_texture_is_noticed(textures: Path, tmp_path: Path) -> None:
    settings = DefectSettings(**{**NONE, "texture": 8.0}, intact=0, textures=str(textures))
    record = draw(2, 100, 100, settings)
    assert record.defects
    photo = _photo(100, 100)
    with pytest.raises(DefectError, match="name the folder"):
        apply(photo, record, OwnTextures())
    for path in textures.rglob("*.png"):
        target = tmp_path / path.relative_to(textures)
        target.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(target), np.full((60, 80), 255, np.uint8))
    with pytest.raises(DefectError, match="not the one"):
        apply(photo, record, TextureFolder(tmp_path))


def test_a_folder_without_textures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefectError, match="no PNG textures"):
        draw(1, 50, 50, DefectSettings(textures=str(tmp_path)))


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 1}', '{"format": 9}', "null"])
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


@pytest.mark.parametrize("kind", MAPS)
def test_our_own_textures_are_maps_that_come_again(kind: str) -> None:
    textures = OwnTextures()
    first = textures.read(f"own/{kind}/7")
    assert first.alpha.dtype == np.uint8
    assert 0.0005 < (first.alpha > 40).mean() < 0.6
    assert textures.read(f"own/{kind}/8").digest != first.digest
    np.testing.assert_array_equal(OwnTextures().read(f"own/{kind}/7").alpha, first.alpha)


@pytest.mark.parametrize("name", ["own/sand/1", "own/lint", "own/lint/x", "lint/1.png"])
def test_a_texture_that_is_not_ours_is_refused(name: str) -> None:
    with pytest.raises(DefectError, match="texture"):
        OwnTextures().read(name)


def test_without_a_folder_textures_are_our_own() -> None:
    record = draw(3, 200, 200, DefectSettings(**{**NONE, "texture": 4.0}, intact=0))
    assert record.defects
    assert all(mark.name.startswith("own/") for mark in record.defects)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_stay_within_their_contrast(pattern: str) -> None:
    rows, columns = np.mgrid[:80, :80].astype(np.float32)
    values = pattern_at(pattern, 7.0, 0.3, rows, columns)
    assert values.dtype == np.float32
    assert np.abs(values).max() <= 0.5
    assert values.std() > 0.05


def test_an_unknown_pattern_is_refused() -> None:
    with pytest.raises(DefectError, match="tweed"):
        pattern_at("tweed", 5.0, 0.0, np.zeros(1, np.float32), np.zeros(1, np.float32))
