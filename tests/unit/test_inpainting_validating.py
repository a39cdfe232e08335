"""What an inpainter in training is judged on."""

import numpy as np

from trainer.clean import CleanPhoto
from trainer.inpainting.recipe import InpainterRecipe
from trainer.inpainting.validating import judged_pictures


def _plain(level: int) -> CleanPhoto:
    return CleanPhoto(str(level), lambda: np.full((300, 300, 3), level, np.uint8))


def test_every_photo_is_judged_with_holes_of_every_size() -> None:
    judged = judged_pictures(InpainterRecipe(validation_pictures=12), [_plain(0), _plain(100)])
    seen = {(int(picture.pixels[0, 0, 0]), picture.group) for picture in judged}
    assert len(seen) == 12
