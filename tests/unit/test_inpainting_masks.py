"""Holes to train and to judge on: as large as asked for, the same for the same chance, never larger than allowed."""

from functools import partial

import cv2
import numpy as np
import pytest

from inference.holes import widest_hole
from trainer.defects.settings import DefectSettings
from trainer.inpainting.dataset import InpainterDataset
from trainer.inpainting.irregular import BINS, bin_name, irregular_mask, mask_for
from trainer.inpainting.masks import MaskSource, defect_mask, limited
from trainer.inpainting.recipe import InpainterRecipe, Schedule
from trainer.learning.clean import CleanPhoto, packaged_photos
from trainer.learning.examples import TrainingExample
from trainer.learning.recipe import RecipeError


@pytest.mark.parametrize("share", [0.01, 0.15, 0.45, 0.6])
@pytest.mark.parametrize("size", [(256, 256), (300, 420)])
def test_irregular_masks_cover_what_is_asked_for(share: float, size: tuple[int, int]) -> None:
    for seed in range(3):
        mask = irregular_mask(np.random.default_rng(seed), *size, share)
        assert mask.shape == size
        assert abs(mask.mean() - share) <= 0.006
        np.testing.assert_array_equal(mask, irregular_mask(np.random.default_rng(seed), *size, share))


def test_irregular_masks_have_thin_and_thick_strokes() -> None:
    widths = [
        widest_hole(irregular_mask(np.random.default_rng(seed), 256, 256, 0.02), 1) for seed in range(12)
    ]  # fmt: skip
    assert min(widths) <= 12
    assert max(widths) >= 18


@pytest.mark.parametrize("bounds", BINS, ids=bin_name)
def test_masks_of_a_bin_lie_in_it(bounds: tuple[float, float]) -> None:
    for seed in range(3):
        share = mask_for(np.random.default_rng(seed), 256, 320, bounds).mean()
        assert max(bounds[0], 0.005) <= share < bounds[1]


def test_every_kind_of_defect_gives_holes() -> None:
    kinds = ("scratch", "crease", "crack", "tear", "hole", "border", "abrasion", "stain", "dust", "hair", "texture")
    for kind in kinds:
        settings = DefectSettings(**{**dict.fromkeys(kinds, 0.0), kind: 3.0}, intact=0.0, lookalikes=0.0)  # type: ignore[arg-type]
        assert any(defect_mask(seed, 160, settings).any() for seed in range(6)), kind


def test_holes_wider_than_allowed_lose_their_middle() -> None:
    mask = np.zeros((100, 100), bool)
    cv2.circle(as_bytes := mask.view(np.uint8), (50, 50), 30, 1, -1)
    assert as_bytes.any()
    kept = limited(mask, 20)
    assert widest_hole(kept, 1) <= 21
    assert not kept[50, 50]
    assert kept[50, 22]
    np.testing.assert_array_equal(limited(mask, 70), mask)


def example() -> TrainingExample:
    """A photo with one annotated square."""
    mask = np.zeros((200, 200), bool)
    mask[90:110, 90:110] = True
    pixels = np.zeros((200, 200, 3), np.uint8)
    return TrainingExample("a" * 64, partial(np.copy, pixels), partial(np.copy, mask), "train", "drawn")


def test_annotated_masks_are_drawn_where_there_are_any() -> None:
    recipe = InpainterRecipe(size=64, irregular_share=0.0, annotated_share=1.0)
    squares = [MaskSource(recipe, [example()]).draw(np.random.default_rng(seed)) for seed in range(6)]
    for mask in squares:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert MaskSource(recipe, []).draw(np.random.default_rng(0)).any()


def test_no_training_mask_is_wider_than_the_recipe_says() -> None:
    source = MaskSource(InpainterRecipe(size=96, largest_hole=10), [example()])
    for seed in range(12):
        mask = source.draw(np.random.default_rng(seed))
        assert 0 < mask.mean() <= 0.95
        assert widest_hole(mask, 1) <= 11


