"""The tables. Names follow the glossary in docs/design.md; every change here needs a migration."""

import unicodedata
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    TypeDecorator,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

PhotoOrigin = Literal["imported", "sample"]
Split = Literal["train", "validation"]
AnnotationStatus = Literal["draft", "submitted", "accepted", "rejected"]
AnnotationOrigin = Literal["drawn", "imported", "synthetic"]
"""`synthetic` masks are known because we drew the defects; they never count as real."""
DraftEventKind = Literal["stroke", "undo", "redo", "threshold"]
TaskKind = Literal["label", "accept", "review"]
TaskStatus = Literal["open", "parked", "done", "withdrawn"]
"""A leased task stays `open`: its lease is `leased_to_id` and `leased_until`, and simply expires.

`parked` is an open task of an archived photo; unarchiving opens it again.
"""
UNFINISHED: tuple[TaskStatus, ...] = ("open", "parked")
ResultKind = Literal["restored", "restored_color", "color"]
JobKind = Literal["train", "propose", "restore", "compare"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]

NEVER_REUSE_IDS = {"sqlite_autoincrement": True}
"""A deleted photo's number must not come back as another photo in a cached address or a waiting job."""

LEASED = text("leased_to_id IS NOT NULL")
"""Nearly all tasks are leased to nobody: an index over all of them tells SQLite to look at the whole queue instead."""


LONGEST_KEY = 240
"""Characters of a folded name."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def name_key(name: str) -> str:
    """Folds case, width and spaces, so that 'Ann  Lee' and 'ann lee' are one person.

    One character may fold to eighteen: the key ends where its column does.
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:LONGEST_KEY]


def _name_key(context: Any) -> str:
    return name_key(context.get_current_parameters()["name"])


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """What people, files or errors say, without what cannot be stored.

    PostgreSQL keeps no NUL, and neither driver half of a surrogate pair.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\0", "").encode(errors="ignore").decode() if value is not None else None


def one_of(column: str, values: Any) -> CheckConstraint:
    """A check that `column` holds one of a Literal's values."""
    listed = ", ".join(f"'{value}'" for value in get_args(values))
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        str: Words,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        **{
            kind: String(20)
            for kind in (
                PhotoOrigin, Split, AnnotationStatus, AnnotationOrigin, DraftEventKind,
                TaskKind, TaskStatus, ResultKind, JobKind, JobStatus,
            )
        },
    }  # fmt: skip


class Assessor(Base):
    """A person who labels or judges; a lead also accepts work, an engineer also trains and promotes."""

    __tablename__ = "assessor"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Words(80))
    name_key: Mapped[str] = mapped_column(Words(LONGEST_KEY), unique=True, default=_name_key)
    """The name as `name_key()` folds it: one person whatever the case they type."""
    subject: Mapped[str | None] = mapped_column(Words(255), unique=True)
    """The identity provider's name for this person, where a sign-in is configured."""
    is_lead: Mapped[bool] = mapped_column(default=False)
    is_engineer: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Photo(Base):
    """An imported picture, immutable, named by the hash of its bytes."""

    __tablename__ = "photo"
    __table_args__ = (
        one_of("origin", PhotoOrigin),
        one_of("split", Split),
        Index(None, "archived_at", "id"),
        NEVER_REUSE_IDS,
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    filename: Mapped[str] = mapped_column(Words(255))
    format: Mapped[str] = mapped_column(String(10))
    """JPEG, PNG, TIFF, WEBP or BMP."""
    width: Mapped[int]
    """Of the upright picture, pixels."""
    height: Mapped[int]
    channels: Mapped[int]
    bit_depth: Mapped[int]
    byte_size: Mapped[int]
    collection: Mapped[str] = mapped_column(Words(120), default="", index=True)
    origin: Mapped[PhotoOrigin] = mapped_column(default="imported")
    view_sha256: Mapped[str] = mapped_column(String(64))
    """Blob a browser can show: upright, 8-bit; the stored bytes themselves where they already are that."""
    thumbnail_sha256: Mapped[str] = mapped_column(String(64))
    near_hash: Mapped[int] = mapped_column(BigInteger)
    """64-bit difference hash (as a signed integer); near-copies differ in few bits."""
    split: Mapped[Split]
    """Decided once, at import; copies and near-copies share it. Every move is a SplitMove."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    archived_at: Mapped[datetime | None]
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))


class PhotoBand(Base):
    """A quarter of a photo's near hash: near-copies are found by the quarters they nearly share."""

    __tablename__ = "photo_band"
    __table_args__ = (Index(None, "band", "value"),)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    band: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    """0 to 3, the lowest bits first."""
    value: Mapped[int]
    """16 bits."""


class SplitMove(Base):
    """A photo's move to the other side of the split."""

    __tablename__ = "split_move"
    __table_args__ = (one_of("split", Split),)
    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), index=True)
    split: Mapped[Split]
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    """The lead who decided it; None where a new photo resembled photos on both sides."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Proposal(Base):
    """A detector's probability map for a photo, offered as a start."""

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("photo_id", "model"), NEVER_REUSE_IDS)
    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))
    model: Mapped[str] = mapped_column(String(200))
    """The model's full name as `inference.names.ModelName` prints it, such as `detector v3 (registry)`."""
    probability_sha256: Mapped[str] = mapped_column(String(64))
    """Blob: 8-bit PNG of the photo's size, round(255 · probability)."""
    threshold: Mapped[float]
    uncertainty: Mapped[float]
    """Mean binary entropy in [0, 1]; what the queue sorts by."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    """Or when it was offered again: the last of a photo's is what its draft begins with."""


