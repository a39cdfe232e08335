"""`heirloom restore`, `inpaint` and `colorize` in the whole program: models of the registry, files, and none at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.main import main
from db.settings import Settings
from inference.png import encode_png
from tests.support import tiny
from tests.support.networks import small_colorizer, small_models
from tests.support.picture_files import noise

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    return small_models(tmp_path)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photos" / "aunt.damaged.png"
    path.parent.mkdir()
    path.write_bytes(encode_png(noise(40, 50)))
    return path


@pytest.fixture
def heirloom(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return int(left.value.code or 0), told.out, told.err

    return call


def test_a_platforms_models_are_found_by_kind_and_by_alias(
    settings: Settings, models: dict[str, Path], photo: Path, tmp_path: Path, heirloom: Any
) -> None:
    with tiny.prepared(settings):
        versions = {kind: tiny.put_in_production(settings, path, kind=kind) for kind, path in models.items()}
    call = ("restore", photo, "--out", tmp_path / "out", "--json")
    for chosen in ((), ("--model", "inpainter@production"), ("--model", f"detector@{versions['detector']}")):
        code, out, err = heirloom(*call, *chosen)
        assert code == 0, err
        (done,) = json.loads(out)["done"]
        for kind in models:
            assert done["models"][kind] == f"{kind} v{versions[kind]} (registry)"
    record = json.loads((tmp_path / "out" / "aunt.damaged.json").read_text())
    assert {part["source"] for part in record["models"].values()} == {"registry"}
    code, out, err = heirloom("colorize", photo, "--out", tmp_path / "out", "--model", "colorizer@production")
    assert code == 0, err
    assert f"colorizer v{versions['colorizer']} (registry)" in out


def test_a_file_takes_the_place_of_one_model_alone(
    settings: Settings, models: dict[str, Path], photo: Path, tmp_path: Path, heirloom: Any
) -> None:
    with tiny.prepared(settings):
        for kind, path in models.items():
            tiny.put_in_production(settings, path, kind=kind)
    other = small_colorizer(tmp_path / "other.safetensors", seed=3)
    code, out, err = heirloom("restore", photo, "--out", tmp_path / "out", "--model", other, "--json")
    assert code == 0, err
    (done,) = json.loads(out)["done"]
    assert done["models"]["detector"].endswith("(registry)")
    assert done["models"]["colorizer"].startswith("colorizer other.safetensors@")
    code, _, err = heirloom(
        "restore", photo, "--out", tmp_path / "out", "--model", other, "--model", "colorizer@production"
    )
    assert code == 2
    assert "two models of kind colorizer" in err


def test_an_alias_that_is_none_is_wrong_use(
    settings: Settings, models: dict[str, Path], photo: Path, tmp_path: Path, heirloom: Any
) -> None:
    with tiny.prepared(settings):
        for kind, path in models.items():
            tiny.put_in_production(settings, path, kind=kind)
    code, _, err = heirloom("restore", photo, "--out", tmp_path / "out", "--model", "colorizer@favourite")
    assert code == 2
    assert "no colorizer@favourite" in err
    assert not (tmp_path / "out").exists()
