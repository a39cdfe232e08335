"""What an assessor says about the results of a restoration."""

from typing import Any

from starlette.routing import Route

from annotator.routes.http import Call, post
from db.queue import get_task
from db.reviews import accept_rest, give_verdict


def verdict(call: Call) -> dict[str, Any]:
    """POST {"result_id", "accepted", "reasons", "marks", "comment"} for a review that the caller holds or nobody does.

    Answers {"verdict_id", "label_task_id", "done"}: the label task that the rejection put on top of the queue, or null,
    and whether all results of the photo have their verdict now.
    """
    result_id, accepted = call.field("result_id", int), call.field("accepted", bool)
    reasons, marks = call.field("reasons", list), call.field("marks", list)
    comment = call.comment()
    with call.platform.database.unit_of_work() as session:
        task = get_task(session, call.path["id"])
        given = give_verdict(
            session,
            task,
            call.assessor,
            result_id,
            accepted=accepted,
            reasons=reasons,
            marks=marks,
            comment=comment,
        )
        return {"verdict_id": given.id, "label_task_id": given.label_task_id, "done": task.status == "done"}


def rest(call: Call) -> dict[str, Any]:
    """POST: every result of the review that has no verdict yet is accepted. Answers {"accepted"}: how many."""
    with call.platform.database.unit_of_work() as session:
        given = accept_rest(session, get_task(session, call.path["id"]), call.assessor)
        return {"accepted": len(given)}


routes: list[Route] = [post("/api/tasks/{id:int}/verdict", verdict), post("/api/tasks/{id:int}/accept-rest", rest)]
