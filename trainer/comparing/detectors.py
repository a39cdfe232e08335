"""Detectors side by side: what each finds against the accepted masks."""

from collections.abc import Callable, Sequence
from typing import Any

from db.settings import Settings
from inference.detector import Detector
from trainer.comparing.examining import SHOWN_SIDE, Examiner, Exhibit, Figures, Seen, Shown, annotated
from trainer.comparing.judges import Candidate
from trainer.evaluation.detecting.measuring import look
from trainer.jobs.models import load_detector
from trainer.jobs.work import Work
from trainer.measuring.metrics import Metrics, mean_metrics
from trainer.measuring.overlays import overlay_at


class DetectorExaminer(Examiner):
    """Masks at the threshold that each detector ships with, hits, misses and false alarms laid over the photo."""

    def exhibits(self, work: Work, candidates: Sequence[Candidate]) -> tuple[list[Exhibit], list[dict[str, Any]]]:
        return annotated(work, candidates)

    def load(self, settings: Settings, spec: str) -> Detector:
        return load_detector(settings, spec)

    def facts(self, model: Detector) -> dict[str, Any]:
        return {"threshold": model.threshold}

    def look(self, model: Detector, exhibit: Exhibit, shown: Shown, go_on: Callable[[float], None]) -> Seen:
        assert shown.mask is not None
        pixels = shown.picture.pixels
        seen = look(model, pixels, shown.mask, progress=go_on)
        return Seen(overlay_at(SHOWN_SIDE, pixels, shown.mask, seen.found), seen.tally.metrics().to_dict())

    def means(self, figures: Sequence[Figures]) -> Figures:
        return mean_metrics(Metrics(**each) for each in figures)

    def apart(self, seen: Sequence[Seen]) -> float:
        """The largest gap in Dice between two of them."""
        reached = [each.figures["dice"] for each in seen]
        return max(reached, default=0.0) - min(reached, default=0.0)
