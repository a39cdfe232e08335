"""Colorizers on clean colour photos: one photo in memory at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference.arrays import Field, Pixels
from inference.batch import Failed
from inference.colorizer import Colorizer
from inference.colour import luma_of, quantised
from inference.errors import InferenceError
from inference.memory import room_for
from inference.photo import Photo
from inference.thumbnails import shrunk, thumbnail
from trainer.evaluation.clean import CleanEvaluationPhoto
from trainer.evaluation.data import data_sha
from trainer.measuring.colours import ColourFigures, mean_chroma, measure, one_colour, together

GREY, MEAN_COLOUR = "leave it grey", "mean colour of the group"
LARGEST = 1024
"""Photos with a longer side are measured shrunk to it, pixels."""
_SHOWN_SIDE = 400


@dataclass(frozen=True, eq=False)
class PhotoColours:
    """One photo as one model coloured it."""

    photo: CleanEvaluationPhoto
    figures: ColourFigures
    picture: bytes
    """JPEG of at most 400 pixels."""


@dataclass(eq=False)
class ColourEvaluation:
    """One model's figures, or a reference's, on all photos."""

    name: str
    photos: list[PhotoColours] = field(default_factory=list)

    def groups(self) -> dict[str, list[PhotoColours]]:
        """The photos by their group."""
        grouped: dict[str, list[PhotoColours]] = {}
        for entry in self.photos:
            grouped.setdefault(entry.photo.group, []).append(entry)
        return grouped

    def means(self) -> dict[str, dict[str, float]]:
        """Of each group: `mse`, `psnr`, `ciede2000`, `colourfulness`."""
        return {name: together(entry.figures for entry in group) for name, group in self.groups().items()}


@dataclass(eq=False)
class ColourOutcome:
    """Everything that measuring made."""

    models: list[ColourEvaluation]
    references: list[ColourEvaluation]
    """Leaving the photos grey, and the one chroma that is best for a group: what to beat."""
    failed: list[Failed] = field(default_factory=list)
    left_out: list[Failed] = field(default_factory=list)
    """Photos that a model was trained on, and which model that was."""
    views: dict[str, bytes] = field(default_factory=dict)
    """Each photo as it is, by label: JPEG."""
    data_sha: str = ""
    """SHA-256 over the hashes of every photo measured, whatever their order and names."""

    @property
    def measured(self) -> bool:
        """Whether any photo could be measured."""
        return bool(self.views)


def evaluate_colours(
    colorizers: Sequence[Colorizer],
    photos: Sequence[CleanEvaluationPhoto],
    progress: Callable[[str, float], None],
    trained_on: Mapping[str, str] | None = None,
) -> ColourOutcome:
    """Let every colorizer colour the grey version of every photo, and compare with the photo's own colours.

    Photos are read twice: the mean chroma of a group has to be known first. What cannot be read or coloured is named,
    and the others go on. `trained_on` maps the SHA-256 of a photo's bytes to the model that was trained on it: such a
    photo judges nobody. `progress` gets the photo's label and how many photos are done.
    """
    references = [ColourEvaluation(GREY), ColourEvaluation(MEAN_COLOUR)]
    outcome = ColourOutcome([ColourEvaluation(str(each.name)) for each in colorizers], references)
    usable, means = _first_look(photos, trained_on or {}, outcome)
    hashes = []
    for place, photo in enumerate(usable):
        progress(photo.label, place)
        try:
            with room_for(photo.label):
                truth = photo.read()
                made, view = _colour(colorizers, photo, shrunk(truth.pixels, LARGEST), means[photo.group])
        except InferenceError as error:
            outcome.failed.append(Failed(photo.label, str(error)))
            continue
        for column, entry in zip([*outcome.models, *references], made, strict=True):
            column.photos.append(entry)
        outcome.views[photo.label] = view
        hashes.append(truth.photo_sha)
    outcome.data_sha = data_sha(hashes)
    return outcome


def _colour(
    colorizers: Sequence[Colorizer], photo: CleanEvaluationPhoto, true: Pixels, mean: Field
) -> tuple[list[PhotoColours], bytes]:
    """One photo by every colorizer, left grey and in one colour; and what it looked like."""
    grey = np.asarray(quantised(luma_of(true)[..., None], np.dtype(np.uint8)), np.uint8)[..., 0]
    plain, tinted = one_colour(grey, np.zeros(2, np.float32)), one_colour(grey, mean)
    seen = Photo(plain, grey, photo.name, "PNG")
    pictures = [*(np.asarray(each.colour(seen), np.uint8) for each in colorizers), plain, tinted]
    made = [PhotoColours(photo, measure(picture, true), thumbnail(picture, _SHOWN_SIDE)) for picture in pictures]
    return made, thumbnail(true, _SHOWN_SIDE)


def _first_look(
    photos: Sequence[CleanEvaluationPhoto], trained_on: Mapping[str, str], outcome: ColourOutcome
) -> tuple[list[CleanEvaluationPhoto], dict[str, Field]]:
    """The photos that can be measured, and the mean chroma of each group."""
    usable = []
    chromas: dict[str, list[Field]] = {}
    for photo in photos:
        try:
            with room_for(photo.label):
                truth = photo.read()
                learner = trained_on.get(truth.photo_sha)
                if learner is not None:
                    outcome.left_out.append(Failed(photo.label, f"{learner} was trained on it"))
                    continue
                chroma = mean_chroma([shrunk(truth.pixels, LARGEST)])
        except InferenceError as error:
            outcome.failed.append(Failed(photo.label, str(error)))
            continue
        usable.append(photo)
        chromas.setdefault(photo.group, []).append(chroma)
    return usable, {group: np.mean(each, axis=0, dtype=np.float32) for group, each in chromas.items()}
