"""A wider inpainter that starts from what a narrower one has learned."""

import operator
import re
from collections.abc import Mapping, Sequence

import torch

from inference.networks.inpainter import InpainterArchitecture

State = Mapping[str, torch.Tensor]
_STAGE = re.compile(r"decoder\.stages\.(\d+)\.0\.")


def is_wider(after: InpainterArchitecture, before: InpainterArchitecture) -> bool:
    """Whether `after` is `before` with more channels in some places and fewer in none."""
    narrow, wide = ((*each.channels, *each.decoder_channels, each.fine) for each in (before, after))
    same = [(each.form, each.kernels, each.convolutions) for each in (before, after)]
    return same[0] == same[1] and narrow != wide and all(map(operator.le, narrow, wide))


def grown(
    fresh: State, learned: State, after: InpainterArchitecture, before: InpainterArchitecture
) -> dict[str, torch.Tensor]:
    """The state of a network as wide as `after` that answers as `learned`, one as wide as `before`, does.

    Channels that are there already are taken over and take nothing in from the new ones, which keep the weights that
    they have in `fresh`, so that they differ and learn. It is the aim of Net2WiderNet (Chen et al. 2016, section 2.3)
    without copies of channels. Where parts that a partial convolution joins are known in different places, their shares
    of what it counts as known change, and its answer with them, a little.
    """
    state = {}
    for key, wide in fresh.items():
        narrow, value = learned[key], wide.clone()
        if wide.ndim == 4:  # the weights of a convolution
            outputs = len(narrow)
            value[:outputs] = 0
            value[:outputs, _places(_growing(key, before), _growing(key, after), narrow.shape[1])] = narrow.to(value)
        elif wide.ndim == 1:
            value[: len(narrow)] = narrow
        else:
            value = narrow.clone()
        state[key] = value
    return state


def _growing(key: str, architecture: InpainterArchitecture) -> Sequence[int]:
    """Widths of the parts that a convolution joins and that may grow, in the order in which it takes them."""
    stage = _STAGE.match(key)
    if stage is not None:
        number = int(stage[1])
        below = [architecture.channels[-1], *architecture.decoder_channels][number]
        return below, architecture.channels[-2 - number]
    if key.startswith("fine."):
        return (architecture.fine,)
    if key.startswith("last.conv."):  # of the published form
        return (architecture.decoder_channels[-1],)
    return ()


def _places(before: Sequence[int], after: Sequence[int], inputs: int) -> list[int]:
    """Where the inputs of a narrower convolution lie among those of a wider one; the last part is as wide in both."""
    places: list[int] = []
    start = 0
    for narrow, wide in zip(before, after, strict=True):
        places += range(start, start + narrow)
        start += wide
    return [*places, *range(start, start + inputs - sum(before))]