def test_a_recipe_may_ask_for_next_to_no_strokes() -> None:
    source = MaskSource(InpainterRecipe(size=64, irregular_share=1.0, annotated_share=0.0, most_covered=0.005), [])
    assert all(source.draw(np.random.default_rng(seed)).any() for seed in range(4))


def test_a_picture_depends_on_recipe_epoch_and_number_alone() -> None:
    dataset = InpainterDataset(InpainterRecipe(size=64), [], packaged_photos()[:2])
    photo, valid = dataset[5]
    assert (photo.shape, valid.shape) == ((3, 64, 64), (1, 64, 64))
    assert photo.min() >= 0
    assert photo.max() <= 1
    assert set(valid.unique().tolist()) == {0.0, 1.0}
    dataset[3]
    again = InpainterDataset(InpainterRecipe(size=64), [], packaged_photos()[:2])[5]
    assert all(bool((one == other).all()) for one, other in zip((photo, valid), again, strict=True))
    dataset.epoch = 1
    assert not bool((dataset[5][1] == valid).all())


def test_some_pictures_are_grey() -> None:
    colours = CleanPhoto("red", lambda: np.full((80, 80, 3), (200, 30, 30), np.uint8))
    dataset = InpainterDataset(InpainterRecipe(size=32), [], [colours])
    grey = [bool((dataset[index][0][0] == dataset[index][0][1]).all()) for index in range(30)]
    assert 2 <= sum(grey) <= 20


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"irregular_share": 0.9}, "annotated_share"),
        ({"largest_hole": 1}, "largest_hole"),
        ({"most_covered": 1.0}, "most_covered"),
        ({"second_rate": 0.5}, "second_rate"),
        ({"schedule": "stairs"}, "schedule"),
        ({"form": "round"}, "form"),
        ({"validation_textures": "textures/val"}, "validation_textures"),
    ],
)
def test_impossible_recipes_name_the_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(RecipeError, match=field):
        InpainterRecipe(**change)  # type: ignore[arg-type]


def test_rates_fall_in_two_phases() -> None:
    steps = InpainterRecipe(
        epochs=10, steps_per_epoch=10, schedule="steps", learning_rate=2e-4, second_rate=5e-5, warmup_steps=0
    )  # fmt: skip
    assert [steps.learning_rate * steps.rate_share(step) for step in (0, 79, 80, 99)] == pytest.approx(
        [2e-4, 2e-4, 5e-5, 5e-5]
    )
    cosine = InpainterRecipe(
        epochs=10, steps_per_epoch=10, learning_rate=1e-3, second_rate=2e-4, warmup_steps=4
    )  # fmt: skip
    rates = [1e-3 * cosine.rate_share(step) for step in range(101)]
    assert rates[0] < rates[3] < rates[4] == pytest.approx(1e-3)
    assert rates[79] == pytest.approx(2e-4, rel=0.05)
    assert rates[80] == pytest.approx(2e-4)
    assert rates[100] == pytest.approx(0)


def test_without_a_second_phase_the_rate_falls_to_nothing_at_once() -> None:
    recipe = InpainterRecipe(
        epochs=10, steps_per_epoch=10, learning_rate=1e-3, second_rate=2e-4, second_share=0.0, warmup_steps=4
    )
    assert recipe.rate_share(99) == pytest.approx(0, abs=1e-3)
    assert all(recipe.rate_share(step) > recipe.rate_share(step + 1) for step in range(4, 99))


@pytest.mark.parametrize("schedule", ["steps", "cosine"])
def test_a_training_that_is_all_second_phase_begins_at_its_rate(schedule: Schedule) -> None:
    recipe = InpainterRecipe(second_share=1.0, second_rate=1e-4, learning_rate=1e-3, warmup_steps=4, schedule=schedule)
    assert 1e-3 * recipe.rate_share(0) == pytest.approx(1e-4)
