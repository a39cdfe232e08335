"""What some tests need besides the locked packages: where it is, or a sentence that says it is missing."""

import glob
import importlib.util
import os
import shutil
import sys

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Path of a Chromium to drive."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def postgres_bin() -> str | None:
    """Folder of PostgreSQL's programs; Debian keeps the server's ones off the PATH."""
    found = shutil.which("postgres")
    if found:
        return os.path.dirname(found)
    return max(glob.glob("/usr/lib/postgresql/*/bin"), default=None, key=lambda path: int(path.split("/")[-2]))


def missing() -> list[str]:
    """One sentence for each tool that is not there."""
    sentences = []
    if chromium() is None:
        sentences.append("Chromium is missing, so the browser tests are left out: apt-get install chromium")
    if postgres_bin() is None:
        sentences.append("PostgreSQL is missing, so its tests are left out: apt-get install postgresql")
    if importlib.util.find_spec("inplace_abn") is None:
        sentences.append("inplace-abn is not built, so the tests of its kernel are left out: make inplace")
    return sentences


if __name__ == "__main__":
    print("\n".join(missing()), end="\n" if missing() else "")
    sys.exit(1 if missing() and os.environ.get("CI") == "true" else 0)
