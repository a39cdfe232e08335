"""What a person can see is in the mask, and nothing else."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trainer.defects import DefectSettings, apply, draw
from trainer.defects.coverage import layer_of
from trainer.defects.lines import draw_scratches
from trainer.defects.records import Lines, Specks, Stroke
from trainer.defects.render import damage
from trainer.defects.settings import RATES, AgeingSettings
from trainer.defects.sheet import draw_sheet
from trainer.defects.textures import OwnTextures, open_textures

Mask = npt.NDArray[np.bool_]
VISIBLE = 11.0
"""Levels from which a pixel is seen on a print without grain."""
FAINT = DefectSettings(**dict.fromkeys(RATES, 0.0) | {"scratch": 6.0}, intact=0.0, ageing=AgeingSettings(strength=0))


def _marked(pixels: np.ndarray) -> float:
    """Mean share of the mask over a few records of scratches."""
    textures = open_textures("")
    shares = [apply(pixels, draw(seed, *pixels.shape[:2], FAINT), textures)[1].mean() for seed in range(12)]
    return float(np.mean(shares))


def test_scratches_are_marked_less_where_the_photo_is_full_of_detail() -> None:
    """The same strokes on the same mean level: plain paper, and leaves in the sun."""
    plain = np.full((128, 128, 3), 128, np.uint8)
    chance = np.random.default_rng(0)
    busy = np.repeat(np.clip(chance.normal(128, 60, (128, 128, 1)), 0, 255).astype(np.uint8), 3, axis=2)
    assert 0 < _marked(busy) < 0.8 * _marked(plain)


def _line_and_speck(opacity: float) -> tuple[Mask, Mask]:
    """Masks of a line and of a speck, both two pixels thick, white at this opacity on plain grey."""
    plain = np.full((64, 64, 3), 128, np.uint8)
    white = (255.0, 255.0, 255.0)
    line = Lines("scratch", 1, (Stroke(((8, 32), (56, 32)), (2.0, 2.0)),), white, opacity)
    speck = Specks("dust", ((32.0, 32.0, 1.0, 1.0, 0.0),), white, opacity)
    layers = [layer_of(mark, 64, 64, OwnTextures()) for mark in (line, speck)]
    marked = [damage(plain, [layer], VISIBLE)[1] for layer in layers if layer is not None]
    return marked[0], marked[1]


def test_a_faint_line_is_seen_where_a_speck_as_faint_is_not() -> None:
    line, speck = _line_and_speck(0.07)  # about nine levels
    assert line[32, 12:52].all()
    assert not speck.any()
    assert not _line_and_speck(0.03)[0].any()


def test_seeing_faint_lines_makes_a_plain_one_no_wider() -> None:
    """A soft line: its edge must reach what makes any pixel visible, not what makes a faint line so."""
    plain = np.full((64, 64, 3), 128, np.uint8)
    stroke = Stroke(((8, 32), (56, 32)), (3.0, 3.0))
    soft = layer_of(Lines("scratch", 1, (stroke,), (255.0,) * 3, 0.4, softness=1.5), 64, 64, OwnTextures())
    assert soft is not None
    mask, as_any_mark = (damage(plain, [layer], VISIBLE)[1] for layer in (soft, replace(soft, seen_from=1.0)))
    assert mask.any()
    assert (mask == as_any_mark).all()


def test_scratches_from_the_transport_of_a_film_run_one_way_all_over_the_frame() -> None:
    sheet = draw_sheet(np.random.default_rng(0), 400, 400, (1.0, 1.0, 1.0))
    groups = [draw_scratches(np.random.default_rng(seed), sheet) for seed in range(120)]
    many = [group for group in groups if len(group.strokes) > 8]
    assert len(many) > 10
    for group in many:
        ends = np.array([(stroke.points[0], stroke.points[-1]) for stroke in group.strokes])
        turns = np.arctan2(*(ends[:, 1] - ends[:, 0]).T[::-1])
        off = np.abs(np.sin(2 * turns))  # 0 along either side of the frame
        assert off.max() < 0.2
        assert ends.mean(axis=1).std(axis=0).max() > 0.15 * sheet.span
