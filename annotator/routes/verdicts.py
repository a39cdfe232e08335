"""What an assessor says about a result."""

from typing import Any

from starlette.routing import Route

from annotator.marks import check_marks
from annotator.routes.http import Call, RouteError, post
from db.queue import get_task
from db.reviews import give_verdict

LONGEST_COMMENT = 2000


def verdict(call: Call) -> dict[str, Any]:
    """POST {"accepted", "reasons", "marks", "comment"} for a review task that the caller holds or nobody does.

    Answers {"verdict_id", "label_task_id"}: the label task that the rejection put on top of the queue, or null.
    """
    accepted, reasons = call.field("accepted", bool), call.field("reasons", list)
    raw_marks, comment = call.field("marks", list), call.field("comment", str)
    if len(comment) > LONGEST_COMMENT:
        raise RouteError(f"A comment may have {LONGEST_COMMENT} characters; this one has {len(comment)}.")
    with call.platform.database.unit_of_work() as session:
        task = get_task(session, call.path["id"])
        marks = check_marks(raw_marks, task.photo.width, task.photo.height)
        given = give_verdict(
            session,
            task,
            call.assessor,
            accepted=accepted,
            reasons=reasons,
            marks=marks,
            comment=comment,
        )
        return {"verdict_id": given.id, "label_task_id": given.label_task_id}


routes: list[Route] = [post("/api/tasks/{id:int}/verdict", verdict)]
