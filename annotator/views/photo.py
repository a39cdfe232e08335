"""A photo's own page: its versions, its story, and what comes next."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from annotator.routes.pictures import annotation_mask_url, photo_url, probability_url, result_file_url, result_url
from annotator.views.words import ago, concerns, count, listed, plain_entry, plain_model
from db.jobs import latest_job, list_jobs
from db.leases import another_decides, is_held
from db.models import Annotation, Assessor, Job, Photo, Proposal, Restoration, Result, Task, utc_now
from db.photos import get_photo
from db.stories import StoryEntry, photo_story, reason_words
from db.wall import PhotoState, photo_states

RESULT_WORDS = {"restored": "restored", "restored_color": "restored in colour", "color": "only coloured"}
"""As the Review page calls them (viewer-results.ts)."""
Tone = Literal["proposal", "drawn", "accepted"]


@dataclass(frozen=True)
class Version:
    """One way to look at the photo: a picture, maybe with a mask over it."""

    key: str
    label: str
    said: str
    src: str
    thumb: str
    file: str | None = None
    """The whole picture to keep, in its own depth."""
    mask: str | None = None
    mask_thumb: str | None = None
    tone: Tone | None = None
    restoration: int | None = None
    """The restoration that a result belongs to."""


@dataclass(frozen=True)
class NextStep:
    """What to do with this photo now."""

    said: str
    button: str
    action: Literal["label", "accept", "review", "restore"]
    task_id: int | None = None


@dataclass(frozen=True)
class PhotoPage:
    """Everything the page shows."""

    photo: Photo
    state: PhotoState
    versions: tuple[Version, ...]
    start: int
    """The version to open on: the newest restored picture, else the newest mask."""
    results: tuple[Version, ...]
    """Those of the newest restoration."""
    story: tuple[StoryEntry, ...]
    """Newest first."""
    next_step: NextStep | None
    trouble: str = ""
    """Why the newest restoration of it failed, if it did."""
    last_job: Job | None = None
    """That restoration."""

    @property
    def facts(self) -> str:
        """What kind of file it is, in one line."""
        photo = self.photo
        depth = f", {photo.bit_depth}-bit" if photo.bit_depth != 8 else ""
        return (
            f"{photo.width} × {photo.height} px, {photo.format}{depth}, {size(photo.byte_size)}, "
            f"{'for checking models' if photo.split == 'validation' else 'for training models'}"
        )

    def wipe_data(self) -> dict[str, Any] | None:
        """What the part `wipe` draws, the photo as it came and its newest results; None without one."""
        if not self.results:
            return None
        photo = self.photo
        shown = [{"label": result.label, "src": result.src, "file": result.file} for result in self.results]
        sides = {"width": photo.width, "height": photo.height}
        return {"before": self.versions[0].src, "results": shown, "name": photo.filename, **sides}

    def component_data(self) -> dict[str, Any]:
        """What the part `versions` draws; sizes in photo pixels."""
        shown = [asdict(version) for version in self.versions]
        return {"versions": shown, "start": self.start, "width": self.photo.width, "height": self.photo.height}


def photo_page(session: Session, photo_id: int, assessor: Assessor) -> PhotoPage:
    """Raises NotFound when the photo was deleted."""
    photo = get_photo(session, photo_id)
    results = tuple(_results(session, photo))
    newest = tuple(version for version in results if version.restoration == results[-1].restoration)
    versions = (*_masks(session, photo), *results)
    last_job = latest_job(session, "restore", photo.id)
    return PhotoPage(
        photo=photo,
        state=photo_states(session, [photo_id])[photo_id],
        versions=versions,
        start=versions.index(newest[0]) if newest else len(versions) - 1,
        results=newest,
        story=_story(session, photo_id),
        next_step=next_step(session, photo, assessor),
        trouble=trouble(last_job, photo.id),
        last_job=last_job,
    )


def _story(session: Session, photo_id: int) -> tuple[StoryEntry, ...]:
    return tuple(plain_entry(entry) for entry in reversed(photo_story(session, photo_id)))


def next_step(session: Session, photo: Photo, assessor: Assessor) -> NextStep | None:
    """The task of this photo that this person may take, their own first; else a restoration when there is none yet.

    While somebody else draws on the photo or judges it, nothing of that kind may be taken; on a lead's own mask another
    lead decides, if there is one.
    """
    if photo.archived_at is not None:
        return None
    query = select(Task).where(Task.photo_id == photo.id, Task.status == "open").order_by(Task.id)
    tasks = sorted(session.scalars(query), key=lambda task: task.leased_to_id == assessor.id)
    taken = {task.kind for task in tasks if task.leased_to_id != assessor.id and is_held(task, utc_now())}
    by_kind = {task.kind: task for task in tasks if task.kind not in taken and _may_take(session, task, assessor)}
    if "accept" in by_kind:
        return NextStep("A mask waits for your decision.", "Decide on the mask", "accept", by_kind["accept"].id)
    if "review" in by_kind:
        return NextStep("The results want your verdict.", "Review the results", "review", by_kind["review"].id)
    if "label" in by_kind:
        reason = reason_words(by_kind["label"].reason)
        why = f" Why: {reason}." if reason else ""
        return NextStep(f"It waits for a mask.{why}", "Draw the mask", "label", by_kind["label"].id)
    restoring = any(concerns(job, photo.id) for job in list_jobs(session, "restore", active=True))
    if not restoring and not session.scalar(select(Restoration.id).where(Restoration.photo_id == photo.id).limit(1)):
        return NextStep("It was never restored.", "Restore it", "restore")
    return None


def _may_take(session: Session, task: Task, assessor: Assessor) -> bool:
    return task.kind != "accept" or (assessor.is_lead and not another_decides(session, task, assessor))


def trouble(job: Job | None, photo_id: int) -> str:
    """Why a restoration of the photo failed, if it did."""
    if job is None or job.status == "failed":
        return job.error if job else ""
    failures = job.result.get("failures", [])
    return next((str(failure["error"]) for failure in failures if failure["photo_id"] == photo_id), "")


def size(in_bytes: int) -> str:
    """`3.4 MB`, as file managers say it."""
    return f"{in_bytes / 1e6:.1f} MB" if in_bytes >= 1e6 else f"{max(1, round(in_bytes / 1e3))} kB"


def _masks(session: Session, photo: Photo) -> list[Version]:
    """The photo as it came, and under each mask that was proposed or drawn."""
    view = photo_url(photo.id, photo.view_sha256)
    thumb = photo_url(photo.id, photo.thumbnail_sha256, "thumbnail")
    said = f"The photo as it came, {ago(photo.created_at)}"
    found = [Version("original", "original", said, view, thumb, photo_url(photo.id, photo.sha256, "original"))]
    for proposal in session.scalars(select(Proposal).where(Proposal.photo_id == photo.id).order_by(Proposal.id)):
        said = f"Proposed by {plain_model(proposal.model)}, {ago(proposal.created_at)}"
        masks = probability_url(proposal), probability_url(proposal, "thumbnail")
        found.append(Version(f"proposal {proposal.id}", "proposal", said, view, thumb, None, *masks, "proposal"))
    return found + [_mask_version(annotation, view, thumb) for annotation in _annotations(session, photo)]


def _results(session: Session, photo: Photo) -> list[Version]:
    """Oldest restoration first, the results of each in the order of review."""
    found = []
    query = select(Result, Restoration).join(Restoration).where(Restoration.photo_id == photo.id).order_by(Result.id)
    for result, restoration in session.execute(query):
        source, thumb = result_url(result), result_url(result, "thumbnail")
        what = RESULT_WORDS[result.kind]
        said = f"{what.capitalize()} by {_makers(result, restoration)}, {ago(restoration.created_at)}"
        said += ", colours corrected" if restoration.colouring and result.kind != "restored" else ""
        said += "".join(f" ⚠ {warning}" for warning in restoration.warnings)
        file = result_file_url(result)
        found.append(Version(f"result {result.id}", what, said, source, thumb, file, restoration=restoration.id))
    return found


def _makers(result: Result, restoration: Restoration) -> str:
    """The models that had a hand in a result: nothing was filled in `color`, nothing coloured in `restored`."""
    filled = [] if result.kind == "color" else [restoration.detector, restoration.inpainter]
    coloured = [] if result.kind == "restored" or restoration.colorizer is None else [restoration.colorizer]
    return listed([plain_model(name) for name in filled + coloured])


def _annotations(session: Session, photo: Photo) -> list[Annotation]:
    query = select(Annotation).where(Annotation.photo_id == photo.id, Annotation.mask_sha256.is_not(None))
    return list(session.scalars(query.order_by(Annotation.id)))


def _mask_version(annotation: Annotation, view: str, thumb: str) -> Version:
    origin = {"drawn": "drawn", "imported": "imported", "synthetic": "known, since heirloom drew the defects"}
    who = f" by {annotation.assessor.name}" if annotation.assessor and annotation.origin == "drawn" else ""
    state = {"accepted": "accepted", "rejected": "returned", "submitted": "waits for a lead"}.get(annotation.status, "")
    said = f"Mask {origin[annotation.origin]}{who}, {ago(annotation.created_at)}" + (f"; {state}" if state else "")
    tone: Tone = "accepted" if annotation.status == "accepted" else "drawn"
    masks = annotation_mask_url(annotation), annotation_mask_url(annotation, "thumbnail")
    return Version(f"mask {annotation.id}", f"mask, {state or 'draft'}", said, view, thumb, None, *masks, tone)


def impact_sentence(photos: int, annotations: int, restorations: int, verdicts: int, snapshots: list[str]) -> str:
    """What a deletion takes along, before it happens."""
    parts = [count(photos, "photo")]
    parts += [count(annotations, "mask")] if annotations else []
    parts += [count(restorations, "restoration")] if restorations else []
    parts += [count(verdicts, "verdict")] if verdicts else []
    lost = f" These snapshots lose photos: {', '.join(snapshots)}." if snapshots else " No snapshot loses a photo."
    return f"{listed(parts)} will be gone, with all bytes.{lost} This cannot be undone."
