"""A photo's masks are looked up by photo and state; by state alone SQLite read all masks there are for each photo."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_annotation_photo_id_status", "annotation", ["photo_id", "status"])
    op.drop_index("ix_annotation_photo_id", "annotation")


def downgrade() -> None:
    op.create_index("ix_annotation_photo_id", "annotation", ["photo_id"])
    op.drop_index("ix_annotation_photo_id_status", "annotation")
