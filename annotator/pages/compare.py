"""Compare: runs as rows, the same photos through each, and promotion where the evidence is."""

import streamlit as st

from annotator.context import platform
from annotator.navigation import link
from annotator.pages.charts import lines
from annotator.pages.comparison import ask_promote, comparison, promotions
from annotator.pages.remembering import remember
from annotator.parts import ignore, part
from annotator.telling import tell
from annotator.views import actions
from annotator.views.comparing import comparisons_of, run_table
from annotator.views.kinds import KIND_TITLES, Kind, kind_named
from annotator.views.runs import Point, Run, curve, list_runs, mlflow_address
from annotator.visitor import current
from db.errors import PlatformError
from db.jobs import list_jobs
from db.models import Assessor

WHOSE_FIGURES = "The table has what each training measured; a comparison measures all anew, on the same photos."
SPARKLINES = 15
"""Newest runs that get one; each is a question to MLflow."""


def page() -> None:
    assessor = current()
    remember("compared kind", "curve-")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title("Compare models", anchor=False, width="content")
        if address := mlflow_address():
            st.link_button("Open MLflow", address, icon=":material/open_in_new:")
    kind = _kind()
    try:
        with st.spinner("Reading the runs …", show_time=False):
            runs = list_runs(platform().settings, kind.name)
            losses = _losses(runs)
    except PlatformError as error:
        tell(error)
        return
    if not runs:
        st.subheader(f"There is no {kind.name} yet", anchor=False)
        st.page_link(link("train"), label="**Train the first one**", icon=":material/model_training:")
        return
    chosen = _table(kind, runs, losses)
    st.caption(f"{WHOSE_FIGURES} {kind.terms}")
    _chosen(kind, chosen, assessor)
    promotions(kind, runs, assessor)


def _kind() -> Kind:
    chosen = st.segmented_control(
        "Kind of model", list(KIND_TITLES), format_func=KIND_TITLES.__getitem__, default="detector", required=True,
        key="compared kind", label_visibility="collapsed",
    )  # fmt: skip
    return kind_named(chosen or "detector")


def _losses(runs: list[Run]) -> dict[str, list[Point]]:
    """Curves that can no longer change are asked for once."""
    kept: dict[str, list[Point]] = st.session_state.setdefault("losses", {})
    for run in runs[:SPARKLINES]:
        if run.run_id not in kept or run.status == "RUNNING":
            kept[run.run_id] = curve(platform().settings, run.run_id, "loss")
    return kept


def _table(kind: Kind, runs: list[Run], losses: dict[str, list[Point]]) -> list[Run]:
    """The table of runs; returns those that are chosen."""
    state = f"chosen {kind.name} runs"
    before = st.session_state.get(state, [])
    data = {**run_table(kind, runs, losses), "chosen": before}
    key = f"runs-{kind.name}"
    chosen = part("runs", key=key, data=data, default={"chosen": before}, on_chosen_change=ignore).chosen or []
    st.session_state[state] = chosen
    return [run for run in runs if run.run_id in chosen]


def _chosen(kind: Kind, chosen: list[Run], assessor: Assessor) -> None:
    if not chosen:
        st.caption("Choose one model to promote it, or two and more to put them side by side.")
        return
    models = [run for run in chosen if run.model is not None]
    specs = [run.model.spec for run in models if run.model is not None]
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(specs) >= 2 and st.button("Compare on the same photos", type="primary", key="compare"):
            actions.compare(platform(), specs, assessor)
        if len(chosen) == 1 and models and st.button("Promote…", key="promote", disabled=models[0].in_production):
            ask_promote(specs[0])
        for run in chosen:
            if address := mlflow_address(run):
                st.link_button(f"{run.name} in MLflow", address, icon=":material/open_in_new:", type="tertiary")
    if len(specs) < len(chosen):
        st.caption("A run that did not end has no model to compare or promote; its curves are below.")
    _curves(kind, chosen)
    if len(specs) >= 2:
        with platform().database.reading() as session:
            jobs = comparisons_of(list_jobs(session, "compare"), specs)
        comparison(jobs, {run.model.spec for run in models if run.model and run.in_production})


def _curves(kind: Kind, chosen: list[Run]) -> None:
    trained = [run for run in chosen if run.status != "SCHEDULED" and "loss" in run.figures]
    if not trained:
        return
    curves = {key: said for key, said in kind.curves.items() if any(key in run.figures for run in trained)}
    key = st.segmented_control(
        "Curve", list(curves), format_func=curves.__getitem__, default="loss", key=f"curve-{kind.name}"
    )
    try:
        found = {run.name: curve(platform().settings, run.run_id, key or "loss") for run in trained}
    except PlatformError as error:
        tell(error)
        return
    drawn = {name: points for name, points in found.items() if points}
    st.altair_chart(lines(drawn, curves[key or "loss"]))
