"""Train: left what and how, right the job as it runs."""

from dataclasses import replace
from html import escape

import streamlit as st

from annotator.context import platform
from annotator.pages.training import past_trainings, running_training
from annotator.views import actions
from annotator.views.pictures import strip
from annotator.views.training import SnapshotChoice, counts_sentence, estimate, snapshot_choices
from annotator.visitor import current
from db.errors import PlatformError
from db.jobs import list_jobs
from db.models import Assessor, Job
from trainer.detecting.recipe import DetectorRecipe
from trainer.recipe import SHIPPED, RecipeError

SIZES = (64, 128, 192, 256, 384, 512, 768, 1024)
ENCODERS = {
    "folded": "folded, as shipped",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "efficientnet-b0": "EfficientNet-B0",
    "plain": "plain",
}
OURS = ("folded", "plain")
"""Encoders that nobody has ImageNet weights of."""

NO_SNAPSHOT = 0


def page() -> None:
    assessor = current()
    with platform().database.reading() as session:
        choices = snapshot_choices(session)
        jobs = list_jobs(session, "train")
    settings, running = st.columns([1, 1.5], gap="large")
    with settings:
        _settings(choices, jobs, assessor)
    with running:
        running_training()
        past_trainings(jobs, assessor)


def _settings(choices: list[SnapshotChoice], jobs: list[Job], assessor: Assessor) -> None:
    st.title("Train a detector", anchor=False)
    snapshot = _snapshot(choices, assessor)
    try:
        recipe = _recipe(snapshot)
    except RecipeError as error:
        st.error(str(error))
        return
    st.caption(estimate(recipe, jobs))
    if st.button("Start training", type="primary", key="launch"):
        actions.train(platform(), recipe, snapshot.id if snapshot else None, assessor)
        st.rerun()


def _snapshot(choices: list[SnapshotChoice], assessor: Assessor) -> SnapshotChoice | None:
    by_id = {choice.id: choice for choice in choices}
    chosen = st.selectbox(
        "On",
        [*by_id, NO_SNAPSHOT],
        format_func=lambda each: by_id[each].name if each else "synthetic defects only, no snapshot",
        key="snapshot",
    )
    found = by_id.get(chosen)
    if found:
        st.html(strip(found.photos))
        said = f'{escape(counts_sentence(found.counts))} <code title="{found.sha256}">{found.sha256[:10]}</code>'
        st.html(f'<p class="hl-quiet">{said}</p>')
    else:
        st.caption("Clean photos with defects that we draw. Figures on real photos will be missing.")
    st.button("Freeze what is accepted now", key="freeze", on_click=_freeze, args=(assessor,))
    if problem := st.session_state.pop("freeze problem", None):
        st.error(problem)
    return found


def _freeze(assessor: Assessor) -> None:
    """Make a snapshot and choose it; runs before the page does, while the choice can still be changed."""
    try:
        made = actions.freeze(platform(), None, assessor)
    except PlatformError as error:
        st.session_state["freeze problem"] = str(error)
    else:
        st.session_state["snapshot"] = made.id
        st.toast(f"{made.name} holds what is accepted now.")


def _recipe(snapshot: SnapshotChoice | None) -> DetectorRecipe:
    basis = DetectorRecipe()
    share = 100
    if snapshot:
        share = st.slider("Share of synthetic defects", 0, 100, 50, step=5, format="%d %%", key="share")
    with st.container(horizontal=True):
        size = st.selectbox("Size, px", SIZES, index=SIZES.index(basis.size), key="size", width=110)
        epochs = st.number_input("Epochs", 1, 1000, basis.epochs, key="epochs", width=110)
        batch = st.number_input("Batch", 1, 256, basis.batch, key="batch", width=110)
    with st.expander("More settings"):
        encoder = st.selectbox("Encoder", list(ENCODERS), format_func=ENCODERS.__getitem__, key="encoder")
        shipped = encoder == basis.encoder and st.toggle("Start from the detector that ships", True, key="shipped")
        pretrained = encoder not in OURS and st.toggle(
            "Start from ImageNet weights, where they can be had", True, key="pretrained"
        )
        steps = st.number_input("Steps per epoch", 1, 100_000, basis.steps_per_epoch, key="steps")
        rate = st.number_input("Learning rate", 1e-6, 1.0, basis.learning_rate, format="%.6f", key="rate")
        workers = st.number_input("Processes that make pictures", 0, 64, basis.workers, key="workers")
        seed = st.number_input("Seed", 0, 2**31, basis.seed, key="seed")
    return replace(
        basis,
        synthetic_share=share / 100,
        size=int(size or basis.size),
        epochs=int(epochs),
        batch=int(batch),
        encoder=encoder or basis.encoder,
        init=SHIPPED if shipped else "",
        pretrained=pretrained,
        steps_per_epoch=int(steps),
        learning_rate=float(rate),
        warmup_steps=min(basis.warmup_steps, int(steps)),
        workers=int(workers),
        seed=int(seed),
    )
