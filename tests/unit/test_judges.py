"""Which photos may judge a model."""

from datetime import UTC, datetime

import pytest

from db.models import Photo, PhotoOrigin
from trainer.judges import Candidate, seen_here, why_not
from trainer.registry import ModelVersion

NEAR = 0


def _photo(filename: str, sha: str, *, origin: PhotoOrigin = "imported", near_hash: int = NEAR) -> Photo:
    return Photo(filename=filename, sha256=sha, origin=origin, near_hash=near_hash)


@pytest.fixture
def candidate() -> Candidate:
    model = ModelVersion("detector", "2", (), "run", {}, datetime.now(UTC))
    return Candidate(model, frozenset({"aa", "packaged:rocket"}))


def test_a_photo_that_was_trained_on_and_its_near_copy_judge_nothing(candidate: Candidate) -> None:
    seen, copy = _photo("seen.png", "aa"), _photo("copy.png", "bb")
    far = _photo("far.png", "cc", near_hash=-1)
    here = seen_here([candidate], [seen, copy, far])
    assert why_not(seen, here) == "detector@2 was trained on it"
    assert why_not(copy, here) == "detector@2 was trained on a near-copy, seen.png"
    assert why_not(far, here) is None


def test_a_sample_made_from_a_clean_photo_of_the_training_judges_nothing(candidate: Candidate) -> None:
    rocket, chelsea = (_photo(f"{name}.png", name, origin="sample") for name in ("rocket", "chelsea"))
    here = seen_here([candidate], [rocket, chelsea])
    assert "the clean photo that this sample was made from" in str(why_not(rocket, here))
    assert why_not(chelsea, here) is None
    assert why_not(_photo("rocket.png", "dd"), here) is None, "somebody's own photo of that name"
