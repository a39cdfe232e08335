"""The detector in use: loading, views, tiles and sizes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import ResNet18_Weights
from torchvision.transforms.functional import normalize

from inference.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from inference.detector import Detector
from inference.errors import CheckpointError, InferenceError, UsageProblem
from inference.names import ModelName
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector
from inference.regions import regions_at
from inference.views import IN_MIRROR, IN_THREE_SIZES, ONCE
from tests.support.picture_files import noise

NAME = ModelName("detector", "7", "registry")


class Leftward(nn.Module):
    """Logits of the brightness one pixel to the left: a network that knows left from right."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[int, ...]] = []
        self.shift = nn.Conv2d(3, 1, (1, 3), padding=(0, 1), bias=False)
        with torch.no_grad():
            self.shift.weight.zero_()
            self.shift.weight[:, :, :, 0] = 4.0

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        self.batches.append(tuple(photos.shape))
        assert not torch.is_grad_enabled()
        return self.shift(photos)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real architecture with random weights, as a checkpoint file."""
    torch.manual_seed(0)
    architecture = DetectorArchitecture("plain", 3, (16, 8, 8))
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    state = build_detector(architecture).state_dict()
    save_checkpoint(path, Checkpoint("detector", architecture.to_dict(), {"threshold": 0.4}, {"run": "r"}, state))
    return path


def test_the_network_sees_photos_as_its_pretrained_encoders_did() -> None:
    photos, wanted = torch.rand(2, 3, 32, 32), ResNet18_Weights.IMAGENET1K_V1.transforms()
    torch.testing.assert_close(DetectorNetwork(nn.Identity(), 16)(photos), normalize(photos, wanted.mean, wanted.std))


def test_photo_and_mirror_image_are_averaged() -> None:
    network = Leftward()
    pixels = noise(64, 64, 3)
    found = Detector(network, 0.5, NAME, device="cpu", views=IN_MIRROR).probability(pixels)
    brightness = 4 * pixels.sum(axis=2) / 255
    padded = np.pad(brightness, ((0, 0), (1, 1)))
    expected = (1 / (1 + np.exp(-padded[:, :-2])) + 1 / (1 + np.exp(-padded[:, 2:]))) / 2
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert len(network.batches) == 2


def test_a_region_that_is_unsure_as_a_whole_is_not_found(tiny: Path, tmp_path: Path) -> None:
    pixels = noise(96, 64, 3)
    plain = Detector.load(tiny, device="cpu").probability(pixels)
    kept = load_checkpoint(tiny)
    unsure = float(regions_at(plain, 0.4).means.max()) + 0.01
    path = tmp_path / "sure.safetensors"
    save_checkpoint(path, replace(kept, settings={"threshold": 0.4, "certainty": unsure}))
    assert (plain >= 0.4).any()
    assert not (Detector.load(path, device="cpu").probability(pixels) >= 0.4).any()
    loose = Detector.load(path, device="cpu", threshold=0.15)
    assert (loose.probability(pixels) == Detector.load(path, device="cpu").probability(pixels)).all()
    assert loose.threshold == 0.15
    assert (Detector.load(path, device="cpu", certainty=0).probability(pixels) == plain).all()


def test_what_is_seen_in_all_views_is_averaged(tiny: Path) -> None:
    pixels = noise(90, 70, 3)
    network = Detector.load(tiny, device="cpu")._network
    each = [Detector(network, 0.5, NAME, device="cpu", views=(view,)).probability(pixels) for view in IN_THREE_SIZES]
    together = Detector(network, 0.5, NAME, device="cpu").probability(pixels)
    np.testing.assert_allclose(together, np.mean(each, axis=0), atol=1e-6)
    assert len({found.mean() for found in each}) == 6


def test_a_detector_sees_photos_in_the_sizes_that_it_was_calibrated_for(tiny: Path, tmp_path: Path) -> None:
    pixels, kept, path = noise(64, 64, 3), load_checkpoint(tiny), tmp_path / "sizes.safetensors"
    save_checkpoint(path, replace(kept, settings={"threshold": 0.4, "sizes": 3}))
    mirrored, sized = (Detector.load(each, device="cpu").probability(pixels) for each in (tiny, path))
    for found, views in ((mirrored, IN_MIRROR), (sized, IN_THREE_SIZES)):
        asked = Detector.load(path, device="cpu", views=views)
        assert (asked.probability(pixels) == found).all()
    assert (mirrored != sized).any()


def test_in_one_view_the_photo_is_seen_once() -> None:
    network = Leftward()
    pixels = noise(32, 32, 3)
    found = Detector(network, 0.5, NAME, device="cpu", views=ONCE).probability(pixels)
    left = np.pad(4 * pixels.sum(axis=2) / 255, ((0, 0), (1, 0)))[:, :-1]
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-left)), atol=0.01)
    assert len(network.batches) == 1


def test_a_mirrored_photo_gives_the_mirrored_probability(tiny: Path) -> None:
    detector = Detector.load(tiny, device="cpu")
    pixels = noise(64, 128, 3)
    there = detector.probability(pixels)
    back = detector.probability(np.ascontiguousarray(pixels[:, ::-1]))[:, ::-1]
    np.testing.assert_allclose(there, back, atol=1e-3)


@pytest.mark.parametrize("size", [(16, 16), (17, 300), (300, 17), (160, 133)])
def test_any_size_gives_a_probability_of_that_size(tiny: Path, size: tuple[int, int]) -> None:
    found = Detector.load(tiny, device="cpu").probability(noise(*size, 3))
    assert found.shape == size
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1


def test_tiles_stay_within_their_bound() -> None:
    network = Leftward()
    Detector(network, 0.5, NAME, tile=128, device="cpu").probability(noise(200, 150, 3))
    assert {batch[0] for batch in network.batches} == {1}
    assert max(max(batch[2:]) for batch in network.batches) == 192  # 128 enlarged, in multiples of 64


def test_pictures_go_together_or_one_by_one_with_the_same_result(tiny: Path) -> None:
    network, pixels = Detector.load(tiny, device="cpu")._network, noise(70, 300, 3)
    single = Detector(network, 0.5, NAME, tile=128, batch=1, device="cpu").probability(pixels)
    several = Detector(network, 0.5, NAME, tile=128, batch=6, device="cpu").probability(pixels)
    np.testing.assert_allclose(single, several, atol=1e-6)


class Scarce(Leftward):
    """A network for which memory runs out above so many pixels at a time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        if photos.shape[0] * photos.shape[2] * photos.shape[3] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return super().forward(photos)


