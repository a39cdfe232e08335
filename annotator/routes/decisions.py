"""What a lead decides on a submitted mask."""

from typing import Any

from starlette.routing import Route

from annotator.routes.http import Call, post
from db.annotations import accept, give_back
from db.queue import get_task


def accept_mask(call: Call) -> dict[str, Any]:
    """POST {}: the annotation of this accept task is accepted. Answers {"annotation_id"}."""
    with call.platform.database.unit_of_work() as session:
        annotation = accept(session, get_task(session, call.path["id"]), call.assessor)
        return {"annotation_id": annotation.id}


def return_mask(call: Call) -> dict[str, Any]:
    """POST {"comment"}, required: the mask goes back to labelling. Answers {"label_task_id"}."""
    comment = call.comment()
    with call.platform.database.unit_of_work() as session:
        task = give_back(session, get_task(session, call.path["id"]), call.assessor, comment)
        return {"label_task_id": task.id}


routes: list[Route] = [
    post("/api/tasks/{id:int}/accept", accept_mask),
    post("/api/tasks/{id:int}/return", return_mask),
]
