"""`heirloom evaluate restoration` as people and machines call it, and what is measured."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from typer.testing import CliRunner

from annotator.main import build
from db.settings import Settings
from inference.decoding import decode
from inference.detector import Detector
from inference.fill import ClassicalInpainter, Filled
from inference.masks import encode_mask
from inference.png import encode_png
from tests.support.folders import forbidding
from tests.support.tiny import prepared, tiny_detector
from trainer.errors import WrongUse
from trainer.evaluation.restoring.command import EXPERIMENT
from trainer.evaluation.restoring.measuring import (
    RestoredFigures,
    RestoredOutcome,
    RestoredPhoto,
    evaluate_restorations,
)
from trainer.evaluation.restoring.pairs import RestoredPair, restored_pairs_in
from trainer.measuring.fills import psnr
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["evaluate", "restoration", "--method", "telea", *map(str, arguments)])


def clean() -> NDArray[np.uint8]:
    across, down = np.meshgrid(np.linspace(40, 200, 80), np.linspace(0, 30, 64))
    return np.repeat((across + down).astype(np.uint8)[..., None], 3, axis=2)


def put(folder: Path, name: str, *, expert: bool = True, mask: bool = True) -> NDArray[np.bool_]:
    """A photo with a white bar that an expert removed; returns the bar."""
    folder.mkdir(exist_ok=True)
    bar = np.zeros((64, 80), np.bool_)
    bar[20:24, 10:70] = True
    damaged = clean()
    damaged[bar] = 255
    (folder / f"{name}.damaged.png").write_bytes(encode_png(damaged))
    if expert:
        (folder / f"{name}.restored.png").write_bytes(encode_png(clean()))
    if mask:
        (folder / f"{name}.mask.png").write_bytes(encode_mask(bar))
    return bar


class Knowing:
    """A detector that marks what it is told."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self.name, self.threshold, self._mask = "knowing", 0.5, mask

    def probability(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._mask.astype(np.float32)


def evaluated(folder: Path, found: NDArray[np.bool_]) -> RestoredPhoto:
    outcome = evaluate_restorations(
        Knowing(found),  # type: ignore[arg-type]
        ClassicalInpainter("telea"),
        restored_pairs_in([folder]),
        lambda *_: None,
    )
    return outcome.photos[0]


def measured(folder: Path, found: NDArray[np.bool_]) -> RestoredFigures:
    return evaluated(folder, found).figures


def test_the_true_mask_reaches_the_ceiling_and_an_empty_one_gains_nothing(tmp_path: Path) -> None:
    bar = put(tmp_path, "a")
    perfect, blind = measured(tmp_path, bar), measured(tmp_path, np.zeros_like(bar))
    assert (perfect.restored, perfect.share) == (perfect.ceiling, 1.0)
    assert (blind.restored, blind.gain, blind.share) == (blind.damaged, 0.0, 0.0)
    damaged = clean()
    damaged[bar] = 255
    assert perfect.damaged == psnr(damaged, clean())
    assert perfect.ceiling > perfect.damaged + 10


def test_a_false_alarm_costs(tmp_path: Path) -> None:
    put(tmp_path, "a")
    wrong = np.zeros((64, 80), np.bool_)
    wrong[:, 60:] = True
    assert measured(tmp_path, wrong).gain < 0


def test_a_thin_defect_is_seen_in_a_large_photos_picture(tmp_path: Path) -> None:
    crease = np.zeros((300, 1600), np.bool_)
    crease[150] = True
    grey = np.full((300, 1600), 90, np.uint8)
    for name, data in (("damaged", grey), ("restored", grey), ("mask", crease.view(np.uint8) * np.uint8(255))):
        (tmp_path / f"a.{name}.png").write_bytes(encode_png(data))
    views = evaluated(tmp_path, np.zeros_like(crease)).views
    row = decode(views["found"], "found").pixels[60].mean(axis=0)
    assert row[2] - row[0] > 40, "a missed defect is blue"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_detector(tmp_path / "model.safetensors")


def told(result: Result) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_a_pair_that_does_not_fit_is_named_and_the_others_go_on(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "pairs"
    put(folder, "good")
    put(folder, "alone", expert=False)
    put(folder, "maskless", mask=False)
    put(folder, "small")
    (folder / "small.restored.png").write_bytes(encode_png(clean()[:40]))
    result = invoke("--on", folder, "--model", model, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1
    outcome = told(result)
    assert [entry["name"] for entry in outcome["photos"]] == ["good"]
    reasons = {entry["input"]: entry["reason"] for entry in outcome["failed"]}
    assert reasons.keys() == {"maskless", "small"}
    assert "must have exactly its photo's size" in reasons["small"]
    kept = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert kept["mean"]["ceiling"] == outcome["photos"][0]["figures"]["ceiling"]
    assert (tmp_path / "out" / "report.png").read_bytes().startswith(b"\x89PNG")


def test_a_pair_that_memory_runs_out_for_is_named_and_the_others_go_on(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "pairs", "a")
    put(tmp_path / "pairs", "b")
    fill, calls = ClassicalInpainter.fill, itertools.count()

    def short(self: ClassicalInpainter, *given: Any, **named: Any) -> Filled:
        if next(calls) == 0:
            raise MemoryError
        return fill(self, *given, **named)

    monkeypatch.setattr(ClassicalInpainter, "fill", short)
    result = invoke("--on", tmp_path / "pairs", "--model", model, "--json")
    assert result.exit_code == 1, result.exception
    outcome = told(result)
    assert [entry["reason"] for entry in outcome["failed"]] == ["a needs more memory than there is; cut it into parts."]
    assert [entry["name"] for entry in outcome["photos"]] == ["b"]


def test_a_mask_that_may_be_inverted_is_told_beside_its_figures(tmp_path: Path, model: Path) -> None:
    put(tmp_path / "pairs", "a")
    bar = put(tmp_path / "pairs", "b")
    (tmp_path / "pairs" / "b.mask.png").write_bytes(encode_mask(~bar))
    result = invoke("--on", tmp_path / "pairs", "--model", model, "--json")
    assert result.exit_code == 0, result.output
    doubt = f"{tmp_path / 'pairs' / 'b.mask.png'} marks 95.3 % of its photo; if black marks the defects, invert it."
    assert [photo["warnings"] for photo in told(result)["photos"]] == [[], [doubt]]
    assert result.stderr.count(f"Note: {doubt}\n") == 1


def test_a_folder_without_pairs_is_wrong_use(tmp_path: Path, model: Path) -> None:
    put(tmp_path / "pairs", "alone", expert=False)
    result = invoke("--on", tmp_path / "pairs", "--model", model)
    assert isinstance(result.exception, WrongUse)
    assert "NAME.restored" in str(result.exception)


def test_a_photo_that_the_detector_was_trained_on_judges_nobody(tmp_path: Path) -> None:
    put(tmp_path, "a")
    pair = restored_pairs_in([tmp_path])[0]
    detector = Detector.load(tiny_detector(tmp_path / "m.safetensors"))
    outcome = evaluate_restorations(
        detector, ClassicalInpainter("ns"), [pair], lambda *_: None, {pair.read().photo_sha: "detector v7"}
    )
    assert not outcome.photos
    assert outcome.left_out[0].reason == "detector v7 was trained on it"


def test_what_cannot_be_read_among_the_pairs_is_named(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pairs"
    for name in ("a", "damaged-gone", "expert-gone"):
        put(folder, name)
    put(folder / "closed", "x")
    for lost in (folder / "damaged-gone.damaged.png", folder / "expert-gone.restored.png"):
        lost.unlink()
        lost.symlink_to("nowhere.png")
    forbidding(monkeypatch, folder / "closed")
    result = invoke("--on", folder, "--model", model)
    assert result.exit_code == 1, result.exception
    for name in ("closed", "damaged-gone.damaged.png", "expert-gone.restored.png"):
        assert f"Failed: {folder / name} cannot be read (" in result.output


def test_with_a_platform_it_becomes_a_run(settings: Settings, tmp_path: Path, model: Path) -> None:
    put(tmp_path / "pairs", "a")
    with prepared(settings):
        result = invoke("--on", tmp_path / "pairs", "--model", model, "--json")
        assert result.exit_code == 0, result.output
        client = open_client(settings)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        assert experiment is not None
        run = client.search_runs([experiment.experiment_id])[0]
        mean = told(result)["mean"]
        assert run.data.metrics["mean/ceiling"] == pytest.approx(mean["ceiling"])
        assert {entry.path for entry in client.list_artifacts(run.info.run_id)} >= {"report.png", "restored"}


def test_pairs_are_found_once_however_often_their_folder_is_named(tmp_path: Path) -> None:
    put(tmp_path / "a", "x")
    found = restored_pairs_in([tmp_path, tmp_path / "a"])
    assert [type(each) for each in found] == [RestoredPair]


def test_pairs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for place in ("a", "b"):
        put(tmp_path / place, "x")
    assert [pair.name for pair in restored_pairs_in([tmp_path / "a"])] == ["x"]
    assert [pair.name for pair in restored_pairs_in([tmp_path])] == ["a/x", "b/x"]


def test_a_photo_without_a_figure_is_left_out_of_its_mean_alone() -> None:
    halfway, impossible = RestoredFigures(30, 32, 34, 0.1, 0.1), RestoredFigures(30, 28, 29, 0.1, 0.1)
    photos = [RestoredPhoto("a", figures, {}, None) for figures in (halfway, impossible)]
    means = RestoredOutcome({}, photos).means()
    assert (means["gain"], means["share"]) == (0.0, 0.5)
    assert math.isnan(RestoredOutcome({}, []).means()["share"])
