"""Defects: what can be turned, which photos it is tried on, and what a recipe then says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]
from sqlalchemy.orm import Session

from db.blobs import BlobStore
from db.photos import collections, get_photo
from db.wall import PhotoFilter, list_photos
from inference.arrays import Pixels
from inference.decoding import decode
from inference.thumbnails import shrunk
from trainer.defects import AgeingSettings, DefectSettings
from trainer.defects.preview import damaged, outlined
from trainer.learning.clean import packaged_photos

SAMPLES = ""
"""In place of a collection's name: the clean photos that came along."""
MOST = 9
"""Photos shown at once."""
AGEING = "ageing."
"""Begins the names of the knobs that age a print."""


@dataclass(frozen=True)
class Knob:
    """A slider for one setting."""

    name: str
    label: str
    most: float
    help: str


KINDS = (
    Knob("scratch", "Scratches", 5, "Groups of thin lines, from film or from handling."),
    Knob("crease", "Creases", 5, "Folds: cracked white, pressed, or broad and soft."),
    Knob("crack", "Cracks", 3, "Networks in the emulsion."),
    Knob("tear", "Tears", 3, "From the border inwards, with a lip of paper."),
    Knob("hole", "Holes", 3, "Through the print, or down to its paper."),
    Knob("border", "Borders", 3, "Lost corners, worn edges, ragged borders."),
    Knob("abrasion", "Rubbed places", 3, "Paper that shows through in grains and streaks."),
    Knob("stain", "Stains", 3, "Coffee, water, ink, brown spots."),
    Knob("dust", "Dust", 5, "Clouds of specks."),
    Knob("hair", "Hairs", 3, "Fibres on the glass."),
    Knob("texture", "Textures", 5, "Alpha maps laid over the photo."),
    Knob("lookalikes", "Lookalikes", 5, "Wires, text, cloth, people, lights, borders: no defects, never marked."),
)
AGES = (
    Knob("ageing.strength", "Age", 1, "0 leaves the photo as it is, 1 is the full range of ages."),
    Knob("ageing.grey", "Without colours", 1, "Share of the photos that lose their colours."),
    Knob("ageing.cast", "Cast", 1, "Share with a sepia or other cast."),
    Knob("ageing.paper", "Paper texture", 1, "Share on which weave, linen or honeycomb shows."),
    Knob("ageing.silver", "Silvering", 1, "Share with a bluish sheen in their shadows."),
    Knob("ageing.halftone", "Printed in dots", 1, "Share that look cut out of a newspaper."),
    Knob("ageing.jpeg", "JPEG", 1, "Share whose scan was kept as JPEG."),
)
LIMITS = (
    Knob("intact", "Without any defect", 1, "Share of the photos that only age."),
    Knob("largest_defect", "Largest defect", 1, "Share of a photo that one defect may cover."),
    Knob("covered_share", "All defects", 1, "Share of a photo that they may cover together."),
)
KNOBS = (*KINDS, *AGES, *LIMITS)


def defaults() -> dict[str, float]:
    """Every knob as it stands by default."""
    settings = DefectSettings()
    return {knob.name: float(_of(settings, knob.name)) for knob in KNOBS}


def nothing() -> dict[str, float]:
    """Every kind and every age at nothing, so that one can be looked at alone."""
    return {knob.name: 0.0 for knob in (*KINDS, *AGES)} | {"intact": 0.0}


def settings_of(values: Mapping[str, float], textures: str = "") -> DefectSettings:
    """The settings that the knobs stand at."""
    ages = {name.removeprefix(AGEING): value for name, value in values.items() if name.startswith(AGEING)}
    plain: dict[str, Any] = {name: value for name, value in values.items() if not name.startswith(AGEING)}
    return DefectSettings(**plain, textures=textures, ageing=AgeingSettings(**ages))


def recipe_text(settings: DefectSettings) -> str:
    """What a recipe says to draw these defects, in YAML: only what is not so by default."""
    usual, wanted = asdict(DefectSettings()), asdict(settings)
    changed = {name: value for name, value in wanted.items() if value != usual[name]}
    recipe: dict[str, Any] = {"textures": changed.pop("textures")} if "textures" in changed else {}
    if "ageing" in changed:
        ages = changed.pop("ageing")
        changed["ageing"] = {name: value for name, value in ages.items() if value != usual["ageing"][name]}
    if changed:
        recipe["defects"] = changed
    return yaml.safe_dump(recipe, sort_keys=False) if recipe else "# As by default.\n"


def sources(session: Session) -> dict[str, str]:
    """Where photos can come from: the samples, and every collection, with the words for it."""
    names = {name: f"{name or 'photos without a collection'} ({number})" for name, number in collections(session)}
    return {SAMPLES: "clean samples that came along", **{name: said for name, said in names.items() if name}}


def sample_photos(size: int) -> list[Pixels]:
    """The clean samples, `uint8 H×W×3` RGB, their longer sides brought down to `size` pixels."""
    return [shrunk(photo.load(), size) for photo in packaged_photos()]


def collection_photos(session: Session, collection: str) -> list[int]:
    """The first photos of a collection."""
    return [card.id for card in list_photos(session, PhotoFilter(collection=collection, limit=MOST))]


def photo_of(session: Session, blobs: BlobStore, photo_id: int, size: int) -> Pixels:
    """A photo, `uint8 H×W×3` RGB, its longer side brought down to `size` pixels."""
    photo = get_photo(session, photo_id)
    return shrunk(decode(blobs.get(photo.sha256), photo.filename).pixels, size)


def worn(photos: list[Pixels], first_seed: int, settings: DefectSettings, *, outlines: bool) -> list[Pixels]:
    """The photos with defects, the masks outlined or not; one seed after the other. Raises DefectError."""
    made = []
    for place, photo in enumerate(photos):
        pixels, mask, _ = damaged(photo, first_seed + place, max(photo.shape), settings)
        made.append(outlined(pixels, mask) if outlines else pixels)
    return made


def _of(settings: DefectSettings, name: str) -> Any:
    return getattr(settings.ageing, name.removeprefix(AGEING)) if name.startswith(AGEING) else getattr(settings, name)
