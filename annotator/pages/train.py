"""Train: left what and how, right the job as it runs."""

from html import escape

import streamlit as st

from annotator.context import platform
from annotator.pages.recipes import FORMS, ask_recipe
from annotator.pages.remembering import remember
from annotator.pages.training import past_trainings, running_training
from annotator.telling import tell
from annotator.views import actions
from annotator.views.kinds import KIND_TITLES, kind_named
from annotator.views.pictures import strip
from annotator.views.training import SnapshotChoice, counts_sentence, estimate, snapshot_choices
from annotator.visitor import current
from db.errors import PlatformError
from db.jobs import list_jobs
from db.models import Assessor, Job
from trainer.learning.kinds import recipe_class
from trainer.learning.recipe import RecipeError

NO_SNAPSHOT = 0
WITHOUT = {
    "detector": (
        "synthetic defects",
        "Clean photos with defects that we draw. Figures on real photos will be missing.",
    ),
    "inpainter": ("clean photos", "Clean photos, in which we cut holes: free strokes and the shapes of drawn defects."),
}
"""What a kind learns from without a snapshot."""
SNAPSHOT_HELP = "Makes a snapshot: the accepted masks as they are now. Trainings on the same snapshot can be compared."


def page() -> None:
    assessor = current()
    remember("trained kind", *(f"{kind}-" for kind in FORMS))
    with platform().database.reading() as session:
        choices = snapshot_choices(session)
        jobs = list_jobs(session, "train")
    settings, running = st.columns([1, 1.5], gap="large")
    with settings:
        _settings(choices, jobs, assessor)
    with running, st.container(key="trainings"):
        running_training()
        past_trainings(jobs, assessor)


def _settings(choices: list[SnapshotChoice], jobs: list[Job], assessor: Assessor) -> None:
    heading = st.container()
    kind = st.segmented_control(
        "What to train", list(FORMS), format_func=lambda name: KIND_TITLES[name].removesuffix("s"), default="detector",
        required=True, key="trained kind", label_visibility="collapsed",
    ) or "detector"  # fmt: skip
    heading.title(f"Train {kind_named(kind).a}", anchor=False)
    snapshot = _snapshot(kind, choices, assessor) if recipe_class(kind).learns_from_annotations else None
    try:
        recipe = ask_recipe(kind, snapshot)
    except RecipeError as error:
        tell(error)
        st.button("Start training", type="primary", key="launch", disabled=True)
        return
    st.caption(estimate(recipe, jobs))
    if st.button("Start training", type="primary", key="launch"):
        actions.train(platform(), recipe, snapshot.id if snapshot else None, assessor)
        st.toast("It begins as soon as a worker is free. You can leave the page while it runs.")
        st.rerun()


def _snapshot(kind: str, choices: list[SnapshotChoice], assessor: Assessor) -> SnapshotChoice | None:
    by_id = {choice.id: choice for choice in choices}
    chosen = st.selectbox(
        "Snapshot to train on",
        [*by_id, NO_SNAPSHOT],
        format_func=lambda each: by_id[each].name if each else f"{WITHOUT[kind][0]} only, no snapshot",
        key=f"{kind}-snapshot",
    )
    found = by_id.get(chosen)
    if found:
        st.html(strip(found.photos))
        said = f'{escape(counts_sentence(found.counts))} <code title="{found.sha256}">{found.sha256[:10]}</code>'
        st.html(f'<p class="hl-quiet">{said}</p>')
    else:
        st.caption(WITHOUT[kind][1])
    st.button("Freeze what is accepted now", key="freeze", on_click=_freeze, args=(kind, assessor), help=SNAPSHOT_HELP)
    if problem := st.session_state.pop("freeze problem", None):
        tell(problem)
    return found


def _freeze(kind: str, assessor: Assessor) -> None:
    """Make a snapshot and choose it; runs before the page does, while the choice can still be changed."""
    try:
        made = actions.freeze(platform(), None, assessor)
    except PlatformError as error:
        st.session_state["freeze problem"] = str(error)
    else:
        st.session_state[f"{kind}-snapshot"] = made.id
        st.toast(f"Frozen as {made.name}.")
