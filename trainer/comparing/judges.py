"""Which photos may judge which models: none that a model was trained on, nor a near-copy of one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from db.annotations import accepted_annotations
from db.models import Annotation, Photo
from db.splits import NEAR_BITS
from trainer.errors import JobError
from trainer.jobs.training import TRAINING_PHOTOS
from trainer.jobs.work import Work
from trainer.learning.clean import packaged
from trainer.learning.seen import trained_on
from trainer.tracking import registry
from trainer.tracking.store import local_artifact, open_client


@dataclass(frozen=True)
class Candidate:
    """A model of the comparison and the photos it was trained on, by their fingerprints."""

    model: registry.ModelVersion
    trained_on: frozenset[str]

    @property
    def spec(self) -> str:
        return self.model.spec


def candidate_of(work: Work, spec: str) -> Candidate:
    """The model that `detector@3` or `inpainter@production` means. Raises RegistryError, JobError."""
    name, _, which = spec.partition("@")
    model = registry.find_model(work.settings, name, which)
    return Candidate(model, trained_photos(work, model))


def trained_photos(work: Work, model: registry.ModelVersion) -> frozenset[str]:
    """Fingerprints (`clean.fingerprint`) of what a model was trained on. Raises JobError, CheckpointError."""
    if model.tags.get("origin") == registry.SHIPPED:
        return frozenset(trained_on(registry.checkpoint_file(work.settings, model)))
    from mlflow.artifacts import load_text
    from mlflow.exceptions import MlflowException

    try:
        uri = f"{open_client(work.settings).get_run(model.run_id).info.artifact_uri}/{TRAINING_PHOTOS}"
        local = local_artifact(uri)
        text = local.read_text() if local is not None else load_text(uri)
        return frozenset(json.loads(text)["train"])
    except (MlflowException, OSError, ValueError, KeyError) as error:
        raise JobError(f"What {model.spec} was trained on is not known ({error}); it cannot be compared.") from error


def choose_annotations(work: Work, candidates: Sequence[Candidate]) -> tuple[list[Annotation], list[dict[str, Any]]]:
    """Accepted annotations that count, and the photos left out with the reason."""
    with work.database.reading() as session:
        accepted = {annotation.photo_id: annotation for annotation in accepted_annotations(session)}
        everything = session.scalars(select(Photo)).all()
    chosen, left_out = _judges(work, candidates, [annotation.photo for annotation in accepted.values()], everything)
    return [accepted[photo.id] for photo in chosen], left_out


def choose_photos(work: Work, candidates: Sequence[Candidate]) -> tuple[list[Photo], list[dict[str, Any]]]:
    """Photos that count whether or not they are annotated, those for checking models first, then the newest; and the
    photos left out with the reason."""
    with work.database.reading() as session:
        everything = session.scalars(select(Photo).order_by(Photo.id.desc())).all()
    shown = [photo for photo in everything if photo.archived_at is None]
    chosen, left_out = _judges(work, candidates, shown, everything)
    return sorted(chosen, key=lambda photo: photo.split != "validation"), left_out


def _judges(
    work: Work, candidates: Sequence[Candidate], photos: Sequence[Photo], everything: Sequence[Photo]
) -> tuple[list[Photo], list[dict[str, Any]]]:
    """Those of `photos` that the job names and that may judge; `everything` are the platform's photos, archived ones
    too: what a model learned from one of them it still knows."""
    wanted: list[int] | None = work.params.get("photo_ids")
    seen = seen_here(candidates, everything)
    chosen: list[Photo] = []
    left_out: list[dict[str, Any]] = []
    for photo in photos:
        if wanted is not None and photo.id not in wanted:
            continue
        reason = why_not(photo, seen)
        if reason is None:
            chosen.append(photo)
        else:
            left_out.append(left_out_entry(photo, reason))
    return chosen, left_out


@dataclass(frozen=True)
class Seen:
    """A model and those of the platform's photos that it was trained on."""

    candidate: Candidate
    photos: Sequence[Photo]
    near_hashes: NDArray[np.uint64]
    """Of the photos, in their order."""

    def near_copy(self, photo: Photo) -> Photo | None:
        """One of the photos that this one is a near-copy of."""
        differ = np.bitwise_count(self.near_hashes ^ _bits([photo.near_hash]))
        found = np.flatnonzero(differ <= NEAR_BITS)
        return self.photos[found[0]] if len(found) else None


def seen_here(candidates: Sequence[Candidate], photos: Sequence[Photo]) -> list[Seen]:
    """Each model with those of the platform's photos that it was trained on."""
    learned = [(each, [photo for photo in photos if photo.sha256 in each.trained_on]) for each in candidates]
    return [Seen(each, trained, _bits([photo.near_hash for photo in trained])) for each, trained in learned]


def why_not(photo: Photo, seen: Sequence[Seen]) -> str | None:
    """Why a photo cannot judge these models, if so; `seen` has each with the photos here that it was trained on."""
    for each in seen:
        candidate = each.candidate
        if photo.sha256 in candidate.trained_on:
            return f"{candidate.spec} was trained on it"
        if photo.origin == "sample" and packaged(Path(photo.filename).stem) in candidate.trained_on:
            return f"{candidate.spec} was trained on the clean photo that this sample was made from"
        copied = each.near_copy(photo)
        if copied is not None:
            return f"{candidate.spec} was trained on a near-copy, {copied.filename}"
    return None


def _bits(near_hashes: Sequence[int]) -> NDArray[np.uint64]:
    return np.array(near_hashes, dtype=np.int64).view(np.uint64)


def left_out_entry(photo: Photo, reason: str) -> dict[str, Any]:
    """One line of a report's `left_out`."""
    return {"photo_id": photo.id, "filename": photo.filename, "reason": reason}
