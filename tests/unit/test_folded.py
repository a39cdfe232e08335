"""The light U-Net on folded pixels."""

import pytest
import torch

from inference.errors import InferenceError
from inference.networks.detector import DetectorArchitecture, build_detector
from inference.networks.folded import FoldedTrunk, FoldedUNet, batch_normed, inplace_normed

SMALL = (6, 8, 10)


def _pair() -> tuple[FoldedUNet, FoldedUNet]:
    """One network with each norm, with the same weights, in float64."""
    torch.manual_seed(0)
    plain = FoldedUNet(SMALL, (8, 6), batch_normed).double()
    inplace = FoldedUNet(SMALL, (8, 6), inplace_normed).double()
    inplace.load_state_dict(plain.state_dict())
    return plain, inplace


def test_both_norms_share_their_state_and_agree() -> None:
    plain, inplace = _pair()
    photos = torch.rand(2, 3, 32, 24, dtype=torch.float64)
    assert list(plain.state_dict()) == list(inplace.state_dict())
    torch.testing.assert_close(inplace(photos), plain(photos), rtol=0, atol=3e-4)  # eps is on the weight there


@pytest.mark.parametrize(("height", "width"), [(16, 16), (65, 97)])
def test_any_size_comes_out_as_it_went_in(height: int, width: int) -> None:
    network = build_detector(DetectorArchitecture()).eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 3, height, width)).shape == (1, 1, height, width)


def test_trunk_ends_at_the_resolution_of_its_last_block() -> None:
    photos = torch.rand(1, 4, 32, 32)
    assert FoldedTrunk(4, SMALL, (8, 6))(photos).shape == (1, 6, 16, 16)
    assert FoldedTrunk(4, SMALL, (8,))(photos).shape == (1, 8, 8, 8)


def test_folding_keeps_every_position() -> None:
    """A dot is told by where in its 2×2 it lies, with nothing of the branch at full resolution to help."""
    torch.manual_seed(1)
    network = FoldedUNet(SMALL, (8, 6)).eval()
    torch.nn.init.zeros_(network.fine[0].weight)  # type: ignore[arg-type]
    dots = torch.zeros(4, 3, 16, 16)
    for picture, (row, column) in enumerate([(6, 6), (6, 7), (7, 6), (7, 7)]):
        dots[picture, :, row, column] = 1
    with torch.inference_mode():
        logits = network(dots)
    for one in range(4):
        for other in range(one):
            assert not torch.allclose(logits[one], logits[other], rtol=0, atol=1e-7)


def test_depth_and_decoder_have_to_fit() -> None:
    shallow = DetectorArchitecture(encoder_depth=3, decoder_channels=(32, 24, 16))
    assert build_detector(shallow).multiple == 16
    with pytest.raises(InferenceError, match="decoder_channels"):
        DetectorArchitecture(decoder_channels=(32, 24, 16))


def test_pretrained_weights_cannot_be_had() -> None:
    with pytest.raises(InferenceError, match="'folded' has no pretrained weights"):
        build_detector(DetectorArchitecture(), pretrained=True)
