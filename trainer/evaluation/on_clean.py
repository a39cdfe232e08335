"""What `heirloom evaluate colorizer` and `inpainter` do, from words to files: both measure on clean photos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from db.settings import Settings
from inference.batch import Failed
from inference.progress import progress_bar
from inference.writing import check_folder
from trainer.evaluation.clean import CleanEvaluationPhoto, clean_photos_in
from trainer.evaluation.outputs import Findings, Loader, keep, load_models
from trainer.evaluation.tables import Row, terminal_table, wide_console
from trainer.evaluation.tracking import keep_run, metrics_of, plain_name
from trainer.tracking.registry import answering


class Measured(Protocol):
    """A model's figures, or a reference's."""

    name: str

    def means(self) -> dict[str, dict[str, float]]:
        """Figures of each group by name."""
        ...


Evaluated = TypeVar("Evaluated", bound=Measured)


class Outcome(Protocol[Evaluated]):
    """Everything that measuring made."""

    models: list[Evaluated]
    references: list[Evaluated]
    failed: list[Failed]
    left_out: list[Failed]

    @property
    def measured(self) -> bool:
        """Whether any photo could be measured."""
        ...


Model = TypeVar("Model")
Made = TypeVar("Made", bound=Outcome[Any])


@dataclass(frozen=True)
class Request:
    """What was asked for; see the options of the commands."""

    models: tuple[str, ...]
    on: tuple[Path, ...]
    out: Path | None = None
    track: bool = True


@dataclass(frozen=True)
class CleanEvaluation(Generic[Model, Made]):
    """How models of one kind are measured, and how that is told."""

    kind: str
    load: Loader[Model]
    look: Callable[[list[Model], Sequence[CleanEvaluationPhoto], Callable[[str, float], None], Mapping[str, str]], Made]
    plain: Callable[[Made], dict[str, Any]]
    """The outcome as JSON values."""
    sections: Callable[[Made], list[tuple[str, list[Row]]]]
    """The outcome as tables with a title each."""
    headings: Mapping[str, str]
    remark: str
    draw: Callable[[Made, str], bytes]
    """The outcome as a page, with where the photos are from."""
    pictures: Callable[[Any], dict[str, bytes]]
    """JPEGs of one model by label."""

    @property
    def experiment(self) -> str:
        """The experiment of MLflow that keeps the runs."""
        return f"{self.kind} evaluation"

    def measure(self, settings: Settings, request: Request) -> Findings:
        """Measure, and keep what was asked for.

        Raises WrongUse, RegistryError, CheckpointError or UsageProblem before any work where the request cannot be met,
        OutputError where the results cannot be written.
        """
        if request.out:
            check_folder(request.out)
        photos = clean_photos_in(request.on)
        models, trained_on = load_models(settings, request.models, self.kind, self.load)
        with progress_bar(len(photos)) as show:
            outcome = self.look(models, photos, show, trained_on)
        result = self.plain(outcome)
        result["data"]["on"] = where = ", ".join(map(str, request.on))
        if outcome.measured:
            track = partial(self._track, settings, outcome) if request.track and settings.has_platform() else None
            result |= keep(result, request.out, lambda: self.draw(outcome, where), track)
        shown = partial(self._show, outcome) if outcome.measured else None
        return Findings(result, shown, outcome.left_out, outcome.failed)

    def _track(self, settings: Settings, outcome: Made, facts: dict[str, Any], files: Sequence[Path]) -> list[str]:
        """A run per model, with the references' figures beside its own."""
        beside = {key: value for each in outcome.references for key, value in _named(each, f"/{each.name}").items()}
        with answering(settings):
            return [
                keep_run(
                    settings,
                    self.experiment,
                    each.name,
                    facts=facts,
                    metrics=metrics_of({**_named(each), **beside}),
                    files=files,
                    pictures=self.pictures(each),
                )
                for each in outcome.models
            ]

    def _show(self, outcome: Made) -> None:
        console = wide_console()
        for title, rows in self.sections(outcome):
            console.print(terminal_table(title, [rows], self.headings))
        console.print(self.remark, style="dim")


def _named(evaluation: Measured, whose: str = "") -> dict[str, float]:
    return {
        f"{plain_name(group + whose)}/{key}": value
        for group, means in evaluation.means().items()
        for key, value in means.items()
    }
