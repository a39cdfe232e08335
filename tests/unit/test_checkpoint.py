"""Checkpoints come back as they were, and say what is wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.detector import Detector
from inference.errors import CheckpointError, InferenceError, OutputError
from inference.names import ModelName
from inference.networks.detector import DetectorArchitecture, build_detector
from tests.support.folders import small_files

ARCHITECTURE = DetectorArchitecture(encoder="plain", decoder_channels=(8, 8, 8, 4, 4))


@pytest.fixture
def checkpoint() -> Checkpoint:
    torch.manual_seed(3)
    network = build_detector(ARCHITECTURE)
    return Checkpoint(
        "detector", ARCHITECTURE.to_dict(), {"threshold": 0.4}, {"snapshot": "ab12"}, network.state_dict()
    )


def test_a_checkpoint_comes_back_as_it_was(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "models" / "detector.safetensors"
    save_checkpoint(path, checkpoint)
    read = load_checkpoint(path)

    assert replace(read, state={}) == replace(checkpoint, state={})
    assert read.state.keys() == checkpoint.state.keys()
    assert all(torch.equal(read.state[key], checkpoint.state[key]) for key in read.state)
    assert [entry.name for entry in path.parent.iterdir()] == ["detector.safetensors"]
    build_detector(DetectorArchitecture.from_dict(read.architecture)).load_state_dict(read.state)


def test_half_precision_is_half_as_large_and_read_as_float32(checkpoint: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "full", checkpoint)
    save_checkpoint(tmp_path / "half", checkpoint, half=True)
    read = load_checkpoint(tmp_path / "half")

    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "full").stat().st_size
    for key, value in checkpoint.state.items():
        assert read.state[key].dtype == value.dtype
        torch.testing.assert_close(read.state[key], value, rtol=1e-3, atol=1e-6)


def test_a_checkpoint_that_the_disk_has_no_room_for_is_a_sentence_and_the_one_before_stays(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    path = tmp_path / "detector.safetensors"
    path.write_bytes(b"before")
    with small_files(1000), pytest.raises(OutputError, match=r"detector\.safetensors cannot be written \(.*free space"):
        save_checkpoint(path, checkpoint)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [(path.name, b"before")]


def test_a_file_that_is_missing_cut_or_foreign_is_named(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors.*Check the path"):
        load_checkpoint(tmp_path / "gone.safetensors")

    cut = tmp_path / "cut.safetensors"
    save_checkpoint(cut, checkpoint)
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors.*again"):
        load_checkpoint(cut)

    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, foreign)
    with pytest.raises(CheckpointError, match=r"foreign\.safetensors.*not saved by heirloom"):
        load_checkpoint(foreign)

    damaged = tmp_path / "damaged.safetensors"
    save_file({"weight": torch.zeros(2)}, damaged, metadata={"heirloom": "{"})
    with pytest.raises(CheckpointError, match=r"damaged\.safetensors.*damaged"):
        load_checkpoint(damaged)


def test_an_unknown_kind_is_not_written(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="kind"):
        save_checkpoint(tmp_path / "x", replace(checkpoint, kind="sharpener"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(16, 16), (33, 70), (64, 64)])
def test_a_detector_takes_any_size(size: tuple[int, int]) -> None:
    network = build_detector(ARCHITECTURE).eval()
    with torch.no_grad():
        assert network(torch.rand(2, 3, *size)).shape == (2, 1, *size)


@pytest.mark.parametrize("wrong", [{"encoder": "resnet-eighteen"}, {"encoder_depth": 7}, {"decoder_channels": (8, 4)}])
def test_an_architecture_that_cannot_be_built_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InferenceError):
        DetectorArchitecture(**wrong)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="cannot be built"):
        DetectorArchitecture.from_dict({**ARCHITECTURE.to_dict(), **wrong})


@pytest.mark.parametrize("wrong", [{"encoder": "resnet-eighteen"}, {"encoder": 5}, {"decoder_channels": "wide"}])
def test_a_file_whose_architecture_cannot_be_built_is_named(
    checkpoint: Checkpoint, tmp_path: Path, wrong: dict[str, object]
) -> None:
    path = tmp_path / "odd.safetensors"
    save_checkpoint(path, replace(checkpoint, architecture={**checkpoint.architecture, **wrong}))
    with pytest.raises(CheckpointError, match=r"odd\.safetensors: .*cannot be built.*export it again"):
        Detector.load(path)


def test_pretrained_weights_that_cannot_be_had_are_an_error() -> None:
    with pytest.raises(InferenceError, match="no pretrained weights"):
        build_detector(ARCHITECTURE, pretrained=True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (ModelName("detector", "3", "registry"), "detector v3 (registry)"),
        (ModelName("detector", "1", "shipped"), "detector shipped-1"),
        (ModelName("detector my.safetensors", "ab12cd34", "file"), "detector my.safetensors@ab12cd34"),
    ],
)
def test_models_are_named_with_where_they_come_from(name: ModelName, text: str) -> None:
    assert str(name) == text
