"""Several processes of one training on this machine: the one that was asked to train starts the others and leads them.

torchrun does the same for a shell, and for several machines. A job of the platform has its run, its lock and its
signals in one process: that one leads, and its companions come and go with it.
"""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import SimpleQueue

import torch

from db.errors import PlatformError
from trainer.errors import TrainerError, sentence
from trainer.learning.recipe import Recipe, RecipeError
from trainer.log import start_log

_LOOK_EVERY_S = 1.0
_GRACE_S = 20.0
"""How long processes may take to end by themselves: companions when all is trained, the leader when one has died."""
_log = logging.getLogger(__name__)


@contextmanager
def companions(recipe: Recipe, accompany: Callable[[], object]) -> Iterator[None]:
    """While the block trains in this process, the recipe's other `processes` train with it: each does `accompany`, a
    function that can be pickled. Does nothing where one is enough or torchrun has started them. A process leads one
    training at most.

    Raises RecipeError where torchrun started another number or the machine has fewer GPUs, TrainerError where a
    companion failed, in its words.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if recipe.processes in (1, started):
        yield
        return
    _check(recipe.processes, started)
    places = _places(recipe)
    context = multiprocessing.get_context("spawn")
    said: SimpleQueue[str] = context.SimpleQueue()
    others = [context.Process(target=_accompany, args=(place, accompany, said)) for place in places[1:]]
    over, patience = threading.Event(), 0.0
    os.environ.update(places[0])
    try:
        for other in others:
            other.start()
        threading.Thread(target=_end_without, args=(others, over), daemon=True).start()
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        yield
        patience = _GRACE_S
    except PlatformError:
        raise
    except Exception as error:
        reason = _failure(others, said)
        if reason is None:
            raise
        raise TrainerError(reason) from error
    finally:
        over.set()
        _end(others, patience)
        for name in places[0]:
            os.environ.pop(name)


def _check(processes: int, started: int) -> None:
    if started > 1:
        raise RecipeError(
            f"The recipe's field 'processes' is {processes}, and torchrun started {started}. "
            "With torchrun leave it at 1."
        )
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else processes
    if processes > gpus:
        raise RecipeError(
            f"The recipe's field 'processes' is {processes}, and this machine has {gpus} GPU{'s' * (gpus > 1)}. "
            "Each process needs one of its own."
        )


def _places(recipe: Recipe) -> list[dict[str, str]]:
    """What torch's `env://` start wants to find in the environment of each process, and its share of the cores."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {
        "WORLD_SIZE": str(recipe.processes),
        "LOCAL_WORLD_SIZE": str(recipe.processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    if "OMP_NUM_THREADS" not in os.environ:  # Accelerate would choose for itself
        common["OMP_NUM_THREADS"] = str(recipe.threads or max(1, (os.cpu_count() or 1) // recipe.processes))
    return [{**common, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(recipe.processes)]


def _accompany(place: dict[str, str], accompany: Callable[[], object], said: "SimpleQueue[str]") -> None:
    """One companion: the leader decides when all stop, writes and tells."""
    os.environ.update(place)
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_leader, daemon=True).start()
    start_log()
    try:
        accompany()
    except Exception as error:
        _log.exception("process %s of the training failed", place["RANK"])
        said.put(sentence(error))
        sys.exit(1)


def _end_with_leader() -> None:
    leader = multiprocessing.parent_process()
    assert leader is not None
    leader.join()
    os._exit(1)


def _end_without(others: list[SpawnProcess], over: threading.Event) -> None:
    """End the leader when a companion died and it does not notice: on GPUs it would wait for an answer for hours."""
    while not over.is_set():
        wait([other.sentinel for other in others], timeout=_LOOK_EVERY_S)
        if any(other.exitcode for other in others) and not over.wait(_GRACE_S):
            _log.error("A process of the training died, and the others wait for it: the training ends.")
            os._exit(1)
        over.wait(_LOOK_EVERY_S)


def _failure(others: list[SpawnProcess], said: "SimpleQueue[str]") -> str | None:
    """Why a companion failed, if one did: in the leader that shows as a connection that broke."""
    deadline = time.monotonic() + _LOOK_EVERY_S
    while not any(other.exitcode for other in others) and time.monotonic() < deadline:
        wait([other.sentinel for other in others], timeout=_LOOK_EVERY_S)
    if not said.empty():
        return said.get()
    for rank, other in enumerate(others, start=1):
        if other.exitcode:
            how = f"signal {-other.exitcode}; most often memory ran out" if other.exitcode < 0 else "itself"
            who = f"Process {rank + 1} of the training's {len(others) + 1}"
            return f"{who} was ended by {how}. The last checkpoint is kept."
    return None


def _end(others: list[SpawnProcess], patience: float) -> None:
    """Let them end by themselves for `patience` seconds, then by force."""
    deadline = time.monotonic() + patience
    for other in others:
        if other.pid is None:  # an earlier one could not be started
            continue
        other.join(max(0.0, deadline - time.monotonic()))
        if other.exitcode is None:
            other.kill()
            other.join()
