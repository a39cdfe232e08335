"""The wheel, built from what git tracks, works in an environment that has never seen the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import cv2
import numpy as np
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
        "from inference.names import KINDS; from inference.shipped import shipped_path\n"
        "assert [kind for kind in KINDS if not shipped_path(kind).is_file()] == []\n"
        "static = Path(annotator.__file__).parent / 'static'; assert (static / 'editor.js').is_file(), static\n"
        "assert (static / 'viewer.js').is_file()\n"
        "assert list((Path(trainer.__file__).parent / 'configs').glob('*/*.yaml'))\n"
    )
    run([str(python), "-c", code], tmp_path)


def test_a_photo_is_restored_with_what_came_along(python: Path, tmp_path: Path) -> None:
    (tmp_path / "aunt.jpg").write_bytes(cv2.imencode(".jpg", _scratched())[1].tobytes())
    told = json.loads(run([str(python.parent / "heirloom"), "restore", "aunt.jpg", "--out", "out", "--json"], tmp_path))
    (done,) = told["done"]
    assert {kind: name.rpartition("-")[0] for kind, name in done["models"].items()} == {
        "detector": "detector shipped", "inpainter": "inpainter shipped", "colorizer": "colorizer shipped",
    }  # fmt: skip
    assert 0 < done["marked_share"] < 0.5
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == [f"aunt.{what}" for what in ("color.png", "json", "mask.png", "restored-color.png", "restored.png")]


def _scratched() -> np.ndarray:
    """Soft blobs with a scratch that no detector should miss."""
    blobs = np.random.default_rng(0).integers(60, 140, (6, 8, 3), np.uint8)
    photo = cv2.resize(blobs, (256, 192), interpolation=cv2.INTER_CUBIC)
    cv2.line(photo, (40, 10), (90, 180), (250, 250, 250), 2)
    return photo
