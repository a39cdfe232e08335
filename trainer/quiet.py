"""These are family photos: the parts we lean on are told, in this one place, not to phone home."""

import os

QUIET = {
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "true",
}
"""Read by albumentations, MLflow, Streamlit, huggingface-hub and whoever honours DO_NOT_TRACK."""


def stay_quiet() -> None:
    """Set the switches for this process and its children; each is read when its package is imported."""
    os.environ.update(QUIET)