def test_where_memory_runs_out_the_photo_is_begun_anew_with_less(caplog: pytest.LogCaptureFixture) -> None:
    pixels = noise(300, 560, 3)
    plenty = Detector(Leftward(), 0.5, NAME, tile=512, device="cpu", views=IN_MIRROR).probability(pixels)
    network = Scarce(most=256 * 256)
    detector = Detector(network, 0.5, NAME, tile=512, batch=4, device="cpu", views=IN_MIRROR)
    np.testing.assert_allclose(detector.probability(pixels), plenty, atol=0.01)
    assert {batch[0] for batch in network.batches} == {1}
    assert [record.args for record in caplog.records] == [(2, 512), (1, 512), (1, 256)]
    caplog.clear()
    detector.probability(pixels)
    assert not caplog.records


def test_memory_that_runs_out_for_the_smallest_tile_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        Detector(Scarce(most=100), 0.5, NAME, tile=256, device="cpu").probability(noise(256, 256, 3))


def test_memory_does_not_grow_with_the_photo(tiny: Path) -> None:
    """Peak of a process of its own, for a strip that takes no memory itself, and no more than its result."""
    script = f"""
import numpy as np, torch
from pathlib import Path
from inference.detector import Detector
from tests.support.memory import peak_memory
torch.set_num_threads(1)
loaded = Detector.load(Path({str(tiny)!r}), device="cpu")
detector = Detector(loaded._network, 0.5, loaded.name, tile=128, device="cpu")
peaks = []
for height in (200, 5_000):
    result = detector.probability(np.broadcast_to(np.uint8(90), (height, 128, 3)))
    peaks.append(peak_memory())
print(peaks[1] - peaks[0], result.nbytes / 2**20)
"""
    growth, result = map(float, subprocess.check_output([sys.executable, "-c", script], text=True).split())
    assert growth < result + 8


