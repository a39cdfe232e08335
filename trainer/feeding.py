"""How pictures reach a training: batch after batch, made by data workers, and how long it waits for them."""

import time
from collections.abc import Generator, Iterator
from typing import cast

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from trainer.learner import Batch, TrainingPictures
from trainer.recipe import Recipe


class Feed:
    """The batches of an epoch, with the time that was spent waiting for them."""

    def __init__(self, source: Iterator[Batch]) -> None:
        self._source = source
        self._begun = time.monotonic()
        self.waited = 0.0
        """Seconds spent in `next`."""

    def next(self) -> Batch:
        """The next batch."""
        asked = time.monotonic()
        batch = next(self._source)
        self.waited += time.monotonic() - asked
        return batch

    @property
    def lasted(self) -> float:
        """Seconds since the first batch was asked for."""
        return time.monotonic() - self._begun


def batches(
    recipe: Recipe, pictures: TrainingPictures, epoch: int, first: int, process: tuple[int, int], *, pinned: bool
) -> Generator[Batch]:
    """The batches of an epoch from step `first` on, for one of several processes (index, count).

    Every step has `accumulate` of them.
    """
    pictures.epoch = epoch
    index, count = process
    own = [
        [(turn * count + index) * recipe.batch + place for place in range(recipe.batch)]
        for turn in range(first * recipe.accumulate, recipe.steps_per_epoch * recipe.accumulate)
    ]
    loader: DataLoader[Batch] = DataLoader(
        cast(Dataset[Batch], pictures),
        batch_sampler=own,
        num_workers=recipe.workers,
        worker_init_fn=_start_worker,
        pin_memory=pinned,
        generator=torch.Generator(),  # of torch's own it would draw a seed, once more after each resume
    )
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # a data worker is forked: of OpenCV's pool it would get the locks and not the threads
    try:
        yield from loader
    finally:
        cv2.setNumThreads(threads)


def _start_worker(_: int) -> None:
    """A data worker leaves signals to its parent, which ends it."""
    import signal

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
