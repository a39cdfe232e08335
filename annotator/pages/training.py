"""A training as it runs, and those that ran."""

from html import escape

import streamlit as st

from annotator.context import platform
from annotator.navigation import link
from annotator.pages.charts import lines
from annotator.pages.jobbar import log, stop_button
from annotator.routes.runs import sample_url
from annotator.views import actions
from annotator.views.kinds import Kind, kind_named
from annotator.views.runs import curve, newest_samples
from annotator.views.training import ENDED_EARLY, ending, hindrance, is_kept, newest_of_runs
from annotator.views.words import ago, exact, job_line, job_name, percent, verbatim
from db.errors import PlatformError
from db.jobs import list_jobs
from db.models import Assessor, Job
from trainer.jobs import trained_kind


def legend(kind: Kind) -> None:
    """What the colours of this kind's pictures mean, where they mean something."""
    colours = "".join(f'<i style="background:{colour}"></i>{said} ' for said, colour in kind.legend.items())
    if colours:
        st.html(f'<p class="hl-quiet hl-legend">{colours}</p>')


@st.fragment(run_every=2)
def running_training() -> None:
    """All trainings that run or wait, refreshed by themselves; the page runs again when one ends."""
    with platform().database.reading() as session:
        active = list_jobs(session, "train", active=True)
    for job in reversed(active):
        _running(job)
    before = st.session_state.get("trainings", set())
    st.session_state["trainings"] = {job.id for job in active}
    if before - st.session_state["trainings"]:
        st.rerun()


def _running(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        text = f"**{job_name(job)}** · {percent(job.progress)} · {verbatim(job_line(job))}"
        st.progress(min(1.0, job.progress), text=text)
        stop_button(job, "Keeps the last checkpoint.")
    _pictures(job)


def _pictures(job: Job) -> None:
    settings, kind = platform().settings, kind_named(trained_kind(job))
    if job.run_id:
        try:
            points = curve(settings, job.run_id, "loss")
            samples = newest_samples(settings, job.run_id)
        except PlatformError as error:
            st.caption(verbatim(str(error)))
            points, samples = [], []
        if len(points) > 1:
            st.altair_chart(lines({"loss": points}, "loss"))
        for path in samples:
            said = f"Samples of {kind.a} in training"
            st.html(f'<img class="hl-sample" src="{sample_url(job.run_id, path)}" alt="{said}">')
        if samples:
            st.caption(kind.samples)
            legend(kind)
    log(job)


def past_trainings(jobs: list[Job], assessor: Assessor) -> None:
    """What ran, newest first; one that stopped early can go on."""
    past = [job for job in jobs if job.status not in ("queued", "running")]
    if not jobs:
        st.subheader("No training has run yet", anchor=False)
        st.write("Choose what to train on, and start. You can leave the page while it runs.")
        return
    if past:
        st.subheader("Trainings so far", anchor=False)
    newest = newest_of_runs(jobs)
    for job in past[:12]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"past-{job.id}"):
            ended = job.finished_at or job.created_at
            when = f'<time class="hl-quiet" title="{exact(ended)}">{ago(ended)}</time>'
            early = job.status in ENDED_EARLY and job.run_id is not None
            kept = early and is_kept(platform(), job)
            went_on = early and job.id not in newest
            st.html(f"<span>{escape(ending(job, kept, went_on))}</span> {when}")
            if early and not went_on:
                _go_on(job, kept, assessor)
        if job.status == "failed":
            log(job)
    if any(job.status == "done" for job in past):
        st.page_link(link("compare"), label="Compare models", icon=":material/balance:")


def _go_on(job: Job, kept: bool, assessor: Assessor) -> None:
    """The button that does it, the one to start again where nothing was saved, or why there is none."""
    if hindered := hindrance(job):
        st.caption(f"It cannot go on: {verbatim(hindered)}")
    elif not kept:
        if st.button("Start again", key=f"again-{job.id}", help="Nothing was saved. The same settings, a new run."):
            actions.start_again(platform(), job, assessor)
            st.rerun()
    elif st.button("Go on", key=f"go-on-{job.id}", help="From its last checkpoint, in the same run."):
        actions.go_on(platform(), job, assessor)
        st.rerun()
