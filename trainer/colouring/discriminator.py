"""The discriminator that tells painted colours from real ones, and the balance between it and the network."""

from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from trainer.errors import TrainerError

_SLOPE = 0.2
_REMEMBERED = 0.99
_WON = 0.02
_PATIENCE = 300
"""Steps in a row with nothing left for the discriminator to learn after which a training is given up."""


class Diverged(TrainerError):  # noqa: N818 - what happened to the training
    """A training that will come to nothing; the message says which field to change."""


class SelfAttention(nn.Module):
    """Every place of `N×C×H×W` looks at every other (SAGAN, Zhang et al. 2019, arXiv 1805.08318, section 3).

    The share of what it sees, gamma, is learned and starts at 0.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 8)
        self.query = spectral_norm(nn.Conv2d(channels, inner, 1, bias=False))
        self.key = spectral_norm(nn.Conv2d(channels, inner, 1, bias=False))
        self.value = spectral_norm(nn.Conv2d(channels, max(1, channels // 2), 1, bias=False))
        self.out = spectral_norm(nn.Conv2d(max(1, channels // 2), channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        query, key, value = (layer(features).flatten(2) for layer in (self.query, self.key, self.value))
        looks = torch.softmax(query.transpose(1, 2) @ key, dim=2)
        seen = (value @ looks.transpose(1, 2)).unflatten(2, features.shape[2:])
        joined: torch.Tensor = features + self.gamma * self.out(seen)
        return joined


class Discriminator(nn.Module):
    """Scores of a coloured picture, `N×1×H/16×W/16`, the higher the more real.

    Takes luma `N×1×H×W` in [0, 1] and chroma `N×2×H×W`. Convolutions with spectral normalisation (Miyato et al. 2018);
    self-attention after the last two of those that halve.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [3, channels, 2 * channels, 4 * channels, 8 * channels]
        layers: list[nn.Module] = []
        for level in range(4):
            convolution = nn.Conv2d(widths[level], widths[level + 1], kernel_size=4, stride=2, padding=1)
            layers += [spectral_norm(convolution), nn.LeakyReLU(_SLOPE)]
            if level >= 2:
                layers.append(SelfAttention(widths[level + 1]))
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, kernel_size=3, padding=1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, luma: torch.Tensor, chroma: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.layers(torch.cat([2 * luma - 1, 4 * chroma], dim=1))
        return scores


class Balance:
    """Who is winning: running means of the discriminator's loss and of its scores. Part of the saved training."""

    def __init__(self) -> None:
        self._loss = 2.0
        """What a discriminator that knows nothing has."""
        self._won_for = 0

    def update(self, loss: float, real: torch.Tensor, fake: torch.Tensor) -> dict[str, float]:
        """Remember one step; returns what to log. Raises Diverged when it cannot go on."""
        figures = {
            "discriminator_loss": loss,
            "discriminator_real": float(real.mean()),
            "discriminator_fake": float(fake.mean()),
            "discriminator_right": float(((real > 0).float().mean() + (fake < 0).float().mean()) / 2),
        }
        check_finite(figures)
        self._loss = _REMEMBERED * self._loss + (1 - _REMEMBERED) * loss
        self._won_for = self._won_for + 1 if self._loss < _WON else 0
        if self._won_for >= _PATIENCE:
            raise Diverged(
                f"The discriminator has been right about everything for {_PATIENCE} steps: the colorizer learns "
                "nothing from it any more. Lower discriminator_rate or loss.adversarial, or give loss.l1 more weight."
            )
        return {**figures, "discriminator_mean_loss": self._loss}

    def state_dict(self) -> dict[str, Any]:
        """What it remembers."""
        return {"loss": self._loss, "won_for": self._won_for}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._loss, self._won_for = float(state["loss"]), int(state["won_for"])


def check_finite(figures: dict[str, float]) -> None:
    """Raises Diverged, naming the losses that are not finite numbers any more."""
    lost = [name for name, value in figures.items() if not -1e6 < value < 1e6]
    if lost:
        raise Diverged(
            f"The training diverged: {', '.join(lost)} left all bounds. Start again with a lower learning_rate, or "
            "with less loss.adversarial."
        )
