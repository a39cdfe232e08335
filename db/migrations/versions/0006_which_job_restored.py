"""Restorations name the job that made them: clocks told which were its own, and clocks differ and are set back."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("restoration", sa.Column("job_id", sa.String(36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("restoration") as restoration:
        restoration.drop_column("job_id")
