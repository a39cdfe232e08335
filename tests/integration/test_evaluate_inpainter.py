"""`heirloom evaluate inpainter` as people and machines call it, and what is measured."""

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray
from typer.testing import CliRunner

from annotator.main import build
from db.settings import Settings
from inference.arrays import Array
from inference.checkpoint import load_checkpoint, save_checkpoint
from inference.inpainter import Inpainter
from inference.png import encode_png
from tests.support.tiny import prepared, tiny_inpainter
from trainer.evaluation.filling.command import INPAINTERS
from trainer.evaluation.filling.fills import CLASSICAL
from trainer.evaluation.filling.measuring import fixed_list, fixed_mask
from trainer.inpainting.irregular import BINS, bin_name
from trainer.measuring.fills import l1, psnr, ssim
from trainer.tracking.store import open_client

pytestmark = pytest.mark.timeout(900)


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(build(), ["evaluate", "inpainter", *map(str, arguments)])


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two smooth photos large enough, and one too small."""
    folder, chance = tmp_path / "photos", np.random.default_rng(0)
    folder.mkdir()
    for name, height, width in (("a", 256, 256), ("b", 256, 260), ("small", 255, 300)):
        pixels = cv2.resize(
            chance.integers(0, 256, (9, 9, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
        )
        (folder / f"{name}.png").write_bytes(encode_png(pixels))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_inpainter(tmp_path / "tiny.safetensors")


def test_models_stand_beside_classical_fills_by_share_of_holes(
    home: Path, photos: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    printed = told(invoke(model, "--on", photos, "--out", out, "--json"))
    (ours,), references = printed["models"], {each["name"]: each for each in printed["references"]}
    assert set(references) == set(CLASSICAL)
    assert list(ours["bins"]) == [bin_name(bounds) for bounds in BINS]
    assert references["biharmonic"]["measured"] == 6  # the first photo alone
    assert references["Telea"]["measured"] == 12
    telea, mean = references["Telea"]["bins"], references["mean of the known"]["bins"]
    for group in telea:
        assert telea[group]["psnr"] > mean[group]["psnr"]
        assert telea[group]["psnr"] > telea[group]["psnr_hole"]
        best = max(references[name]["bins"][group]["psnr"] for name in ("mean of the known", "Telea", "Navier–Stokes"))
        assert ours["gain"][group] == pytest.approx(ours["bins"][group]["psnr"] - best)
    assert telea["0-10"]["psnr"] > telea["50-60"]["psnr"]
    assert not printed["data"]["fixed_list"]
    assert "fewer than 256" in printed["left_out"][0]["reason"]
    page = cv2.imread(str(out / "report.png"))
    assert page is not None
    assert page.shape[1] > 1000
    assert json.loads((out / "figures.json").read_text())["data"]["photos"] == 2
    assert not home.exists()


def test_the_figures_are_told_in_words(home: Path, photos: Path, model: Path) -> None:
    result = invoke(model, "--on", photos)
    assert result.exit_code == 0, result.output
    for words in ("holes of 20-30 %, 2 photos", "tiny.safetensors", "Navier–Stokes, the same 1", "Liu et al. 2018"):
        assert words in result.stdout
    assert "Left out: photos/small.png" in result.stderr


def test_photos_that_a_model_was_trained_on_judge_nobody(home: Path, photos: Path, model: Path) -> None:
    checkpoint = load_checkpoint(model)
    checkpoint.provenance["trained_on"] = [hashlib.sha256((photos / "a.png").read_bytes()).hexdigest()]
    save_checkpoint(model, checkpoint)
    printed = told(invoke(model, "--on", photos, "--json"))
    assert printed["data"]["photos"] == 1
    assert any("was trained on it" in entry["reason"] for entry in printed["left_out"])


def test_a_photo_that_cannot_be_read_is_named_and_the_others_go_on(home: Path, photos: Path, model: Path) -> None:
    (photos / "a.png").write_bytes(b"no picture")
    result = invoke(model, "--on", photos)
    assert result.exit_code == 1
    assert "a.png" in result.stderr
    assert "holes of 0-10 %, 1 photo" in result.stdout


def test_a_photo_that_memory_runs_out_for_is_named_and_counts_in_no_bin(
    home: Path, photos: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = Inpainter.filled

    def short(self: Inpainter, source: Array, mask: NDArray[np.bool_]) -> Array:
        if source.shape[1] == 260 and mask.mean() > 0.4:  # photo b, in one of the last bins
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return fill(self, source, mask)

    monkeypatch.setattr(Inpainter, "filled", short)
    result = invoke(model, "--on", photos)
    assert result.exit_code == 1, result.exception
    assert "Failed: photos/b.png needs more memory than there is; cut it into parts." in result.stderr
    for group in ("0-10", "50-60"):
        assert f"holes of {group} %, 1 photo" in result.stdout


def test_on_a_platform_it_goes_into_a_run(settings: Settings, photos: Path, model: Path) -> None:
    (photos / "b.png").unlink()
    with prepared(settings):
        printed = told(invoke(model, "--on", photos, "--json"))
    client = open_client(settings)
    run = client.get_run(printed["runs"][0])
    experiment = client.get_experiment_by_name(INPAINTERS.experiment)
    assert experiment is not None
    assert (run.info.experiment_id, run.info.status) == (experiment.experiment_id, "FINISHED")
    assert run.data.metrics["10-20/psnr"] == pytest.approx(printed["models"][0]["bins"]["10-20"]["psnr"])
    assert run.data.metrics["10-20/Telea/psnr"] > 0
    assert {entry.path for entry in client.list_artifacts(run.info.run_id)} >= {"report.png", "figures.json", "filled"}


def test_holes_depend_on_the_photos_bytes_and_the_bin_alone() -> None:
    one = fixed_mask("ab" * 32, (260, 300), BINS[2])
    np.testing.assert_array_equal(one, fixed_mask("ab" * 32, (260, 300), BINS[2]))
    assert (one != fixed_mask("cd" * 32, (260, 300), BINS[2])).any()
    assert 0.2 <= one.mean() < 0.3


def test_the_fixed_list_names_photos_by_their_hash() -> None:
    listed = fixed_list()
    assert len(listed) == 101
    assert all(len(sha) == 64 for sha in listed)


def test_figures_of_a_known_difference() -> None:
    true = np.full((40, 40, 3), 100, np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    filled = true.copy()
    filled[mask] += 10
    assert psnr(filled, true, mask) == pytest.approx(10 * np.log10(255**2 / 100))
    assert psnr(filled, true) == pytest.approx(10 * np.log10(255**2 / (100 * 100 / 1600)))
    assert psnr(true, true) == 100
    assert l1(filled, true, mask) == pytest.approx(10 / 255)
    assert l1(filled, true) == pytest.approx(10 / 255 / 16)
    assert ssim(true, true, mask) == pytest.approx((1, 1))
    whole, inside = ssim(filled, true, mask)
    assert inside < whole < 1
