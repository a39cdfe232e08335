"""The gate on tracked files finds what must not be there, and nothing else."""

import pytest

from tests.support.tracked_files import REGISTRIES, problems_in

ROOT = "/srv/checkout"


@pytest.mark.parametrize("host", [".".join(parts) for parts in REGISTRIES])
def test_a_registry_is_named_with_its_line(host: str) -> None:
    assert list(problems_in("Makefile", f"one\npip install -i https://{host}/simple x\n", ROOT)) == [
        f"Makefile:2: names the package registry {host}"
    ]


@pytest.mark.parametrize("path", ["/home" + "/ann/x", "/Users" + "/ann/x", "/root" + "/x", ROOT + "/tests"])
def test_a_path_of_one_machine_is_found(path: str) -> None:
    assert len(list(problems_in("a.py", f'open("{path}")', ROOT))) == 1


@pytest.mark.parametrize("line", ["$HOME/x", "docs/home/page", "/usr/lib/postgresql", "/api/photos", "network/root/x"])
def test_ordinary_paths_pass(line: str) -> None:
    assert list(problems_in("a.py", line, ROOT)) == []


def test_a_lock_holds_no_address() -> None:
    assert len(list(problems_in("package-lock.json", '  "resolved": "x"', ROOT))) == 1
    assert len(list(problems_in("requirements.lock", "torch @ https://example.org/torch.whl", ROOT))) == 1
    assert list(problems_in("README.md", "https://example.org", ROOT)) == []
