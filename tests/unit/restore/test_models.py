"""Which models `heirloom restore` takes, and which it refuses."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from inference.cli import commands
from inference.names import ModelName
from tests.support.commands import failing


def test_two_models_of_one_kind_are_wrong_use(
    restore: Any, models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--model", "colorizer@production"), 2)
    assert "two models of kind colorizer" in said
    assert "colours.safetensors" in said
    assert "colorizer@production" in said


def test_a_model_that_is_not_needed_is_wrong_use(restore: Any, photos: Path, tmp_path: Path) -> None:
    said = failing(restore(photos, "--out", tmp_path / "out", "--model", "inpainter@production", method="ns"), 2)
    assert "inpainter@production is of kind inpainter, and none is needed here" in said


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        ("inpainter@production", "a model of a platform"),
        ("nowhere.safetensors", "no checkpoint file"),
        ("painter@production", "names of models are detector, inpainter, colorizer"),
        ("painter", "no checkpoint file painter"),
    ],
)
def test_models_that_are_not_there_are_wrong_use(photos: Path, tmp_path: Path, spec: str, cause: str) -> None:
    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", spec]
    said = failing(CliRunner().invoke(commands, words), 2)
    assert spec in said
    assert cause in said


def test_a_damaged_checkpoint_is_wrong_use(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"nothing")
    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", str(path)]
    assert "bad.safetensors: this is not a checkpoint" in failing(CliRunner().invoke(commands, words), 2)


def test_the_root_resolves_every_kind_by_its_name(models: dict[str, Path], photos: Path, tmp_path: Path) -> None:
    asked: list[tuple[str | None, str]] = []

    def resolve_model(spec: str | None, kind: str) -> tuple[Path, ModelName]:
        asked.append((spec, kind))
        return models[kind], ModelName(kind, "3", "registry")

    words = ["restore", str(photos), "--out", str(tmp_path / "out"), "--model", "colorizer@3"]
    result = CliRunner().invoke(commands, words, obj=resolve_model)
    assert result.exit_code == 0, result.output
    assert asked == [(None, "detector"), (None, "inpainter"), ("colorizer@3", "colorizer")]
    assert "detector v3 (registry), inpainter v3 (registry)" in result.stdout
    assert "colorizer v3 (registry)" in result.stdout
