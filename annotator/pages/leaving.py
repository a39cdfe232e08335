"""Who is here, and the way out for whoever shares this browser."""

import streamlit as st

from annotator.access import sign_in_configured
from annotator.context import platform
from annotator.parts import ignore, part
from db.models import Assessor


def leaving(assessor: Assessor) -> None:
    """Our own session ends in the browser; a sign-in, where there is one, has to be ended as well."""
    signed_in = sign_in_configured(platform().settings)
    data = {"name": assessor.name, "signed_in": signed_in}
    left = part("leave", key="leave", data=data, on_left_change=ignore).left
    if left and signed_in:
        st.logout()
