"""`heirloom evaluate detector` as people and machines call it: alone, and on a platform with MLflow."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from annotator.main import build
from db.errors import PlatformError
from db.models import Photo
from db.settings import Settings
from db.snapshots import make_snapshot
from inference.checkpoint import load_checkpoint, save_checkpoint
from inference.errors import InferenceError
from tests.support.tiny import add_photo, prepared, put_in_production, tiny_detector
from trainer.errors import WrongUse
from trainer.evaluation.detecting.tracking import EXPERIMENT
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["evaluate", "detector", *map(str, arguments)])


def told(result: Result) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two noisy photos with a marked line, in groups of their own."""
    for seed, group in enumerate(("prints", "films")):
        folder = tmp_path / "pairs" / group
        folder.mkdir(parents=True)
        mask = np.zeros((48, 64), np.uint8)
        mask[10:13, 5:40] = 255
        pixels = np.random.default_rng(seed).integers(0, 120, (48, 64, 3), np.uint8)
        pixels[mask > 0] = 240
        cv2.imwrite(str(folder / f"p{seed}.damaged.png"), pixels)
        cv2.imwrite(str(folder / f"p{seed}.mask.png"), mask)
    return tmp_path / "pairs"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_detector(tmp_path / "tiny.safetensors")


def test_without_a_platform_the_shipped_detector_is_measured_beside_the_references(home: Path, pairs: Path) -> None:
    result = invoke("--on", pairs, "--apart", "films")
    assert result.exit_code == 0, result.output
    for words in ("detector shipped-", "films/p1 (apart)", "mean of one photo", "top-hat 9×9", "published", "0.350"):
        assert words in result.stdout
    assert not home.exists()


def test_report_and_figures_are_written_and_json_is_all_there_is_on_stdout(
    home: Path, pairs: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    result = invoke(
        model, "--on", pairs / "prints", "--on", pairs / "films", "--out", out, "--threshold", 0.4, "--json"
    )
    assert result.exit_code == 0, result.output
    printed = told(result)
    assert printed["outputs"] == {"report": str(out / "report.png"), "figures": str(out / "figures.json")}
    assert printed["runs"] == []
    assert [photo["name"] for photo in printed["models"][0]["photos"]] == ["p0", "p1"]
    assert printed["models"][0]["threshold"] == 0.4
    kept = json.loads((out / "figures.json").read_text())
    assert kept["models"] == printed["models"]
    assert len(kept["curves"]["models"]) == 2
    page = cv2.imread(str(out / "report.png"))
    assert page is not None
    assert page.shape[0] > page.shape[1] > 1000


def test_several_models_stand_side_by_side(home: Path, pairs: Path, model: Path, tmp_path: Path) -> None:
    others = [tiny_detector(tmp_path / f"other-{seed}.safetensors", seed) for seed in (1, 2, 3)]
    result = invoke(model, *others, "--on", pairs, "--no-mirror", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Means" in result.stdout
    assert all(path.name in result.stdout for path in others)


def test_a_photo_that_fails_is_named_and_the_others_are_measured(home: Path, pairs: Path, model: Path) -> None:
    (pairs / "films" / "p1.mask.png").unlink()
    result = invoke(model, "--on", pairs)
    assert result.exit_code == 1
    assert "p1.mask.png is missing" in result.stderr
    assert "prints/p0" in result.stdout


def test_a_mask_that_may_be_inverted_is_told_beside_its_figures(
    home: Path, pairs: Path, model: Path, tmp_path: Path
) -> None:
    inverted = pairs / "prints" / "p0.mask.png"
    mask = cv2.imread(str(inverted), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    cv2.imwrite(str(inverted), 255 - mask)
    result = invoke(model, tiny_detector(tmp_path / "other.safetensors", 1), "--on", pairs, "--json")
    assert result.exit_code == 0, result.output
    doubt = f"{inverted} marks 96.6 % of its photo; if black marks the defects, invert it."
    for each in told(result)["models"]:
        assert {photo["name"]: photo["warnings"] for photo in each["photos"]} == {"p0": [doubt], "p1": []}
    assert result.stderr.count(f"Note: {doubt}\n") == 1


def test_nothing_measured_still_tells_why(home: Path, pairs: Path, model: Path, tmp_path: Path) -> None:
    for mask in pairs.rglob("*.mask.png"):
        mask.unlink()
    result = invoke(model, "--on", pairs, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.count("is missing") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--on", "nowhere"), "nowhere is not a folder, and without a platform there are no snapshots"),
        (("--on", "PAIRS", "--on", "nowhere"), "--on takes folders, or one snapshot alone"),
        (("--on", "PAIRS", "--apart", "street"), "No photo and no group is called street"),
        (("--on", "PAIRS", "--threshold", "0"), "A threshold of 0 is not possible"),
        (("detector@7", "--on", "PAIRS"), "There is no MLflow store"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(
    home: Path, pairs: Path, arguments: tuple[str, ...], cause: str
) -> None:
    result = invoke(*(str(pairs) if word == "PAIRS" else word for word in arguments))
    assert isinstance(result.exception, InferenceError | PlatformError)
    assert cause in str(result.exception)


def test_on_a_platform_a_snapshot_is_measured_and_everything_goes_into_a_run(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    with prepared(settings) as database:
        photos = [add_photo(settings, database, seed, masked="drawn") for seed in range(2)]
        drawn = add_photo(settings, database, 7, masked="synthetic")
        with database.unit_of_work() as session:
            for photo in [*photos, drawn]:
                session.get_one(Photo, photo.id).split = "validation"
            session.flush()
            snapshot = make_snapshot(session, "first", None)
            sha = snapshot.sha256
        checkpoint = load_checkpoint(model)
        checkpoint.provenance["trained_on"] = [photos[0].sha256]
        save_checkpoint(model, checkpoint)
        put_in_production(settings, model)

    result = invoke("--on", "first", "--json")
    assert result.exit_code == 0, result.output
    printed = told(result)
    assert printed["models"][0]["name"] == "detector v2 (registry)"
    assert [(photo["name"], photo["group"], photo["apart"]) for photo in printed["models"][0]["photos"]] == [
        ("photo-1.png", "real", False),
        ("photo-7.png", "synthetic", True),
    ]
    assert printed["left_out"] == [{"input": "real/photo-0.png", "reason": "detector v2 (registry) was trained on it"}]

    client = open_client(settings)
    run = client.get_run(printed["runs"][0])
    assert run.info.status == "FINISHED"
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    assert run.info.experiment_id == experiment.experiment_id
    assert run.data.tags["heirloom.model"] == "detector v2 (registry)"
    assert run.data.tags["heirloom.snapshot"] == sha
    assert run.data.tags["heirloom.sha256"] == printed["data"]["sha256"]
    assert run.data.metrics["mean/dice"] == pytest.approx(printed["models"][0]["mean"]["dice"])
    assert "photo/synthetic/photo-7.png/auc" in run.data.metrics
    assert len(client.get_metric_history(run.info.run_id, "curve/dice over threshold")) == 101
    assert {entry.path for entry in client.list_artifacts(run.info.run_id)} >= {"report.png", "figures.json"}
    overlays = client.list_artifacts(run.info.run_id, "overlays/real")
    assert [Path(entry.path).name for entry in overlays] == ["photo-1.png.jpg"]

    assert told(invoke(model, "--on", "first", "--no-track", "--json")).get("runs") is None
    unknown = invoke("--on", "second")
    assert isinstance(unknown.exception, WrongUse)
    assert str(unknown.exception) == (
        "second is neither a folder nor a snapshot: There is no snapshot second; heirloom snapshot makes one."
    )
