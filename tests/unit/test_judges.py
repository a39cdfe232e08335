"""Which photos may judge a model."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from db.models import Photo, PhotoOrigin
from db.splits import NEAR_BITS, bit_distance
from trainer.comparing.judges import Candidate, seen_here, why_not
from trainer.tracking.registry import ModelVersion

NEAR = 0


def _photo(filename: str, sha: str, *, origin: PhotoOrigin = "imported", near_hash: int = NEAR) -> Photo:
    return Photo(filename=filename, sha256=sha, origin=origin, near_hash=near_hash)


CANDIDATE = Candidate(
    ModelVersion("detector", "2", (), "run", {}, datetime.now(UTC)), frozenset({"aa", "packaged:rocket"})
)
hashes = st.integers(0, 2**64 - 1)


def test_a_photo_that_was_trained_on_and_its_near_copy_judge_nothing() -> None:
    seen, copy = _photo("seen.png", "aa"), _photo("copy.png", "bb")
    far = _photo("far.png", "cc", near_hash=-1)
    here = seen_here([CANDIDATE], [seen, copy, far])
    assert why_not(seen, here) == "detector@2 was trained on it"
    assert why_not(copy, here) == "detector@2 was trained on a near-copy, seen.png"
    assert why_not(far, here) is None


@given(st.lists(hashes, max_size=4), hashes, st.sets(st.integers(0, 63), max_size=9))
def test_near_copies_are_those_whose_hashes_hardly_differ(others: list[int], hashed: int, flipped: set[int]) -> None:
    copied = (hashed ^ sum(1 << bit for bit in flipped)) - 2**63
    trained = [_photo(f"{other}.png", "aa", near_hash=other - 2**63) for other in others] + [
        _photo("copied.png", "aa", near_hash=copied)
    ]
    photo = _photo("photo.png", "bb", near_hash=hashed - 2**63)
    (seen,) = seen_here([CANDIDATE], trained)
    near = [other for other in trained if bit_distance(other.near_hash, photo.near_hash) <= NEAR_BITS]
    assert seen.near_copy(photo) is (near[0] if near else None)


def test_a_sample_made_from_a_clean_photo_of_the_training_judges_nothing() -> None:
    rocket, chelsea = (_photo(f"{name}.png", name, origin="sample") for name in ("rocket", "chelsea"))
    here = seen_here([CANDIDATE], [rocket, chelsea])
    assert "the clean photo that this sample was made from" in str(why_not(rocket, here))
    assert why_not(chelsea, here) is None
    assert why_not(_photo("rocket.png", "dd"), here) is None, "somebody's own photo of that name"
