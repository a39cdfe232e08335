"""The networks whose features perceptual losses compare."""

import torch

from inference.checkpoint import load_checkpoint
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.folded import FoldedUNet
from inference.shipped import shipped_path
from trainer.learning.features import features_of


def test_features_of_a_detector_are_what_it_sees_itself() -> None:
    path = shipped_path("detector")
    checkpoint = load_checkpoint(path)
    detector = build_detector(DetectorArchitecture.from_dict(checkpoint.architecture)).eval()
    detector.load_state_dict(checkpoint.state)
    assert isinstance(detector.unet, FoldedUNet)
    seen: list[torch.Tensor] = []
    for level in list(detector.unet.trunk.levels)[:3]:
        level.register_forward_hook(lambda _level, _given, found: seen.append(found.clone()))
    torch.manual_seed(0)
    pictures = torch.rand(1, 3, 64, 128)  # of a size that it does not fill up
    features = features_of(str(path))
    with torch.no_grad():
        detector(pictures)
        found = features(pictures)
    assert len(found) == len(seen) == 3
    for one, other in zip(found, seen, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_pictures_of_any_size_have_features() -> None:
    found = features_of(str(shipped_path("detector")))(torch.rand(2, 3, 33, 30))
    assert [tuple(each.shape[2:]) for each in found] == [(17, 15), (9, 8), (5, 4)]
