"""How `heirloom evaluate colorizer` measures and tells."""

from inference.colorizer import Colorizer
from trainer.evaluation.colouring import figures
from trainer.evaluation.colouring.measuring import ColourEvaluation, evaluate_colours
from trainer.evaluation.colouring.report import draw_report
from trainer.evaluation.on_clean import CleanEvaluation


def _pictures(evaluation: ColourEvaluation) -> dict[str, bytes]:
    return {f"coloured/{entry.photo.label}": entry.picture for entry in evaluation.photos}


COLORIZERS = CleanEvaluation(
    kind="colorizer",
    load=Colorizer.load,
    look=evaluate_colours,
    plain=figures.plain,
    sections=figures.sections,
    headings=figures.HEADINGS,
    remark=figures.REMARK,
    draw=draw_report,
    pictures=_pictures,
)
