"""What Streamlit runs for every visitor and every interaction."""

from annotator.navigation import show

show()
