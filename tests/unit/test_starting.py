"""What every training starts from."""

import torch
from torch import nn

from trainer.learning.starting import AveragedWeights


def test_the_average_follows_at_once_at_first_and_slowly_later() -> None:
    network = nn.BatchNorm2d(1)
    averaged = AveragedWeights(network, 0.99)
    with torch.no_grad():
        network.weight.fill_(2)
        network.running_mean.fill_(10)  # type: ignore[union-attr]
        network.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    averaged.update(network, 0)
    first = averaged.network.state_dict()
    torch.testing.assert_close(first["weight"], torch.tensor([1.9]))
    torch.testing.assert_close(first["running_mean"], torch.tensor([9.0]))
    assert int(first["num_batches_tracked"]) == 7
    averaged.update(network, 10**6)
    torch.testing.assert_close(averaged.network.state_dict()["weight"], torch.tensor([1.901]))
    assert float(network.weight) == 2
    assert network.training
    assert not averaged.network.training
