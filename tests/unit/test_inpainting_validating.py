"""What an inpainter in training is judged on."""

import numpy as np
import pytest

from inference.networks.inpainter import build_inpainter
from tests.unit.test_inpainter_network import LIGHT
from trainer.inpainting.recipe import InpainterRecipe
from trainer.inpainting.validating import judged_pictures, validate
from trainer.learning.clean import CleanPhoto


def _plain(level: int, height: int = 300, width: int = 300) -> CleanPhoto:
    return CleanPhoto(str(level), lambda: np.full((height, width, 3), level, np.uint8))


@pytest.mark.parametrize("photos", [1, 2, 4, 6, 7])
def test_bins_come_in_turn_and_every_photo_is_judged_in_every_bin(photos: int) -> None:
    recipe = InpainterRecipe(validation_pictures=6 * photos)
    judged = judged_pictures(recipe, [_plain(20 * number) for number in range(photos)])
    assert len({picture.group for picture in judged[:6]}) == 6
    assert len({(int(picture.pixels[0, 0, 0]), picture.group) for picture in judged}) == 6 * photos


def test_photos_of_all_sizes_are_judged_and_shown_side_by_side() -> None:
    photos = [_plain(60), _plain(80, height=40), _plain(100, 90, 70)]
    judged = judged_pictures(InpainterRecipe(validation_pictures=6), photos)
    found = validate(build_inpainter(LIGHT), "cpu", judged, 40, lambda: False)
    assert found.score > 30
    assert found.samples["samples"].shape == (3 * 256, 6 * 256, 3)
