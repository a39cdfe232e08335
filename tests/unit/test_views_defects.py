"""Defects: every setting has a slider, and what the sliders say comes back out of a recipe."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

from annotator.views.defects import (
    AGEING,
    KNOBS,
    MOST,
    SAMPLES,
    collection_photos,
    defaults,
    nothing,
    photo_of,
    recipe_text,
    sample_photos,
    settings_of,
    sources,
    worn,
)
from db.blobs import BlobStore
from db.engine import Database
from inference.png import encode_png
from tests.support.databases import new_photo
from trainer.defects import AgeingSettings, DefectError, DefectSettings
from trainer.detecting.recipe import DetectorRecipe
from trainer.learning.reading import from_mapping


def test_every_setting_has_a_slider_that_reaches_it() -> None:
    every = {entry.name for entry in fields(DefectSettings)} - {"ageing", "textures"}
    every |= {AGEING + entry.name for entry in fields(AgeingSettings)}
    assert {knob.name for knob in KNOBS} == every
    for knob in KNOBS:
        changed = settings_of(defaults() | {knob.name: knob.most / 2})
        assert changed != DefectSettings(), knob.name


def test_the_sliders_begin_where_trainings_do() -> None:
    assert settings_of(defaults()) == DefectSettings()
    assert all(0 <= defaults()[knob.name] <= knob.most for knob in KNOBS)


def test_nothing_leaves_a_photo_as_it_is() -> None:
    photo = np.full((60, 80, 3), 120, np.uint8)
    (same,) = worn([photo], 1, settings_of(defaults() | nothing()), outlines=True)
    np.testing.assert_array_equal(same, photo)


@pytest.mark.parametrize(
    "values", [{}, {"crease": 2.0}, {"ageing.grey": 1.0}, {"dust": 0.0, "ageing.silver": 0.5, "covered_share": 0.1}]
)
def test_the_recipe_says_what_is_changed_and_gives_it_back(values: dict[str, float]) -> None:
    settings = settings_of(defaults() | values)
    written = yaml.safe_load(recipe_text(settings)) or {}
    said = written.get("defects", {})
    assert len(said) - ("ageing" in said) + len(said.get("ageing", {})) == len(values)
    assert from_mapping(DetectorRecipe, written).defects == settings


def test_textures_stand_where_a_recipe_has_them() -> None:
    written = yaml.safe_load(recipe_text(settings_of(defaults() | {"hole": 1.0}, "/some/folder")))
    assert written == {"textures": "/some/folder", "defects": {"hole": 1.0}}
    assert from_mapping(DetectorRecipe, written).textures == "/some/folder"


def test_a_folder_without_textures_is_named(tmp_path: Path) -> None:
    settings = settings_of(defaults(), str(tmp_path))
    with pytest.raises(DefectError, match=str(tmp_path)):
        worn([np.zeros((40, 40, 3), np.uint8)], 1, settings, outlines=False)


def test_samples_are_there_without_a_single_photo(database: Database) -> None:
    with database.reading() as session:
        assert list(sources(session)) == [SAMPLES]
    photos = sample_photos(64)
    assert len(photos) == 8
    assert {max(photo.shape) for photo in photos} == {64}


def test_a_collection_offers_its_first_photos(database: Database, tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    with database.unit_of_work() as session:
        for number in range(MOST + 2):
            photo = new_photo(session, f"photo {number}")
            photo.collection = "album"
            photo.sha256 = blobs.put(encode_png(np.full((50, 100, 3), number, np.uint8)))
        new_photo(session, "another")
    with database.reading() as session:
        said = sources(session)
        assert said["album"] == f"album ({MOST + 2})"
        ids = collection_photos(session, "album")
        assert len(ids) == MOST
        pixels = photo_of(session, blobs, ids[0], 40)
    assert pixels.shape == (20, 40, 3)


def test_outlines_are_drawn_on_request() -> None:
    photos = [np.full((120, 120, 3), 90, np.uint8)] * 3
    settings = settings_of(defaults() | nothing() | {"crease": 5.0, "dust": 5.0})
    plain = worn(photos, 5, settings, outlines=False)
    marked = worn(photos, 5, settings, outlines=True)
    assert any((one != other).any() for one, other in zip(plain, marked, strict=True))
    assert len({photo.tobytes() for photo in plain}) == 3, "every photo has a seed of its own"
