"""What colorizers learn from: old prints of colour photos, the discriminator, figures and recipes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from inference.colour import to_luma_and_chroma
from inference.png import encode_png
from trainer.colouring.dataset import ColorizerDataset, _view, draw_hints, film
from trainer.colouring.discriminator import Balance, Discriminator, Diverged, SelfAttention
from trainer.colouring.recipe import ColorizerRecipe, ColourLossSettings
from trainer.colouring.surveying import colour_amount, survey
from trainer.colouring.validating import JudgedPhoto, best_scale, judged_photos, references, score_of
from trainer.errors import TrainerError
from trainer.learning.clean import CleanPhoto, photos_in
from trainer.learning.recipe import RecipeError
from trainer.measuring.colours import mean_chroma, measure, one_colour, together

RECIPE = ColorizerRecipe(size=32)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def colourful(seed: int = 0, height: int = 40, width: int = 60) -> np.ndarray:
    return (
        np.asarray(chance(seed).integers(0, 256, (height // 10, width // 10, 3)), np.uint8).repeat(10, 0).repeat(10, 1)
    )


def photo(pixels: np.ndarray, name: str = "photo") -> CleanPhoto:
    return CleanPhoto(name, lambda: pixels)


# pictures


def test_the_same_picture_comes_again_and_another_epoch_brings_others() -> None:
    photos = [photo(colourful(seed), f"photo {seed}") for seed in range(3)]
    one, other = ColorizerDataset(RECIPE, photos), ColorizerDataset(RECIPE, photos)
    first = one[5]
    other[4]
    assert all(torch.equal(a, b) for a, b in zip(first, other[5], strict=True))
    other.epoch = 1
    assert not torch.equal(first[0], other[5][0])


def test_a_picture_is_old_grey_beside_clean_chroma() -> None:
    luma, chroma, hints = ColorizerDataset(RECIPE, [photo(colourful())])[0]
    assert (luma.shape, chroma.shape, hints.shape) == ((1, 32, 32), (2, 32, 32), (3, 32, 32))
    assert 0 <= luma.min() <= luma.max() <= 1
    assert chroma.abs().max() <= 0.5
    assert chroma.abs().mean() > 0.05


def test_orthochromatic_film_is_blind_to_red() -> None:
    red, blue = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8)
    red[..., 0], blue[..., 2] = 220, 220
    for seed in range(5):
        assert film(chance(seed), red, 1.0).mean() < 80
        assert film(chance(seed), red, 1.0).mean() < film(chance(seed), blue, 1.0).mean()
        assert film(chance(seed), red, 0.0).mean() > 100
    grey = np.full((8, 8, 3), 120, np.uint8)
    assert np.abs(film(chance(), grey, 0.5).astype(int) - 120).max() <= 1


def test_photos_without_colour_are_passed_over() -> None:
    grey = np.repeat(chance().integers(0, 256, (40, 40, 1), np.uint8), 3, axis=2)
    photos = [photo(grey, f"grey {each}") for each in range(5)] + [photo(colourful(), "colour")]
    dataset = ColorizerDataset(RECIPE, photos)
    for index in range(6):
        assert dataset[index][1].abs().mean() > 0.05
    with pytest.raises(TrainerError, match="none has colour"):
        ColorizerDataset(RECIPE, photos[:5])[0]
    assert survey(photos, 0.02).dull == 5
    with pytest.raises(TrainerError, match="no colour"):
        survey(photos[:5], 0.02)


@pytest.mark.parametrize(("photos", "looked_at"), [(600, 600), (1100, 550)])
def test_at_most_600_photos_are_looked_at_beforehand(photos: int, looked_at: int) -> None:
    assert survey([photo(colourful())] * photos, 0.02).looked_at == looked_at


def test_portraits_are_drawn_as_often_as_the_recipe_says(tmp_path: Path) -> None:
    for folder, level in (("people", 200), ("things", 60)):
        (tmp_path / folder).mkdir()
        for each in range(3):
            pixels = np.zeros((40, 40, 3), np.uint8)
            pixels[..., 0] = level
            (tmp_path / folder / f"{each}.png").write_bytes(encode_png(pixels))
    photos = photos_in([str(tmp_path)])
    recipe = ColorizerRecipe(
        size=32, photos=(str(tmp_path),), portraits=(str(tmp_path / "people"),), portrait_share=0.8
    )  # fmt: skip
    dataset = ColorizerDataset(recipe, photos)
    people = [float(dataset[index][1][1].mean()) > 0.2 for index in range(60)]
    assert 36 <= sum(people) <= 58
    with pytest.raises(TrainerError, match="portrait_share to 0"):
        ColorizerDataset(recipe, [photo for photo in photos if "things" in photo.name])


def test_hints_hold_the_true_chroma_around_their_place() -> None:
    _, chroma = to_luma_and_chroma(colourful(height=30, width=30).astype(np.float32) / 255)
    chroma[:] = chroma[15, 15]
    hints = draw_hints(chance(3), chroma)
    there = hints[2] > 0
    assert 0 < there.sum() < 900
    assert np.abs(hints[:2, there] - chroma[15, 15][:, None]).max() < 1e-6
    assert (hints[:2, ~there] == 0).all()


def test_a_picture_shows_a_little_more_of_one_side_than_of_the_other() -> None:
    sides = [_view(chance(seed), colourful(height=90, width=90), 48).shape[:2] for seed in range(40)]
    assert {max(shape) for shape in sides} == {48}
    assert min(min(shape) for shape in sides) >= 48 / 1.15 - 1
    assert {height > width for height, width in sides if height != width} == {True, False}


# discriminator


def test_attention_starts_as_nothing_and_then_lets_every_place_see_every_other() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(16).eval()
    features = torch.rand(1, 16, 6, 7, requires_grad=True)
    assert torch.equal(attention(features), features)
    with torch.no_grad():
        attention.gamma.fill_(1.0)
    attention(features)[0, :, 0, 0].sum().backward()
    assert (features.grad[0].abs().sum(dim=0) > 0).all()


def test_attention_is_that_of_a_plain_loop() -> None:
    torch.manual_seed(0)
    attention = SelfAttention(8).double().eval()
    with torch.no_grad():
        attention.gamma.fill_(0.7)
    features = torch.rand(1, 8, 2, 3, dtype=torch.float64)
    query, key, value = (layer(features)[0].flatten(1) for layer in (attention.query, attention.key, attention.value))
    seen = torch.zeros_like(value)
    for place in range(6):
        looks = torch.stack([query[:, place] @ key[:, other] for other in range(6)])
        shares = looks.exp() / looks.exp().sum()
        seen[:, place] = sum(shares[other] * value[:, other] for other in range(6))
    expected = features + 0.7 * attention.out(seen.view(1, -1, 2, 3))
    assert torch.allclose(attention(features), expected, atol=1e-10)


def test_the_discriminator_sees_luma_and_chroma_about_as_strong_as_each_other() -> None:
    seen: list[torch.Tensor] = []
    discriminator = Discriminator(8)
    discriminator.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    luma, chroma = torch.tensor([0.0, 1.0]).expand(1, 1, 32, 2), torch.tensor([-0.5, 0.5]).expand(1, 2, 32, 2)
    discriminator(luma.repeat(1, 1, 1, 16), chroma.repeat(1, 1, 1, 16))
    assert (seen[0][0, 0].unique().tolist(), seen[0][0, 1:].unique().tolist()) == ([-1, 1], [-2, 2])


def test_the_discriminator_is_spectrally_normalised_and_scores_patches() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(8)
    for _ in range(30):
        scores = discriminator(torch.rand(2, 1, 64, 64), torch.rand(2, 2, 64, 64) - 0.5)
    assert scores.shape == (2, 1, 4, 4)
    for module in discriminator.modules():
        if isinstance(module, torch.nn.Conv2d):
            assert torch.linalg.matrix_norm(module.weight.detach().flatten(1), 2) == pytest.approx(1, abs=0.1)


def test_a_discriminator_that_has_won_for_good_stops_the_training() -> None:
    balance = Balance()
    sure = torch.full((1, 1, 2, 2), 3.0)

    def win() -> None:
        for _ in range(2000):
            balance.update(0.0, sure, -sure)

    with pytest.raises(Diverged, match="Lower discriminator_rate"):
        win()
    again = Balance()
    again.load_state_dict(balance.state_dict())
    with pytest.raises(Diverged):
        again.update(0.0, sure, -sure)
    other = Balance()
    figures = [other.update(0.5, sure, -sure) for _ in range(2000)]
    assert figures[-1]["discriminator_right"] == 1.0


def test_losses_that_are_no_numbers_stop_the_training() -> None:
    with pytest.raises(Diverged, match="diverged: discriminator_loss"):
        Balance().update(float("nan"), torch.zeros(1), torch.zeros(1))


# figures


def test_the_figures_of_a_photo() -> None:
    true = colourful(1)
    same = measure(true, true)
    assert (same.mse, same.ciede2000) == (0, 0)
    assert same.amount == same.true_amount > 10
    grey = one_colour(true, np.zeros(2, np.float32))
    left = measure(grey, true)
    _, chroma = to_luma_and_chroma(true.astype(np.float32))
    assert left.mse == pytest.approx(float((chroma**2).mean()), rel=0.05)
    assert left.amount < 1
    assert left.ciede2000 > 5
    assert together([same, left])["colourfulness"] == pytest.approx(0.5, abs=0.01)
    assert together([left])["psnr"] == pytest.approx(10 * np.log10(255**2 / left.mse))


def test_the_mean_colour_is_the_best_single_one() -> None:
    photos = [colourful(seed) // 2 + 60 for seed in range(3)]
    mean = mean_chroma(photos)

    def error(colour: np.ndarray) -> float:
        return together(measure(one_colour(each, colour), each) for each in photos)["mse"]

    assert error(mean) < min(error(mean + np.array(off, np.float32)) for off in ((0.03, 0), (-0.03, 0), (0, 0.03)))


def test_groups_of_validation_are_kept_apart(tmp_path: Path) -> None:
    for folder, count in (("people", 3), ("things", 9)):
        (tmp_path / folder).mkdir()
        for each in range(count):
            (tmp_path / folder / f"{each}.png").write_bytes(encode_png(colourful(each)))
    judged = judged_photos(photos_in([str(tmp_path)]), [str(tmp_path / "people")], 8, 30)
    groups = [each.group for each in judged]
    assert (groups.count("portraits"), groups.count("general")) == (3, 5)
    assert max(max(each.pixels.shape) for each in judged) == 30
    for most in (1, 5):
        assert len(judged_photos(photos_in([str(tmp_path)]), [str(tmp_path / "people")], most, 30)) == most
    figures = references(judged)
    assert figures["general/grey_colourfulness"] < 0.05
    assert figures["portraits/mean_colour_mse"] < figures["portraits/grey_mse"]


def test_the_amount_of_colour() -> None:
    assert colour_amount(np.full((30, 30, 3), 90, np.uint8)) < 1e-6
    assert colour_amount(colourful()) > 0.1


def test_chroma_is_scaled_to_what_is_nearest_but_not_to_grey() -> None:
    judged = [JudgedPhoto("general", colourful(seed) // 2 + 60) for seed in range(3)]
    true = [to_luma_and_chroma(each.pixels.astype(np.float32) / 255)[1] for each in judged]
    scale, figures = best_scale(judged, [chroma / np.float32(0.9) for chroma in true])
    assert scale == 0.9
    assert figures["general/ciede2000"] < 0.6
    assert best_scale(judged, [-chroma for chroma in true])[0] == 0.7  # all wrong: the least that is allowed
    assert best_scale(judged, [chroma * np.float32(0.1) for chroma in true])[0] == 1.2  # pale: the most there is
    wrong = [chroma * np.float32(-0.6) for chroma in true]
    assert best_scale(judged, wrong)[0] == 0.85  # paler would be nearer, but leaves less than half


def test_a_pale_epoch_is_not_kept_for_its_small_difference() -> None:
    def figures(difference: float, colourfulness: float) -> dict[str, float]:
        return {
            "general/ciede2000": difference, "general/colourfulness": colourfulness,
            "portraits/ciede2000": 7.0, "portraits/colourfulness": 0.8,
        }  # fmt: skip

    assert score_of(figures(9.0, 0.5)) == -8.0
    assert score_of(figures(9.0, 0.9)) == -8.0
    assert score_of(figures(9.0, 0.48)) == pytest.approx(-10.0)
    assert score_of(figures(8.5, 0.4)) < score_of(figures(10.0, 0.55))


# recipes


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"size": 600}, "size"),
        ({"hint_share": 1.5}, "hint_share"),
        ({"frozen": True}, "frozen"),
        ({"hints": False}, "hint_share"),
        ({"portrait_share": 0.5}, "portrait_share"),
        ({"least_colour": 0.6}, "least_colour"),
        ({"discriminator_rate": 0.0}, "discriminator_rate"),
    ],
)
def test_a_wrong_field_is_named(values: dict[str, object], field: str) -> None:
    with pytest.raises(RecipeError, match=f"'{field}'"):
        ColorizerRecipe(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"l1": 0.0},
        {"rarity": 1.0},
        {"l1": 0.0, "adversarial": 1.0, "smooth": 0.1},
        {"l1": 0.0, "perceptual": 1.0, "rarity": 0.1},
    ],
)
def test_a_loss_of_nothing_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="loss"):
        ColourLossSettings(**values)
