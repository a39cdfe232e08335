"""Colours as a person wants them: a restoration coloured anew, with what was found and filled left as it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from db import reviews
from db.models import Photo, ResultKind
from inference.decoding import decode
from inference.results import encode_colour
from trainer.errors import JobError
from trainer.jobs.models import load_colorizer
from trainer.jobs.results import Made
from trainer.jobs.work import Work

if TYPE_CHECKING:
    from inference.arrays import Array
    from inference.colorizer import Colorizer
    from inference.photo import Photo as Picture


def recolouring(work: Work) -> Callable[[Photo], None]:
    """What colours the newest restoration of a photo anew by the job's `colouring` and the production colorizer.

    Raises JobError for a photo that was never restored, UsageProblem for colours that the colorizer cannot take.
    """
    wanted: dict[str, Any] = work.params["colouring"]
    colorizer = load_colorizer(work.settings)
    colour = _painter(work, colorizer, wanted)

    def recolour(photo: Photo) -> None:
        with work.database.reading() as session:
            restoration = reviews.latest_restoration(session, photo.id)
            found = {result.kind: result.sha256 for result in restoration.results} if restoration else {}
        if restoration is None or "restored" not in found:
            raise JobError(f"{photo.filename} was never restored; restore it before its colours are corrected.")
        source = decode(work.blobs.get(photo.sha256), photo.filename)
        restored = decode(work.blobs.get(found["restored"]), photo.filename).source
        made, results = Made(work), dict[ResultKind, tuple[str, str]]()
        results["restored_color"] = made.put_result(encode_colour(source, colour(source, restored)), photo.filename)
        results["color"] = made.put_result(encode_colour(source, colour(source, None)), photo.filename)
        with made.unit_of_work() as session:
            reviews.recolour(
                session,
                restoration.id,
                colorizer=str(colorizer.name),
                colouring=wanted,
                results=results,
                job_id=work.job.id,
            )

    return recolour


def _painter(work: Work, colorizer: "Colorizer", wanted: dict[str, Any]) -> "Callable[[Picture, Array | None], Array]":
    from inference.colorizer import Hint

    hints = [Hint(hint["row"], hint["column"], *hint["rgb"]) for hint in wanted["hints"]]
    saturation: float = wanted["saturation"]

    def paint(source: "Picture", pixels: "Array | None") -> "Array":
        return colorizer.colour(source, pixels, saturation=saturation, hints=hints, progress=lambda _: work.go_on())

    return paint
