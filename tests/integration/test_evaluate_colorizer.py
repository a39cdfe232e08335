"""`heirloom evaluate colorizer` as people and machines call it, and what is measured."""

import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from annotator.main import build
from db.settings import Settings
from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.networks.colorizer import ColorizerArchitecture, build_colorizer
from inference.png import encode_png
from tests.support.tiny import prepared
from trainer.errors import WrongUse
from trainer.evaluation.clean import clean_photos_in
from trainer.evaluation.colouring import measuring
from trainer.evaluation.colouring.command import COLORIZERS
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["evaluate", "colorizer", *map(str, arguments)])


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two groups: three reddish photos, and one blue one."""
    for group, colours in (("people", ((200, 120, 90), (180, 90, 90), (150, 110, 80))), ("things", ((40, 80, 200),))):
        (tmp_path / "photos" / group / "val").mkdir(parents=True)
        for each, colour in enumerate(colours):
            pixels = np.full((48, 64, 3), colour, np.uint8)
            pixels[10:20] //= 2
            (tmp_path / "photos" / group / "val" / f"{each}.png").write_bytes(encode_png(pixels))
    return tmp_path / "photos"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A colorizer that gives everything the same warm colour."""
    architecture = ColorizerArchitecture(levels=(8, 8, 8), decoder_channels=(8, 8))
    network = build_colorizer(architecture)
    state = network.state_dict()
    state["unet.head.weight"].zero_()
    state["unet.head.bias"].copy_(torch.atanh(2 * torch.tensor([-0.1, 0.15])))
    path = tmp_path / "warm.safetensors"
    save_checkpoint(path, Checkpoint("colorizer", architecture.to_dict(), {"side": 64}, {}, state))
    return path


def test_models_stand_beside_grey_and_the_mean_colour_in_groups(
    home: Path, photos: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    printed = told(invoke(model, "--on", photos / "people/val", "--on", photos / "things/val", "--out", out, "--json"))
    warm, (grey, mean) = printed["models"][0]["groups"], (each["groups"] for each in printed["references"])
    assert set(warm) == {"people/val", "things/val"}
    assert grey["people/val"]["colourfulness"] < 0.02
    assert mean["people/val"]["mse"] < warm["people/val"]["mse"] < grey["people/val"]["mse"]
    assert mean["things/val"]["mse"] < grey["things/val"]["mse"] / 10  # its own mean: only the dark bar is off
    assert warm["things/val"]["ciede2000"] > grey["things/val"]["ciede2000"]
    assert [photo["name"] for photo in printed["models"][0]["photos"]] == ["0.png", "1.png", "2.png", "0.png"]
    assert printed["outputs"] == {"report": str(out / "report.png"), "figures": str(out / "figures.json")}
    page = cv2.imread(str(out / "report.png"))
    assert page is not None
    assert page.shape[1] > 1000
    assert not home.exists()


def test_the_figures_are_told_in_words(home: Path, photos: Path, model: Path) -> None:
    result = invoke(model, "--on", photos)
    assert result.exit_code == 0, result.output
    for words in ("photos, 4 photos", "warm.safetensors", "leave it grey", "mean colour of the group", "CIEDE2000"):
        assert words in result.stdout


def test_photos_that_a_model_was_trained_on_judge_nobody(home: Path, photos: Path, model: Path) -> None:
    checkpoint = load_checkpoint(model)
    seen = photos / "people/val/1.png"
    checkpoint.provenance["trained_on"] = [hashlib.sha256(seen.read_bytes()).hexdigest()]
    save_checkpoint(model, checkpoint)
    printed = told(invoke(model, "--on", photos / "people", "--json"))
    assert [photo["name"] for photo in printed["models"][0]["photos"]] == ["val/0.png", "val/2.png"]
    assert "was trained on it" in printed["left_out"][0]["reason"]


def test_a_photo_that_cannot_be_read_is_named_and_the_others_go_on(home: Path, photos: Path, model: Path) -> None:
    (photos / "people/val/0.png").write_bytes(b"no picture")
    result = invoke(model, "--on", photos / "people")
    assert result.exit_code == 1
    assert "0.png" in result.stderr
    assert "people, 2 photos" in result.stdout


@pytest.mark.parametrize("where", ["mean_chroma", "one_colour", "measure"])
def test_a_photo_that_memory_runs_out_for_is_named_and_the_others_go_on(
    home: Path, photos: Path, model: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    do, calls = getattr(measuring, where), itertools.count()

    def short(*given: Any) -> Any:
        if next(calls) == 1:
            raise MemoryError
        return do(*given)

    monkeypatch.setattr(measuring, where, short)
    result = invoke(model, "--on", photos / "people")
    assert result.exit_code == 1, result.exception
    assert re.search(r"Failed: people/val/\d.png needs more memory than there is; cut it into parts.", result.stderr)
    assert "people, 2 photos" in result.stdout


def test_what_cannot_be_done_is_said_before_any_work(home: Path, tmp_path: Path, model: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, cause in (("nowhere", "is not a folder"), ("empty", "there are no photos")):
        result = invoke(model, "--on", tmp_path / folder)
        assert isinstance(result.exception, WrongUse)
        assert cause in str(result.exception)


def test_groups_are_called_by_as_little_as_tells_them_apart(photos: Path) -> None:
    both = clean_photos_in([photos / "people/val", photos / "things/val"])
    assert {photo.group for photo in both} == {"people/val", "things/val"}
    assert {photo.group for photo in clean_photos_in([photos / "people", photos / "things"])} == {"people", "things"}
    assert [photo.group for photo in clean_photos_in([photos / "people", photos])].count("photos") == 1


def test_on_a_platform_it_goes_into_a_run(settings: Settings, photos: Path, model: Path) -> None:
    with prepared(settings):
        printed = told(invoke(model, "--on", photos, "--json"))
    client = open_client(settings)
    run = client.get_run(printed["runs"][0])
    experiment = client.get_experiment_by_name(COLORIZERS.experiment)
    assert experiment is not None
    assert (run.info.experiment_id, run.info.status) == (experiment.experiment_id, "FINISHED")
    assert run.data.metrics["photos/mse"] == pytest.approx(printed["models"][0]["groups"]["photos"]["mse"])
    assert run.data.metrics["photos/leave it grey/mse"] > 0
    assert {entry.path for entry in client.list_artifacts(run.info.run_id)} >= {
        "report.png",
        "figures.json",
        "coloured",
    }
