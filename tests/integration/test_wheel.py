"""The wheel, built from what git tracks, works in an environment that has never seen the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel; the dependencies are lent by this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    interpreter = environment / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    uv = Path(sys.executable).parent / "uv"
    install = [str(uv), "pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(interpreter), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = environment.glob("lib/python*/site-packages")
    # A path file adds the folder but runs none of its own path files, so the editable checkout stays out.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return interpreter


def run(command: list[str], cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HEIRLOOM_"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_rooms_are_imported_from_the_wheel(python: Path, tmp_path: Path) -> None:
    code = "import annotator, db, inference, trainer; print(*(m.__file__ for m in (annotator, db, inference, trainer)))"
    for file in run([str(python), "-c", code], tmp_path).split():
        assert file.startswith(str(python.parents[1]))


def test_the_command_is_installed_and_migrates(python: Path, tmp_path: Path) -> None:
    heirloom = str(python.parent / "heirloom")
    assert "restore" in run([heirloom, "--help"], tmp_path)
    run([heirloom, "db", "upgrade"], tmp_path)
    assert (tmp_path / "var" / "heirloom.db").is_file()


def test_weights_bundles_and_configs_came_along(python: Path, tmp_path: Path) -> None:
    code = (
        "import inference, annotator, trainer; from pathlib import Path\n"
        "from inference.shipped import shipped_path; assert shipped_path('detector').is_file()\n"
        "static = Path(annotator.__file__).parent / 'static'; assert (static / 'editor.js').is_file(), static\n"
        "assert (static / 'viewer.js').is_file()\n"
        "assert list((Path(trainer.__file__).parent / 'configs').glob('*/*.yaml'))\n"
    )
    run([str(python), "-c", code], tmp_path)
