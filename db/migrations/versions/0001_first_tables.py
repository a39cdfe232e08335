"""The first tables: one photo all the way round."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LATE_KEY = "fk_annotation_task_id_task"
"""Annotations and tasks refer to each other: SQLite takes the key with the table, PostgreSQL after both."""


def upgrade() -> None:
    op.create_table(
        "assessor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=240), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.Column("is_engineer", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessor")),
        sa.UniqueConstraint("name_key", name=op.f("uq_assessor_name_key")),
        sa.UniqueConstraint("subject", name=op.f("uq_assessor_subject")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('train', 'propose', 'restore', 'compare')", name=op.f("ck_job_kind_known")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_status_known")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["assessor.id"], name=op.f("fk_job_created_by_id_assessor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_kind"), "job", ["kind"], unique=False)
    op.create_index(op.f("ix_job_status"), "job", ["status"], unique=False)
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("bit_depth", sa.Integer(), nullable=False),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("collection", sa.String(length=120), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("view_sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=False),
        sa.Column("near_hash", sa.BigInteger(), nullable=False),
        sa.Column("split", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("origin IN ('imported', 'sample')", name=op.f("ck_photo_origin_known")),
        sa.CheckConstraint("split IN ('train', 'validation')", name=op.f("ck_photo_split_known")),
        sa.ForeignKeyConstraint(["imported_by_id"], ["assessor.id"], name=op.f("fk_photo_imported_by_id_assessor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("sha256", name=op.f("uq_photo_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_photo_archived_at_id"), "photo", ["archived_at", "id"], unique=False)
    op.create_index(op.f("ix_photo_collection"), "photo", ["collection"], unique=False)
    op.create_table(
        "promotion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("previous_version", sa.String(length=20), nullable=True),
        sa.Column("assessor_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["assessor_id"], ["assessor.id"], name=op.f("fk_promotion_assessor_id_assessor")),
        sa.ForeignKeyConstraint(["undoes_id"], ["promotion.id"], name=op.f("fk_promotion_undoes_id_promotion")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index(op.f("ix_promotion_model"), "promotion", ["model"], unique=False)
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["assessor.id"], name=op.f("fk_snapshot_created_by_id_assessor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("name", name=op.f("uq_snapshot_name")),
    )
    op.create_index(op.f("ix_snapshot_sha256"), "snapshot", ["sha256"], unique=False)
    op.create_table(
        "photo_band",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("band", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_photo_band_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", "band", name=op.f("pk_photo_band")),
    )
    op.create_index(op.f("ix_photo_band_band_value"), "photo_band", ["band", "value"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("probability_sha256", sa.String(length=64), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("uncertainty", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_proposal_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("photo_id", "model", name=op.f("uq_proposal_photo_id_model")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "restoration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("detector", sa.String(length=200), nullable=False),
        sa.Column("inpainter", sa.String(length=200), nullable=False),
        sa.Column("colorizer", sa.String(length=200), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("mask_sha256", sa.String(length=64), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_restoration_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
    )
    op.create_index(op.f("ix_restoration_photo_id"), "restoration", ["photo_id"], unique=False)
    op.create_table(
        "split_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(length=20), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("split IN ('train', 'validation')", name=op.f("ck_split_move_split_known")),
        sa.ForeignKeyConstraint(["assessor_id"], ["assessor.id"], name=op.f("fk_split_move_assessor_id_assessor")),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_split_move_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_move")),
    )
    op.create_index(op.f("ix_split_move_photo_id"), "split_move", ["photo_id"], unique=False)
    op.create_table(
        "annotation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("base_proposal_id", sa.Integer(), nullable=True),
        sa.Column("base_annotation_id", sa.Integer(), nullable=True),
        sa.Column("base_threshold", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mask_sha256", sa.String(length=64), nullable=True),
        sa.Column("marked_share", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("origin IN ('drawn', 'imported', 'synthetic')", name=op.f("ck_annotation_origin_known")),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'accepted', 'rejected')", name=op.f("ck_annotation_status_known")
        ),
        sa.ForeignKeyConstraint(["assessor_id"], ["assessor.id"], name=op.f("fk_annotation_assessor_id_assessor")),
        sa.ForeignKeyConstraint(
            ["base_annotation_id"],
            ["annotation.id"],
            name=op.f("fk_annotation_base_annotation_id_annotation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["base_proposal_id"],
            ["proposal.id"],
            name=op.f("fk_annotation_base_proposal_id_proposal"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["assessor.id"], name=op.f("fk_annotation_decided_by_id_assessor")),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_annotation_photo_id_photo"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_annotation_task_id_task"), ondelete="SET NULL", use_alter=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_annotation_base_annotation_id"), "annotation", ["base_annotation_id"], unique=False)
    op.create_index(op.f("ix_annotation_base_proposal_id"), "annotation", ["base_proposal_id"], unique=False)
    op.create_index(op.f("ix_annotation_photo_id"), "annotation", ["photo_id"], unique=False)
    op.create_index(op.f("ix_annotation_status"), "annotation", ["status"], unique=False)
    op.create_index(op.f("ix_annotation_task_id"), "annotation", ["task_id"], unique=False)
    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("restoration_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("view_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('restored', 'restored_color', 'color')", name=op.f("ck_result_kind_known")),
        sa.ForeignKeyConstraint(
            ["restoration_id"],
            ["restoration.id"],
            name=op.f("fk_result_restoration_id_restoration"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result")),
        sa.UniqueConstraint("restoration_id", "kind", name=op.f("uq_result_restoration_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "draft_event",
        sa.Column("annotation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('stroke', 'undo', 'redo', 'threshold')", name=op.f("ck_draft_event_kind_known")),
        sa.ForeignKeyConstraint(
            ["annotation_id"],
            ["annotation.id"],
            name=op.f("fk_draft_event_annotation_id_annotation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("annotation_id", "version", name=op.f("pk_draft_event")),
    )
    op.create_table(
        "snapshot_item",
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("annotation_id", sa.Integer(), nullable=True),
        sa.Column("mask_sha256", sa.String(length=64), nullable=False),
        sa.Column("split", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.CheckConstraint("origin IN ('drawn', 'imported', 'synthetic')", name=op.f("ck_snapshot_item_origin_known")),
        sa.CheckConstraint("split IN ('train', 'validation')", name=op.f("ck_snapshot_item_split_known")),
        sa.ForeignKeyConstraint(
            ["annotation_id"],
            ["annotation.id"],
            name=op.f("fk_snapshot_item_annotation_id_annotation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_snapshot_item_photo_id_photo"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshot.id"], name=op.f("fk_snapshot_item_snapshot_id_snapshot"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "photo_sha256", name=op.f("pk_snapshot_item")),
    )
    op.create_index(op.f("ix_snapshot_item_annotation_id"), "snapshot_item", ["annotation_id"], unique=False)
    op.create_index(op.f("ix_snapshot_item_photo_id"), "snapshot_item", ["photo_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("annotation_id", sa.Integer(), nullable=True),
        sa.Column("result_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("leased_to_id", sa.Integer(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('label', 'accept', 'review')", name=op.f("ck_task_kind_known")),
        sa.CheckConstraint("status IN ('open', 'parked', 'done', 'withdrawn')", name=op.f("ck_task_status_known")),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotation.id"], name=op.f("fk_task_annotation_id_annotation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["assessor.id"], name=op.f("fk_task_done_by_id_assessor")),
        sa.ForeignKeyConstraint(["leased_to_id"], ["assessor.id"], name=op.f("fk_task_leased_to_id_assessor")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_task_photo_id_photo"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["result_id"], ["result.id"], name=op.f("fk_task_result_id_result"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_annotation_id"), "task", ["annotation_id"], unique=False)
    op.create_index(
        "ix_task_leased_to_id",
        "task",
        ["leased_to_id"],
        unique=False,
        sqlite_where=sa.text("leased_to_id IS NOT NULL"),
        postgresql_where=sa.text("leased_to_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_task_photo_id"), "task", ["photo_id"], unique=False)
    op.create_index(op.f("ix_task_result_id"), "task", ["result_id"], unique=False)
    op.create_index("ix_task_queue", "task", ["kind", "status", sa.text("priority DESC"), "id"])
    op.create_table(
        "skip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assessor_id"], ["assessor.id"], name=op.f("fk_skip_assessor_id_assessor")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_skip_task_id_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skip")),
        sa.UniqueConstraint("task_id", "assessor_id", name=op.f("uq_skip_task_id_assessor_id")),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("assessor_id", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("label_task_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assessor_id"], ["assessor.id"], name=op.f("fk_verdict_assessor_id_assessor")),
        sa.ForeignKeyConstraint(
            ["label_task_id"], ["task.id"], name=op.f("fk_verdict_label_task_id_task"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["result.id"], name=op.f("fk_verdict_result_id_result"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("result_id", "assessor_id", name=op.f("uq_verdict_result_id_assessor_id")),
    )
    op.create_index(op.f("ix_verdict_label_task_id"), "verdict", ["label_task_id"], unique=False)
    if op.get_context().dialect.supports_alter:
        op.create_foreign_key(LATE_KEY, "annotation", "task", ["task_id"], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    if op.get_context().dialect.supports_alter:
        op.drop_constraint(LATE_KEY, "annotation", type_="foreignkey")
    op.drop_index(op.f("ix_verdict_label_task_id"), table_name="verdict")
    op.drop_table("verdict")
    op.drop_table("skip")
    op.drop_index("ix_task_queue", table_name="task")
    op.drop_index(op.f("ix_task_result_id"), table_name="task")
    op.drop_index(op.f("ix_task_photo_id"), table_name="task")
    op.drop_index(
        "ix_task_leased_to_id",
        table_name="task",
        sqlite_where=sa.text("leased_to_id IS NOT NULL"),
        postgresql_where=sa.text("leased_to_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_task_annotation_id"), table_name="task")
    op.drop_table("task")
    op.drop_index(op.f("ix_snapshot_item_photo_id"), table_name="snapshot_item")
    op.drop_index(op.f("ix_snapshot_item_annotation_id"), table_name="snapshot_item")
    op.drop_table("snapshot_item")
    op.drop_table("draft_event")
    op.drop_table("result")
    op.drop_index(op.f("ix_annotation_task_id"), table_name="annotation")
    op.drop_index(op.f("ix_annotation_status"), table_name="annotation")
    op.drop_index(op.f("ix_annotation_photo_id"), table_name="annotation")
    op.drop_index(op.f("ix_annotation_base_proposal_id"), table_name="annotation")
    op.drop_index(op.f("ix_annotation_base_annotation_id"), table_name="annotation")
    op.drop_table("annotation")
    op.drop_index(op.f("ix_split_move_photo_id"), table_name="split_move")
    op.drop_table("split_move")
    op.drop_index(op.f("ix_restoration_photo_id"), table_name="restoration")
    op.drop_table("restoration")
    op.drop_table("proposal")
    op.drop_index(op.f("ix_photo_band_band_value"), table_name="photo_band")
    op.drop_table("photo_band")
    op.drop_index(op.f("ix_snapshot_sha256"), table_name="snapshot")
    op.drop_table("snapshot")
    op.drop_index(op.f("ix_promotion_model"), table_name="promotion")
    op.drop_table("promotion")
    op.drop_index(op.f("ix_photo_collection"), table_name="photo")
    op.drop_index(op.f("ix_photo_archived_at_id"), table_name="photo")
    op.drop_table("photo")
    op.drop_index(op.f("ix_job_status"), table_name="job")
    op.drop_index(op.f("ix_job_kind"), table_name="job")
    op.drop_table("job")
    op.drop_table("assessor")
