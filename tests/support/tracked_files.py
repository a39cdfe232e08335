"""Checks what git tracks: no package registry is named, no path of a developer's machine, no address in the lock."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("deb", "debian", "org"),
    ("download", "pytorch", "org"),
)
"""In pieces, so that this file names none itself."""
HOMES = re.compile("(?<![\\w.])/(?:" + "|".join(("home", "Users")) + ")/[a-z]|(?<![\\w.])/(?:root|work)/")
LOCKS = (".lock", "package-lock.json")


def problems_in(name: str, text: str, root: str) -> Iterator[str]:
    """What must not stand in a tracked file `name` of the repository at `root`, one line each."""
    hosts = [".".join(parts) for parts in REGISTRIES]
    for number, line in enumerate(text.splitlines(), 1):
        for host in hosts:
            if host in line:
                yield f"{name}:{number}: names the package registry {host}"
        if root in line or HOMES.search(line):
            yield f"{name}:{number}: holds a path of one machine"
        if name.endswith(LOCKS) and re.search(r'https?://|"resolved"', line):
            yield f"{name}:{number}: a lock holds hashes, not addresses"


def tracked(root: Path) -> list[Path]:
    """The text files that git tracks, relative to `root`."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    paths = [Path(name) for name in listed.decode().split("\0") if name]
    return [path for path in paths if (root / path).is_file() and b"\0" not in (root / path).read_bytes()[:8000]]


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    problems = [
        problem
        for path in tracked(root)
        for problem in problems_in(str(path), (root / path).read_text(errors="replace"), str(root))
    ]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
