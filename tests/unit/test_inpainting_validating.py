"""What an inpainter in training is judged on."""

import numpy as np
import pytest

from trainer.clean import CleanPhoto
from trainer.inpainting.recipe import InpainterRecipe
from trainer.inpainting.validating import judged_pictures


def _plain(level: int) -> CleanPhoto:
    return CleanPhoto(str(level), lambda: np.full((300, 300, 3), level, np.uint8))


@pytest.mark.parametrize("photos", [1, 2, 4, 6, 7])
def test_bins_come_in_turn_and_every_photo_is_judged_in_every_bin(photos: int) -> None:
    recipe = InpainterRecipe(validation_pictures=6 * photos)
    judged = judged_pictures(recipe, [_plain(20 * number) for number in range(photos)])
    assert len({picture.group for picture in judged[:6]}) == 6
    assert len({(int(picture.pixels[0, 0, 0]), picture.group) for picture in judged}) == 6 * photos
