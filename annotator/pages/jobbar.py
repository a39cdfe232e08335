"""Running jobs with their bars, refreshed by themselves."""

import streamlit as st

from annotator.context import platform
from annotator.telling import tell
from annotator.views import actions
from annotator.views.training import log_tail
from annotator.views.words import concerns, job_line, job_name, verbatim, whom_to_ask
from annotator.visitor import current
from db.errors import PlatformError
from db.jobs import get_job, list_jobs
from db.models import Assessor, Job


@st.fragment(run_every=2)
def running_jobs(photo_id: int | None = None, heading: str = "") -> None:
    """Running jobs, or those of one photo; the page runs again when one ends, since what waits may have changed."""
    with platform().database.reading() as session:
        active = [job for job in list_jobs(session, active=True) if photo_id is None or concerns(job, photo_id)]
    if active and heading:
        st.subheader(heading, anchor=False)
    for job in active:
        bar(job)
    before = st.session_state.get("running", set())
    st.session_state["running"] = {job.id for job in active}
    if before - st.session_state["running"]:
        st.rerun()


def bar(job: Job) -> None:
    st.progress(min(1.0, job.progress), text=f"**{job_name(job)}**  \n{verbatim(job_line(job))}")


def stop_button(job: Job, says: str | None = None) -> None:
    """Within a fragment: asks the job to stop, and shows at once that it was asked."""
    if not st.button("Stop", key=f"stop-{job.id}", disabled=job.cancel_requested, help=says):
        return
    try:
        actions.stop(platform(), job.id, current())
    except PlatformError as error:
        tell(error)
    else:
        st.rerun(scope="fragment")


def log(job: Job) -> None:
    """What a job printed, folded away."""
    with st.expander("Log"):
        said = log_tail(platform().settings, job)
        if said:
            st.code(said, language=None, wrap_lines=True)
        else:
            st.caption("It is empty, or lies on another machine.")


def failure(said: str, job: Job | None, assessor: Assessor) -> None:
    """What went wrong. Of a job that failed engineers see the log; others hear whom to ask."""
    tell(said if assessor.is_engineer else whom_to_ask(said))
    if assessor.is_engineer and job is not None and job.status == "failed":
        log(job)


def fresh(job_id: str) -> Job:
    """The job as it is now."""
    with platform().database.reading() as session:
        return get_job(session, job_id)
