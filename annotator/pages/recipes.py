"""The settings of a training that matter, for each kind of model; what is left out stays at its default."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from annotator.pages.numbers import ask_number, outside
from annotator.views.training import SnapshotChoice, first_sentence, not_here, ships
from trainer.colouring.recipe import ColorizerRecipe, ColourLossSettings
from trainer.detecting.recipe import DetectorRecipe
from trainer.inpainting.recipe import InpainterRecipe
from trainer.learning.kinds import recipe_class
from trainer.learning.reading import CONFIGS, load_recipe
from trainer.learning.recipe import SHIPPED, Recipe, RecipeError

SIZES = (64, 96, 128, 192, 256, 384, 512, 768, 1024)
ENCODERS = {
    "folded": "folded, as shipped",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "efficientnet-b0": "EfficientNet-B0",
    "plain": "plain",
}
OURS = ("folded", "plain")
"""Encoders that nobody has ImageNet weights of."""
STAGES = {
    "distance": ("distance of colours alone", ColourLossSettings()),
    "discriminator": ("distance of colours and a discriminator", ColourLossSettings(adversarial=0.02)),
    "difference": (
        "difference that people see, with a prize for colour",
        ColourLossSettings(l1=0, difference=4, colourfulness=0.8),
    ),
    "perceptual": ("look of colours and a discriminator", ColourLossSettings(l1=0, perceptual=1, adversarial=0.05)),
}
"""How a colorizer learns, the published stages and ours: name, words, weights."""
RECIPES = {
    "detector": ("detector", "albunet18", "tiny"),
    "inpainter": ("liu2018", "tiny"),
    "colorizer": ("resnet50", "tiny"),
}
"""Recipes that come along, as `--config` names them; the others are for benchmarks, or for photos of their own."""
FOLDERS = {
    "inpainter": ("Folder of clean photos", "Photos without defects, in which holes are cut."),
    "colorizer": ("Folder of colour photos", "Any colour photos; portraits teach skin and uniforms."),
}
"""The photos that a kind learns from: what they are called, and what they are."""


def ask_recipe(kind: str, snapshot: SnapshotChoice | None) -> Recipe:
    """The recipe that the widgets say. Raises RecipeError for numbers outside their limits, and for settings that do
    not go together.
    """
    name = st.selectbox(
        "Start from recipe", RECIPES[kind], index=None, placeholder="none, settings of your own", key=f"{kind}-recipe"
    )
    recipe = _named(kind, name, snapshot) if name else FORMS[kind](snapshot)
    if wrong := list(outside(f"{kind}-{name}" if name else kind)):
        raise RecipeError(" ".join(wrong))
    return recipe


def _named(kind: str, name: str, snapshot: SnapshotChoice | None) -> Recipe:
    """A recipe that comes along; what the widgets do not ask stays as it says."""
    file = CONFIGS / kind / f"{name}.yaml"
    basis: Recipe = load_recipe(recipe_class(kind), file)
    st.caption(first_sentence(file))
    chosen: dict[str, Any] = {"photos": _folder(kind, *FOLDERS[kind])} if kind in FOLDERS else {}
    if isinstance(basis, DetectorRecipe):
        chosen["synthetic_share"] = _synthetic_share(kind, snapshot)
    chosen |= _first_settings(basis, f"{kind}-{name}")
    with st.expander("More settings"):
        chosen |= _more_settings(basis, f"{kind}-{name}") | {"warmup_steps": basis.warmup_steps}
    if isinstance(basis, InpainterRecipe):
        chosen["second_rate"] = _second_rate(basis, chosen["learning_rate"])
    return replace(basis, **chosen)


def _detector(snapshot: SnapshotChoice | None) -> Recipe:
    basis = DetectorRecipe()
    share = _synthetic_share("detector", snapshot)
    first = _first_settings(basis)
    with st.expander("More settings"):
        encoder = st.selectbox("Encoder", list(ENCODERS), format_func=ENCODERS.__getitem__, key="detector-encoder")
        start = encoder == basis.encoder and _shipped_start("detector")
        pretrained = encoder not in OURS and st.toggle(
            "Start from ImageNet weights, where they can be had", True, key="detector-pretrained"
        )
        more = _more_settings(basis)
    return replace(
        basis, synthetic_share=share, encoder=encoder or basis.encoder, init=SHIPPED if start else "",
        pretrained=pretrained, **first, **more,
    )  # fmt: skip


def _inpainter(snapshot: SnapshotChoice | None) -> Recipe:
    basis = InpainterRecipe()
    photos = _folder("inpainter", *FOLDERS["inpainter"])
    first = _first_settings(basis)
    largest = st.slider(
        "Largest hole, px", 16, 256, basis.largest_hole, step=8, key="inpainter-largest",
        help="The widest hole that it learns to fill. Restoring warns of larger ones.",
    )  # fmt: skip
    free = st.slider(
        "Holes of free strokes", 0, 100, round(100 * basis.irregular_share), step=5, format="%d %%",
        key="inpainter-strokes", help="The others have the shapes of defects, drawn or from accepted masks.",
    ) / 100  # fmt: skip
    with st.expander("More settings"):
        start = _shipped_start("inpainter")
        more = _more_settings(basis)
    annotated = min(basis.annotated_share, 1 - free) if snapshot else 0.0
    return replace(
        basis, photos=photos, largest_hole=int(largest), irregular_share=free, annotated_share=annotated,
        second_rate=_second_rate(basis, more["learning_rate"]), init=SHIPPED if start else "", **first, **more,
    )  # fmt: skip


def _colorizer(_: SnapshotChoice | None) -> Recipe:
    basis = ColorizerRecipe()
    photos = _folder("colorizer", *FOLDERS["colorizer"])
    if not photos:
        st.caption("Without a folder it learns from the eight sample photos: enough to try it, too few for colours.")
    stage = st.selectbox(
        "Learns by", list(STAGES), format_func=lambda name: STAGES[name][0], index=0, key="colorizer-stage"
    )
    first = _first_settings(basis)
    with st.expander("More settings"):
        hints = st.toggle("Takes colours that a person gives", basis.hints, key="colorizer-hints")
        start = hints == basis.hints and _shipped_start("colorizer")
        more = _more_settings(basis)
    return replace(
        basis, photos=photos, loss=STAGES[stage or "distance"][1], init=SHIPPED if start else "", hints=hints,
        hint_share=basis.hint_share if hints else 0.0, **first, **more,
    )  # fmt: skip


FORMS: dict[str, Callable[[SnapshotChoice | None], Recipe]] = {
    "detector": _detector,
    "inpainter": _inpainter,
    "colorizer": _colorizer,
}
"""In the order in which a photo meets the models."""


def _synthetic_share(kind: str, snapshot: SnapshotChoice | None) -> float:
    if snapshot is None:
        return 1.0
    return st.slider("Share of synthetic defects", 0, 100, 50, step=5, format="%d %%", key=f"{kind}-share") / 100


def _folder(kind: str, label: str, says: str) -> tuple[str, ...]:
    said = st.text_input(label, key=f"{kind}-photos", help=f"{says} A path on the machine of the worker.").strip()
    if missing := not_here(said):
        st.caption(missing)
    return (said,) if said else ()


def _second_rate(basis: InpainterRecipe, rate: float) -> float:
    """The second phase is slower than the first by as much as in the recipe."""
    return basis.second_rate / basis.learning_rate * rate


def _first_settings(basis: Recipe, key: str = "") -> dict[str, Any]:
    """The three that everybody changes, in one row; `key` begins those of the widgets, by default the kind."""
    key = key or basis.kind
    sizes = sorted({*SIZES, basis.size})
    with st.container(horizontal=True):
        size = st.selectbox(
            "Size, px", sizes, index=sizes.index(basis.size), key=f"{key}-size", width=96,
            help="The side of the squares that it learns from. Twice the side takes four times as long.",
        )  # fmt: skip
        epochs = ask_number(key, "epochs", basis.epochs, width=96)
        batch = ask_number(key, "batch", basis.batch, width=96)
    return {"size": int(size or basis.size), "epochs": int(epochs), "batch": int(batch)}


def _shipped_start(kind: str) -> bool:
    return ships(kind) and st.toggle(f"Start from the {kind} that ships", True, key=f"{kind}-shipped")


def _more_settings(basis: Recipe, key: str = "") -> dict[str, Any]:
    """What few change, the same for all kinds."""
    key = key or basis.kind
    steps = ask_number(key, "steps", basis.steps_per_epoch)
    rate = ask_number(key, "rate", basis.learning_rate, step=1e-4, format="%.6f")
    processes = ask_number(key, "processes", basis.processes)
    workers = ask_number(key, "workers", basis.workers)
    seed = ask_number(key, "seed", basis.seed)
    return {
        "steps_per_epoch": int(steps), "learning_rate": float(rate), "processes": int(processes),
        "workers": int(workers), "seed": int(seed), "warmup_steps": min(basis.warmup_steps, int(steps)),
    }  # fmt: skip
