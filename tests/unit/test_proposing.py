"""How uncertain a detector is about a photo."""

import numpy as np
import pytest

from trainer.jobs.proposing import uncertainty


def test_uncertainty_is_the_mean_entropy_in_bits_whatever_the_size() -> None:
    coin = np.full((600, 10), 0.5, np.float32)
    sure = np.where(np.arange(600)[:, None] % 2, 0, 1).repeat(10, 1).astype(np.float32)
    assert uncertainty(coin) == pytest.approx(1)
    assert uncertainty(sure) == pytest.approx(0, abs=1e-5)
    assert uncertainty(np.concatenate([coin, sure, sure])) == pytest.approx(1 / 3, abs=1e-5)
    assert uncertainty(np.full((2, 3), 0.25, np.float32)) == pytest.approx(2 - 0.75 * np.log2(3))
