"""How `heirloom evaluate inpainter` measures and tells."""

from inference.inpainter import Inpainter
from trainer.evaluation.filling import figures
from trainer.evaluation.filling.measuring import FillEvaluation, evaluate_fills
from trainer.evaluation.filling.report import draw_report
from trainer.evaluation.on_clean import CleanEvaluation


def _pictures(evaluation: FillEvaluation) -> dict[str, bytes]:
    return {f"filled/{entry.label}": entry.picture for entry in evaluation.photos if entry.picture}


INPAINTERS = CleanEvaluation(
    kind="inpainter",
    load=Inpainter.load,
    look=evaluate_fills,
    plain=figures.plain,
    sections=figures.sections,
    headings=figures.HEADINGS,
    remark=figures.REMARK,
    draw=draw_report,
    pictures=_pictures,
)
