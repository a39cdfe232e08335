"""How pictures reach a training: batch after batch, made by data workers, and how long it waits for them."""

import time
from collections.abc import Generator, Iterator
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from db.errors import PlatformError
from inference.errors import InferenceError
from trainer.learning.learner import Batch, TrainingPictures
from trainer.learning.recipe import Recipe


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
        """Seconds since it was made, just before the first batch was asked for."""
        return time.monotonic() - self._begun


def batches(
    recipe: Recipe, pictures: TrainingPictures, epoch: int, first: int, process: tuple[int, int], *, pinned: bool
) -> Generator[Batch]:
    """The batches of an epoch from step `first` on, for one of several processes (index, count).

    Every step has `accumulate` of them. What a data worker cannot read is raised here as it was there.
    """
    pictures.epoch = epoch
    index, count = process
    own = [
        [(turn * count + index) * recipe.batch + place for place in range(recipe.batch)]
        for turn in range(first * recipe.accumulate, recipe.steps_per_epoch * recipe.accumulate)
    ]
    loader: DataLoader[Any] = DataLoader(
        _Sentences(pictures),
        batch_sampler=own,
        collate_fn=_collate,
        num_workers=recipe.workers,
        worker_init_fn=_start_worker,
        pin_memory=pinned,
        generator=torch.Generator(),  # of torch's own it would draw a seed, once more after each resume
    )
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # a data worker is forked: of OpenCV's pool it would get the locks and not the threads
    try:
        for batch in loader:
            if isinstance(batch, Exception):
                raise batch
            yield batch
    finally:
        cv2.setNumThreads(threads)


class _Sentences(Dataset[Batch | Exception]):
    """Pictures, or why one cannot be made: of what a data worker raises, torch would make a traceback."""

    def __init__(self, pictures: TrainingPictures) -> None:
        self._pictures = pictures

    def __getitem__(self, index: int) -> Batch | Exception:
        try:
            return self._pictures[index]
        except (PlatformError, InferenceError) as error:
            return error


def _collate(made: list[Batch | Exception]) -> Any:
    return next((each for each in made if isinstance(each, Exception)), None) or default_collate(made)


def _start_worker(_: int) -> None:
    """A data worker leaves signals to its parent, which ends it."""
    import signal

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
