"""The arithmetic of near-copies."""

from hypothesis import given
from hypothesis import strategies as st

from db.splits import BAND_BITS, NEAR_BITS, bands, bit_distance

hashes = st.integers(-(2**63), 2**63 - 1)


def signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


@given(hashes, hashes)
def test_distance_counts_differing_bits(a: int, b: int) -> None:
    plain = sum(x != y for x, y in zip(f"{a % 2**64:064b}", f"{b % 2**64:064b}", strict=True))
    assert bit_distance(a, b) == plain == bit_distance(b, a)


@given(hashes)
def test_bands_put_together_are_the_hash(value: int) -> None:
    assert sum(part << (BAND_BITS * band) for band, part in enumerate(bands(value))) == value % 2**64


@given(hashes, st.sets(st.integers(0, 63), max_size=NEAR_BITS))
def test_near_copies_nearly_share_a_band(value: int, flipped: set[int]) -> None:
    other = signed((value % 2**64) ^ sum(1 << bit for bit in flipped))
    assert any((a ^ b).bit_count() <= 1 for a, b in zip(bands(value), bands(other), strict=True))
