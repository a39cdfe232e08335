"""The colorizer that ships: light, what recipes train by default, and it gives faces a warmer colour than grey."""

import numpy as np
import pytest

from inference.checkpoint import load_checkpoint
from inference.colorizer import Colorizer, Hint
from inference.colour import luma_of, to_luma_and_chroma
from inference.networks.colorizer import ColorizerArchitecture
from inference.photo import Photo
from inference.shipped import shipped_path
from trainer.colouring.recipe import ColorizerRecipe
from trainer.colouring.starting import architecture_of
from trainer.learning.clean import packaged_photos
from trainer.measuring.colours import measure, one_colour


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer.load(device="cpu")


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return next(photo for photo in packaged_photos() if photo.name == "astronaut").load()


def grey_photo(pixels: np.ndarray) -> Photo:
    grey = np.rint(luma_of(pixels) * 255).astype(np.uint8)
    return Photo(np.repeat(grey[..., None], 3, axis=2), grey, "portrait", "PNG")


def test_it_is_the_network_that_recipes_train_by_default_and_light() -> None:
    shipped = ColorizerArchitecture.from_dict(load_checkpoint(shipped_path("colorizer")).architecture)
    assert shipped == architecture_of(ColorizerRecipe())
    assert shipped_path("colorizer").stat().st_size < 8.2e6


def test_its_name_says_that_it_ships(colorizer: Colorizer) -> None:
    assert str(colorizer.name).startswith("colorizer shipped-")


def test_a_portrait_comes_nearer_to_its_colours_than_grey(colorizer: Colorizer, portrait: np.ndarray) -> None:
    coloured = colorizer.colour(grey_photo(portrait))
    grey = one_colour(portrait, np.zeros(2, np.float32))
    assert measure(np.asarray(coloured, np.uint8), portrait).mse < measure(grey, portrait).mse


def test_it_follows_a_hint(colorizer: Colorizer, portrait: np.ndarray) -> None:
    photo = grey_photo(portrait)
    plain, hinted = (
        colorizer.colour(photo, hints=hints) for hints in ((), (Hint(400, 120, 30, 60, 200),))
    )  # fmt: skip
    window = np.s_[380:420, 100:140]
    before, after = (
        to_luma_and_chroma(each[window].astype(np.float32) / 255)[1].mean((0, 1)) for each in (plain, hinted)
    )
    assert after[0] > before[0] + 0.02  # more blue
