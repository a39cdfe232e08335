"""Memory that was freed goes back to the system, where the C library can; people read what to do where it ran out."""

import ctypes
from pathlib import Path

import pytest

from inference.memory import _trim, give_back
from trainer.detecting.recipe import DetectorRecipe
from trainer.errors import JobError, sentence
from trainer.shell import train_alone

STATUS = Path("/proc/self/status")


def in_use() -> int:
    """MiB of this process, those that a crowded machine has swapped out, too."""
    lines = [line for line in STATUS.read_text().splitlines() if line.startswith(("VmRSS", "VmSwap"))]
    return sum(int(line.split()[1]) for line in lines) // 1024


@pytest.mark.skipif(_trim() is None or not STATUS.exists(), reason="the C library here gives nothing back when asked")
def test_freed_blocks_below_one_in_use_are_given_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    size = 100_000  # below what glibc takes from the system on its own
    blocks = [libc.malloc(size) for _ in range(2000)]
    for block in blocks:
        ctypes.memset(block, 1, size)
    for block in blocks[:-1]:
        libc.free(block)
    held = in_use()
    give_back()
    assert in_use() <= held - 100
    libc.free(blocks[-1])


def test_where_it_cannot_be_asked_for_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    _trim.cache_clear()
    try:
        assert _trim() is None
        give_back()
    finally:
        monkeypatch.undo()
        _trim.cache_clear()


LACKS = [
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
]


@pytest.mark.parametrize("error", LACKS)
def test_a_job_whose_memory_ran_out_says_what_to_do(error: Exception) -> None:
    assert sentence(error) == "Memory ran out. Choose a smaller size or batch and start it again."


@pytest.mark.parametrize("error", LACKS)
def test_a_training_in_a_shell_says_it_too(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("trainer.learning.loop.train_model", full)
    with pytest.raises(JobError, match=r"^Memory ran out\. Choose a smaller size or batch"):
        train_alone(DetectorRecipe(), tmp_path / "out", quiet=True)
