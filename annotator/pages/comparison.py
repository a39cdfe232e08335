"""The evidence: the same photos through each model, and the promotion that follows from it."""

from html import escape

import streamlit as st

from annotator.context import platform
from annotator.pages.jobbar import bar, log, stop_button
from annotator.pages.training import legend
from annotator.telling import tell
from annotator.views import actions
from annotator.views.comparing import figure_lines, grids, left_out_sentence, moves, production_sentence
from annotator.views.kinds import Kind, kind_named, kind_of
from annotator.views.runs import Run
from annotator.views.words import ago, exact
from annotator.visitor import current
from db.errors import PlatformError
from db.jobs import ACTIVE, get_job
from db.models import Assessor, Job


def comparison(jobs: list[Job], in_production: set[str]) -> None:
    """The newest comparison of the chosen models: as it runs, or its result. `in_production`: those not to promote."""
    if not jobs:
        st.caption("They were not compared yet. Figures are made anew, on photos that none of them was trained on.")
        return
    job = jobs[0]
    if job.status in ACTIVE:
        _running(job.id)
    elif job.status == "done":
        _result(job, in_production)
    else:
        tell(job.error or "The comparison was stopped. Start it again.")
        if job.status == "failed":
            log(job)


@st.fragment(run_every=2)
def _running(job_id: str) -> None:
    with platform().database.reading() as session:
        job = get_job(session, job_id)
    if job.status not in ACTIVE:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        bar(job)
        stop_button(job)


def _result(job: Job, in_production: set[str]) -> None:
    report = job.result
    kind = kind_named(report["kind"])
    st.subheader("The same photos through each", anchor=False)
    if job.finished_at:
        st.html(f'<time class="hl-quiet" title="{exact(job.finished_at)}">Measured {ago(job.finished_at)}</time>')
    for model, column in zip(report["models"], st.columns(len(report["models"])), strict=True):
        with column:
            st.write(f"**{model['spec']}**")
            for line in figure_lines(kind, report, model["spec"]):
                st.write(line)
            is_there = model["spec"] in in_production
            if st.button(
                "In production" if is_there else "Promote…", key=f"promote-{model['spec']}", disabled=is_there
            ):
                ask_promote(model["spec"])
    if kind.measured_how and any(report["figures"].values()):
        st.caption(kind.measured_how)
    _left_out(report["left_out"], left_out_sentence(report))
    if not report["photos"]:
        st.write(f"There is no photo to compare them on. {kind.needs}")
        return
    legend(kind)
    pictures = grids(job)
    for heading, html in pictures:
        if len(pictures) > 1:
            st.html(f'<h4 class="hl-group">{escape(heading)}</h4>')
        st.html(html)


def _left_out(left_out: list[dict[str, str]], said: str) -> None:
    if not left_out:
        if said:
            st.caption(said)
        return
    with st.expander(f"{said}, and why"):
        lines = "".join(f"<li>{escape(row['filename'])}: {escape(row['reason'])}</li>" for row in left_out)
        st.html(f'<ul class="hl-plain">{lines}</ul>')


@st.dialog("Promote this model?")
def ask_promote(spec: str) -> None:
    """Promotion moves everything that works by itself to another model, so it is asked once more."""
    kind = kind_of(spec)
    again = " Proposals are made anew." if kind.name == "detector" else ""
    st.write(f"From now on {spec} {kind.does}.{again} You can undo it.")
    with st.container(horizontal=True):
        if st.button("Promote", type="primary", key="confirm-promote"):
            try:
                actions.promote(platform(), spec, current())
            except PlatformError as error:
                tell(error)
                return
            st.rerun()
        if st.button("Not now", key="not-now"):
            st.rerun()


def promotions(kind: Kind, runs: list[Run], assessor: Assessor) -> None:
    """What is in production, who promoted what, and the way back."""
    with platform().database.reading() as session:
        found = moves(session, kind.name)
    st.subheader("In production", anchor=False)
    st.write(production_sentence(kind, runs))
    for place, move in enumerate(found[:8]):
        with st.container(horizontal=True, vertical_alignment="center"):
            when = f'<time class="hl-quiet" title="{exact(move.at)}">{ago(move.at)}</time>'
            st.html(f"<span>{escape(move.said)}</span> {when}")
            if move.can_undo and st.button("Undo", key=f"undo-{place}"):
                try:
                    actions.undo_promotion(platform(), kind.name, assessor)
                except PlatformError as error:
                    tell(error)
                else:
                    st.rerun()
