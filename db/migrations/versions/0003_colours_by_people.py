"""Restorations whose colours a person corrected say how."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("restoration", sa.Column("colouring", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("restoration") as restoration:
        restoration.drop_column("colouring")
