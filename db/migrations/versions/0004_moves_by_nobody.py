"""A photo changes sides of the split by itself where a new one shows that near-copies are on both."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _let_nobody_move(True)


def downgrade() -> None:
    """What nobody in particular moved stays moved; that it was is forgotten."""
    op.execute("DELETE FROM split_move WHERE assessor_id IS NULL")
    _let_nobody_move(False)


def _let_nobody_move(nullable: bool) -> None:
    with op.batch_alter_table("split_move") as split_move:
        split_move.alter_column("assessor_id", existing_type=sa.Integer(), nullable=nullable)