class Annotation(Base):
    """One version of a mask by one assessor."""

    __tablename__ = "annotation"
    __table_args__ = (
        one_of("status", AnnotationStatus),
        one_of("origin", AnnotationOrigin),
        Index("ix_annotation_photo_id_status", "photo_id", "status"),
        NEVER_REUSE_IDS,
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL", use_alter=True), index=True)
    """The label task it answers."""
    status: Mapped[AnnotationStatus] = mapped_column(default="draft", index=True)
    origin: Mapped[AnnotationOrigin] = mapped_column(default="drawn")
    base_proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id", ondelete="SET NULL"), index=True)
    base_annotation_id: Mapped[int | None] = mapped_column(ForeignKey("annotation.id", ondelete="SET NULL"), index=True)
    base_threshold: Mapped[float | None]
    """The proposal's threshold when the draft was opened; a `threshold` event changes it."""
    version: Mapped[int] = mapped_column(default=0)
    """The newest draft event; whoever writes names the version they saw."""
    mask_sha256: Mapped[str | None] = mapped_column(String(64))
    """Blob: 8-bit PNG of the photo's size, 255 = defect. Set by submit and by import."""
    marked_share: Mapped[float | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    """Time the assessor was active on it."""
    comment: Mapped[str] = mapped_column(default="")
    """What the lead said on returning it."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))

    photo: Mapped[Photo] = relationship()
    assessor: Mapped[Assessor | None] = relationship(foreign_keys=[assessor_id])


class DraftEvent(Base):
    """One thing done to a draft. The key makes a stale write fail instead of merging."""

    __tablename__ = "draft_event"
    __table_args__ = (one_of("kind", DraftEventKind),)
    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[DraftEventKind]
    payload: Mapped[dict[str, Any]]
    """stroke: tool, size, points, rect; threshold: value; undo and redo: empty."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Task(Base):
    """A piece of work leased to one assessor."""

    __tablename__ = "task"
    __table_args__ = (
        one_of("kind", TaskKind),
        one_of("status", TaskStatus),
        Index("ix_task_queue", "kind", "status", desc("priority"), "id"),
        Index("ix_task_leased_to_id", "leased_to_id", sqlite_where=LEASED, postgresql_where=LEASED),
        NEVER_REUSE_IDS,
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TaskKind]
    status: Mapped[TaskStatus] = mapped_column(default="open")
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), index=True)
    annotation_id: Mapped[int | None] = mapped_column(ForeignKey("annotation.id", ondelete="CASCADE"), index=True)
    """accept: the submitted annotation. label: the annotation that was returned, if any."""
    restoration_id: Mapped[int | None] = mapped_column(ForeignKey("restoration.id", ondelete="CASCADE"), index=True)
    """review: the restoration whose results are to be judged; each gets a verdict of its own."""
    priority: Mapped[float] = mapped_column(default=0.0)
    """Higher comes first."""
    reason: Mapped[str] = mapped_column(Words(200), default="")
    """Why this photo, in words a person reads: 'new', 'uncertain', 'missed defect', 'returned'."""
    marks: Mapped[list[Any]] = mapped_column(default=list)
    """Places to look at: {"kind": "rectangle", "x", "y", "width", "height"} or {"kind": "scribble", "points"}."""
    leased_to_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    leased_until: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    photo: Mapped[Photo] = relationship()


