"""An evaluation of restorations as one page: figures, and every photo damaged, restored, and as the expert made it."""

from inference.png import encode_png
from trainer.evaluation.page import MARGIN, SOFT, WIDTH, Strip, decoded, drawn_table, short, stacked
from trainer.evaluation.restoring import figures
from trainer.evaluation.restoring.measuring import RestoredOutcome, RestoredPhoto

_GAP = 0.1
_TALLEST = 4.0
_BELOW = {
    "damaged": "as it is, {damaged} dB",
    "found": "green found, red wrong, blue missed",
    "restored": "restored, {restored} dB",
    "true mask": "filled under the true mask, {ceiling} dB",
    "expert": "the expert's",
}


def draw_report(outcome: RestoredOutcome, measured_on: str) -> bytes:
    """The page as PNG. `measured_on` says in a few words where the photos come from. Raises ValueError without any."""
    if not outcome.photos:
        raise ValueError("an evaluation without a photo has no report")
    head = Strip(1.35)
    head.text(MARGIN, 0.7, "How near restored photos come to an expert's", fontsize=18, fontweight="bold")
    facts = [short(measured_on, 80), f"{len(outcome.photos)} photos", f"data {outcome.data_sha[:12]}"]
    head.text(MARGIN, 1.0, "   ·   ".join(facts), color=SOFT)
    table = drawn_table([(figures.title(outcome), figures.rows(outcome))], figures.HEADINGS, figures.REMARK)
    return encode_png(stacked([head, table, *map(_photo, outcome.photos), Strip(MARGIN)]))


def _photo(entry: RestoredPhoto) -> Strip:
    numbers = dict(next(iter(figures.rows(RestoredOutcome({}, [entry])))).figures)
    pictures = {what: decoded(jpeg) for what, jpeg in entry.views.items()}
    room = (WIDTH - 2 * MARGIN - _GAP * (len(pictures) - 1)) / len(pictures)
    first = next(iter(pictures.values()))
    height = min(room * first.shape[0] / first.shape[1], _TALLEST)
    part = Strip(height + 0.85)
    part.text(MARGIN, 0.2, entry.name, fontweight="bold")
    for place, (what, pixels) in enumerate(pictures.items()):
        x = MARGIN + place * (room + _GAP)
        part.picture(x, 0.3, height * first.shape[1] / first.shape[0], height, pixels)
        part.text(x, height + 0.5, short(_BELOW[what].format(**numbers), round(room * 17)), color=SOFT, fontsize=7.5)
    return part
