"""One review for all results of a restoration; reports of comparisons that know more kinds of model than detectors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"

QUEUE_INDEX = "ix_task_queue"
BETTER = """
    SELECT 1 FROM task AS other
    WHERE other.kind = 'review' AND other.restoration_id = task.restoration_id AND other.id <> task.id
      AND (CASE WHEN other.status IN ('open', 'parked') THEN 0 ELSE 1 END, other.id)
        < (CASE WHEN task.status IN ('open', 'parked') THEN 0 ELSE 1 END, task.id)
"""
"""Of several reviews of one restoration the first that is not finished stays, else the first: verdicts are rows of
their own, so nothing that anybody said is lost."""


JOB = sa.table("job", sa.column("id", sa.String()), sa.column("kind", sa.String()), sa.column("result", sa.JSON()))


def upgrade() -> None:
    _rewrite_reports(_of_any_kind)
    with _altered() as task:
        task.add_column(sa.Column("restoration_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE task SET restoration_id = (SELECT restoration_id FROM result WHERE result.id = task.result_id) "
        "WHERE kind = 'review'"
    )
    surplus = f"SELECT id FROM task WHERE kind = 'review' AND EXISTS ({BETTER})"
    op.execute(f"DELETE FROM skip WHERE task_id IN ({surplus})")
    op.execute(f"DELETE FROM task WHERE id IN ({surplus})")
    op.drop_index(op.f("ix_task_result_id"), table_name="task")
    with _altered() as task:
        task.drop_constraint(op.f("fk_task_result_id_result"), type_="foreignkey")
        task.drop_column("result_id")
        task.create_foreign_key(
            op.f("fk_task_restoration_id_restoration"), "restoration", ["restoration_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index(op.f("ix_task_restoration_id"), "task", ["restoration_id"], unique=False)


def downgrade() -> None:
    """A review goes back to the first result without a verdict, else the first; the others lose theirs."""
    _rewrite_reports(_of_detectors)
    with _altered() as task:
        task.add_column(sa.Column("result_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE task SET result_id = (SELECT result.id FROM result WHERE result.restoration_id = task.restoration_id "
        "ORDER BY EXISTS (SELECT 1 FROM verdict WHERE verdict.result_id = result.id), result.id LIMIT 1)"
    )
    op.drop_index(op.f("ix_task_restoration_id"), table_name="task")
    with _altered() as task:
        task.drop_constraint(op.f("fk_task_restoration_id_restoration"), type_="foreignkey")
        task.drop_column("restoration_id")
        task.create_foreign_key(op.f("fk_task_result_id_result"), "result", ["result_id"], ["id"], ondelete="CASCADE")
    op.create_index(op.f("ix_task_result_id"), "task", ["result_id"], unique=False)


@contextmanager
def _altered() -> Iterator[BatchOperations]:
    """Changes to `task`. SQLite makes the table anew, which must bring along what Alembic does not see in the old one:
    its checks, that a number is never given twice, and that the queue's index sorts downwards."""
    if op.get_context().dialect.name != "sqlite":
        with op.batch_alter_table("task") as task:
            yield task
        return
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'task'"))
    op.drop_index(QUEUE_INDEX, table_name="task")
    checks = (
        sa.CheckConstraint("kind IN ('label', 'accept', 'review')", name=op.f("ck_task_kind_known")),
        sa.CheckConstraint("status IN ('open', 'parked', 'done', 'withdrawn')", name=op.f("ck_task_status_known")),
    )
    with op.batch_alter_table(
        "task", recreate="always", table_args=checks, table_kwargs={"sqlite_autoincrement": True}
    ) as task:
        yield task
    op.create_index(QUEUE_INDEX, "task", ["kind", "status", sa.text("priority DESC"), "id"])
    if last is not None:
        op.execute(f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'task'")
        op.execute(
            f"INSERT INTO sqlite_sequence (name, seq) SELECT 'task', {last} "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'task')"
        )


def _rewrite_reports(changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    connection = op.get_bind()
    for job_id, report in connection.execute(sa.select(JOB.c.id, JOB.c.result).where(JOB.c.kind == "compare")).all():
        if report and "photos" in report:
            connection.execute(sa.update(JOB).where(JOB.c.id == job_id).values(result=changed(report)))


def _of_any_kind(report: dict[str, Any]) -> dict[str, Any]:
    """Photos say their group instead of whether they are real, and how far the models are apart; a group without photos
    has no figures."""
    photos = [
        {key: value for key, value in photo.items() if key != "real"}
        | {"group": "real" if photo["real"] else "synthetic", "apart": _gap(photo)}
        | {"models": _renamed(photo, "overlay", "picture")}
        for photo in report["photos"]
    ]
    figures = {
        spec: {group: means for group, means in groups.items() if isinstance(means, dict)}
        for spec, groups in report["figures"].items()
    }
    return {**report, "kind": "detector", "photos": photos, "figures": figures}


def _of_detectors(report: dict[str, Any]) -> dict[str, Any]:
    """Reports on other kinds of model become empty: the older pages cannot show them."""
    if report["kind"] != "detector":
        return {}
    photos = [
        {key: value for key, value in photo.items() if key not in ("group", "apart")}
        | {"real": photo["group"] == "real", "models": _renamed(photo, "picture", "overlay")}
        for photo in report["photos"]
    ]
    missing = {"real": "no real annotations yet", "synthetic": "no synthetic annotations"}
    figures = {spec: missing | groups for spec, groups in report["figures"].items()}
    rest = {key: value for key, value in report.items() if key != "kind"}
    return {**rest, "photos": photos, "figures": figures}


def _renamed(photo: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {
        spec: {new if key == old else key: value for key, value in seen.items()}
        for spec, seen in photo["models"].items()
    }


def _gap(photo: dict[str, Any]) -> float:
    """The largest gap in Dice."""
    reached = [seen["figures"].get("dice") or 0.0 for seen in photo["models"].values()]
    return max(reached, default=0.0) - min(reached, default=0.0)
