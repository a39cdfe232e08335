"""The first visit: who are you?"""

import streamlit as st

from annotator.access import sign_in_configured
from annotator.context import platform
from annotator.identity import make_token
from annotator.parts import part


def page() -> None:
    st.title("heirloom", anchor=False)
    st.write("Old photographs, restored by people and models who learn from each other.")
    st.html("<div style='height:1.5rem'></div>")
    if not sign_in_configured(platform().settings):
        part("welcome", key="welcome", data={"token": None})
    elif st.user.is_logged_in:
        part("welcome", key="welcome", data={"token": _token()})
    elif st.button("Sign in", type="primary"):
        st.login()


def _token() -> str:
    subject = f"{st.user.get('iss', '')} {st.user['sub']}"
    name = str(st.user.get("name") or st.user.get("email") or st.user["sub"])
    return make_token(subject, name, platform().settings)
