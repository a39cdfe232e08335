"""What a run was told, in a file beside the checkpoints: whoever goes on with it knows what was said before."""

import json
from pathlib import Path


class Journal:
    """Lines of JSON; a last line that a crash cut short is left out and overwritten by nobody."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._entries = list(_read(path))
        self._noted = {(key, step) for key, step, _, _ in self._entries}
        self._file = path.open("a")
        if path.stat().st_size:
            self._file.write("\n")

    def entries(self) -> list[tuple[str, int, float, int]]:
        """What earlier processes noted: key, step, value, time in ms."""
        return self._entries

    def is_new(self, key: str, step: int) -> bool:
        """Whether nobody has noted this key of this step yet."""
        return (key, step) not in self._noted

    def note(self, values: dict[str, float], step: int, at: int) -> None:
        """Write down the figures of a step, and when they were told, in ms."""
        self._noted |= {(key, step) for key in values}
        self._file.write(json.dumps({"step": step, "at": at, "values": values}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; what is noted is in it already."""
        self._file.close()


def _read(path: Path) -> list[tuple[str, int, float, int]]:
    found: list[tuple[str, int, float, int]] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            noted = json.loads(line)
        except ValueError:
            continue  # an empty line, or the one that a crash cut short
        found += [(key, noted["step"], value, noted["at"]) for key, value in noted["values"].items()]
    return found
