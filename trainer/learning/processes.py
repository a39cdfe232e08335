"""One training on several processes (torchrun, through Accelerate): what they must agree on."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator, InitProcessGroupKwargs
from accelerate.utils import broadcast_object_list
from torch import nn

from inference.devices import has_native_bfloat16
from inference.networks.inplace import InPlaceNorm, kernel
from trainer.learning.recipe import Recipe
from trainer.learning.tracker import Tracker

_PATIENCE = timedelta(hours=6)
"""The others wait this long while the main process validates large photos."""
Found = TypeVar("Found")


def accelerator_for(recipe: Recipe) -> Accelerator:
    """The process as Accelerate sees it, in the recipe's precision.

    Accelerate has to be told that several processes work on CPUs: it would take each for a training of its own.
    """
    together = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return Accelerator(
        cpu=together and not torch.cuda.is_available(),
        mixed_precision=_precision(recipe),
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )


def share_statistics(network: nn.Module, recipe: Recipe, accelerator: Accelerator, tracker: Tracker) -> None:
    """Make batch statistics those of all processes; the tag `batch_statistics` says whose they are.

    torch's synchronised batch normalisation needs GPUs: on CPUs each process keeps to its own statistics, and the main
    one's are kept. In-place normalisation synchronises by itself, anywhere.
    """
    if accelerator.num_processes == 1:
        return
    if recipe.batch_normed and accelerator.device.type == "cpu":
        tracker.tag("batch_statistics", "each process's own: torch synchronises batch normalisation on GPUs only")
        return
    tracker.tag("batch_statistics", f"of {accelerator.num_processes} processes together")
    if recipe.batch_normed:
        nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]


def tell_kernel(network: nn.Module, accelerator: Accelerator, tracker: Tracker) -> None:
    """Log by the tag `in_place_kernel` whether the extension or our own layer normalises in place, where one does."""
    if any(isinstance(module, InPlaceNorm) for module in network.modules()):
        dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(accelerator.mixed_precision, torch.float32)
        tracker.tag("in_place_kernel", kernel(accelerator.device, dtype))


def any_wants_to_stop(accelerator: Accelerator, should_stop: Callable[[], bool]) -> bool:
    """Whether one of the processes was asked to stop: all or none do, or they would wait for each other for ever."""
    asked = should_stop()
    if accelerator.num_processes == 1:
        return asked
    wishes = accelerator.reduce(torch.tensor(float(asked), device=accelerator.device), reduction="sum")
    return bool(wishes > 0)


def from_main(accelerator: Accelerator, find: Callable[[], Found]) -> Found:
    """What the main process finds, in all of them; the others wait for it."""
    found: list[Found | None] = [find() if accelerator.is_main_process else None]
    if accelerator.num_processes > 1:
        broadcast_object_list(found)
    return found[0]  # type: ignore[return-value]


def _precision(recipe: Recipe) -> str:
    if recipe.precision != "auto":
        return {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[recipe.precision]
    if not torch.cuda.is_available():
        return "no"
    return "bf16" if has_native_bfloat16("cuda") else "fp16"