class Skip(Base):
    """An assessor passed a task on, with a reason; it is not offered to them again."""

    __tablename__ = "skip"
    __table_args__ = (UniqueConstraint("task_id", "assessor_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    assessor_id: Mapped[int] = mapped_column(ForeignKey("assessor.id"))
    reason: Mapped[str] = mapped_column(Words(500))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Snapshot(Base):
    """A frozen, hashed dataset: what training reads."""

    __tablename__ = "snapshot"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Words(120), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))


class SnapshotItem(Base):
    """One photo and its accepted mask. A deleted photo leaves the row behind with `photo_id` empty."""

    __tablename__ = "snapshot_item"
    __table_args__ = (one_of("split", Split), one_of("origin", AnnotationOrigin))
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("snapshot.id", ondelete="CASCADE"), primary_key=True)
    photo_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id", ondelete="SET NULL"), index=True)
    annotation_id: Mapped[int | None] = mapped_column(ForeignKey("annotation.id", ondelete="SET NULL"), index=True)
    mask_sha256: Mapped[str] = mapped_column(String(64))
    split: Mapped[Split]
    origin: Mapped[AnnotationOrigin]


class Restoration(Base):
    """The results for one photo by named models."""

    __tablename__ = "restoration"
    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), index=True)
    detector: Mapped[str] = mapped_column(String(200))
    inpainter: Mapped[str] = mapped_column(String(200))
    colorizer: Mapped[str | None] = mapped_column(String(200))
    threshold: Mapped[float]
    mask_sha256: Mapped[str] = mapped_column(String(64))
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    colouring: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """How a person corrected the colours: {"saturation", "hints": [{"row", "column", "rgb": [r, g, b]}]}; None where
    they are the colorizer's own."""
    job_id: Mapped[str | None] = mapped_column(String(36))
    """The job that made it; whoever takes that up again does not make it anew."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    photo: Mapped[Photo] = relationship()
    results: Mapped[list["Result"]] = relationship(
        back_populates="restoration", passive_deletes=True, order_by="Result.id"
    )


class Result(Base):
    """One picture of a restoration."""

    __tablename__ = "result"
    __table_args__ = (one_of("kind", ResultKind), UniqueConstraint("restoration_id", "kind"), NEVER_REUSE_IDS)
    id: Mapped[int] = mapped_column(primary_key=True)
    restoration_id: Mapped[int] = mapped_column(ForeignKey("restoration.id", ondelete="CASCADE"))
    kind: Mapped[ResultKind]
    sha256: Mapped[str] = mapped_column(String(64))
    """Blob: PNG in the photo's depth and channels."""
    view_sha256: Mapped[str] = mapped_column(String(64))
    """Blob a browser can show."""

    restoration: Mapped[Restoration] = relationship(back_populates="results")
    verdicts: Mapped[list["Verdict"]] = relationship(back_populates="result", passive_deletes=True)


class Verdict(Base):
    """One assessor's judgement of one result."""

    __tablename__ = "verdict"
    __table_args__ = (UniqueConstraint("result_id", "assessor_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"))
    assessor_id: Mapped[int] = mapped_column(ForeignKey("assessor.id"))
    accepted: Mapped[bool]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    """Of what `db.reviews.REASONS` allows for the result's kind; empty when accepted."""
    marks: Mapped[list[Any]] = mapped_column(default=list)
    """Where, as in Task.marks."""
    comment: Mapped[str] = mapped_column(default="")
    label_task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), index=True)
    """The label task this rejection made."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    result: Mapped[Result] = relationship(back_populates="verdicts")


class Job(Base):
    """The durable request; `id` is also the id of its workflow."""

    __tablename__ = "job"
    __table_args__ = (one_of("kind", JobKind), one_of("status", JobStatus))
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[JobKind] = mapped_column(index=True)
    status: Mapped[JobStatus] = mapped_column(default="queued", index=True)
    params: Mapped[dict[str, Any]]
    run_id: Mapped[str | None] = mapped_column(String(40))
    """The MLflow run it made."""
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str | None] = mapped_column(String(120))
    heartbeat_at: Mapped[datetime | None]
    """Written every few seconds by the worker that holds the job; whoever sees it expire resumes the job."""
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it made: a comparison's report, a training's model version, a batch's failures."""


class Promotion(Base):
    """The alias `production` of a model moved: to what, from what, by whom, and whether it was undone."""

    __tablename__ = "promotion"
    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(80), index=True)
    version: Mapped[str] = mapped_column(String(20))
    previous_version: Mapped[str | None] = mapped_column(String(20))
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("assessor.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("promotion.id"))
