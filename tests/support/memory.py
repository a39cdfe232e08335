"""Memory of this process. What Python calls its peak (`ru_maxrss`) begins with that of the process that started it."""

import resource
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def memory_in_use() -> float:
    """MiB that this process holds now; on systems without /proc its peak."""
    return _told("VmRSS")


def peak_memory() -> float:
    """MiB that this process held at most since it began, or since `begin_peak`."""
    return _told("VmHWM")


def begin_peak() -> float:
    """Let the peak begin anew where the system allows; what is in use now, MiB."""
    if _CLEAR.exists():
        _CLEAR.write_text("5")
    return memory_in_use()


def _told(what: str) -> float:
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(what))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