def test_the_place_of_a_tile_does_not_matter(tiny: Path) -> None:
    """A whole photo at once and in tiles: the same within what the network's view beyond the overlap allows."""
    loaded = Detector.load(tiny, device="cpu")
    pixels = noise(320, 256, 3)
    pixels[100:104] = 255
    whole = loaded.probability(pixels)
    tiled = Detector(loaded._network, 0.4, NAME, tile=256, device="cpu", views=IN_MIRROR).probability(pixels)
    assert np.abs(whole - tiled).max() < 0.01
    assert whole.std() > 0.001


def test_loading_knows_threshold_and_name(tiny: Path) -> None:
    detector = Detector.load(tiny, device="cpu")
    assert detector.threshold == 0.4
    assert str(detector.name).startswith("detector tiny.safetensors@")
    assert Detector.load(tiny, name=NAME, device="cpu").name == NAME


def test_a_threshold_may_take_the_place_of_the_calibrated_one(tiny: Path) -> None:
    assert Detector.load(tiny, threshold=0.9, device="cpu").threshold == 0.9
    with pytest.raises(UsageProblem, match="A threshold of 0 is not possible"):
        Detector.load(tiny, threshold=0.0, device="cpu")


def test_threads_are_set(tiny: Path) -> None:
    before = torch.get_num_threads()
    try:
        Detector.load(tiny, threads=1, device="cpu")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_checkpoints_that_do_not_fit_are_refused(tiny: Path, tmp_path: Path) -> None:
    architecture = DetectorArchitecture("plain", 3, (16, 8, 8))
    state = build_detector(architecture).state_dict()
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, Checkpoint("inpainter", {}, {}, {}, state))
    with pytest.raises(CheckpointError, match=r"other\.safetensors: .*inpainter; give one of a detector"):
        Detector.load(other)
    wider = DetectorArchitecture("plain", 3, (32, 8, 8))
    save_checkpoint(other, Checkpoint("detector", wider.to_dict(), {"threshold": 0.5}, {}, state))
    with pytest.raises(CheckpointError, match=r"other\.safetensors: weights and description do not fit"):
        Detector.load(other)
    save_checkpoint(other, Checkpoint("detector", architecture.to_dict(), {}, {}, state))
    with pytest.raises(CheckpointError, match="threshold"):
        Detector.load(other)
    save_checkpoint(other, Checkpoint("detector", architecture.to_dict(), {"threshold": 0.5, "sizes": 4}, {}, state))
    with pytest.raises(CheckpointError, match="calibrated for 4 sizes, known are 1, 3"):
        Detector.load(other)
    save_file({"a": torch.zeros(1)}, other)
    with pytest.raises(CheckpointError, match=r"other\.safetensors"):
        Detector.load(other)
    other.write_bytes(tiny.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"other\.safetensors"):
        Detector.load(other)


def test_damaged_weights_find_nothing_in_silence_no_more() -> None:
    network = Leftward()
    with torch.no_grad():
        network.shift.weight.fill_(torch.nan)
    with pytest.raises(InferenceError, match="weights are damaged"):
        Detector(network, 0.5, NAME, device="cpu").probability(noise(64, 64, 3))


def test_other_arrays_are_refused() -> None:
    detector = Detector(Leftward(), 0.5, NAME, device="cpu")
    for array in (np.zeros((20, 20), np.uint8), np.zeros((20, 20, 3), np.float32), np.zeros((3, 20, 20), np.uint8)):
        with pytest.raises(InferenceError, match="uint8 H×W×3"):
            detector.probability(array)


def test_bfloat16_where_it_is_native_changes_little(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may have no such hardware; the arithmetic is the same when it is emulated."""
    detector, pixels = Detector.load(tiny, device="cpu"), noise(64, 64, 3)
    found = {}
    for native in (False, True):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda native=native: native)
        found[native] = detector.probability(pixels)
    assert found[True].dtype == np.float32
    assert 0 < np.abs(found[True] - found[False]).max() < 0.02
