"""Which photos may judge a model."""

from datetime import UTC, datetime

import pytest

from db.models import Photo, PhotoOrigin
from trainer.judges import Candidate, why_not
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
    known = {photo.sha256: photo for photo in (seen, copy, far)}
    assert why_not(seen, [candidate], known) == "detector@2 was trained on it"
    assert why_not(copy, [candidate], known) == "detector@2 was trained on a near-copy, seen.png"
    assert why_not(far, [candidate], known) is None


def test_a_sample_made_from_a_clean_photo_of_the_training_judges_nothing(candidate: Candidate) -> None:
    rocket, chelsea = (_photo(f"{name}.png", name, origin="sample") for name in ("rocket", "chelsea"))
    assert "the clean photo that this sample was made from" in str(why_not(rocket, [candidate], {}))
    assert why_not(chelsea, [candidate], {}) is None
    assert why_not(_photo("rocket.png", "dd"), [candidate], {}) is None, "somebody's own photo of that name"
