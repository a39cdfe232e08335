"""`python -m trainer.tracking.server`: MLflow's pages over our own store, on loopback, in one process.

`mlflow server` starts a second process that imports all of MLflow again, which doubles the seconds until it answers.
"""

import argparse
import os

from db.settings import Settings

LOOPBACK = "127.0.0.1"


def main() -> None:
    """Listen until stopped."""
    parser = argparse.ArgumentParser(prog="python -m trainer.tracking.server", description="Serve MLflow's pages.")
    parser.add_argument("--port", type=int, default=5000, help="port on loopback (default: %(default)s)")
    port = parser.parse_args().port
    settings = Settings()

    import uvicorn
    from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR

    # Read by MLflow's application when it is imported.
    os.environ[BACKEND_STORE_URI_ENV_VAR] = settings.mlflow_tracking_uri
    os.environ[ARTIFACT_ROOT_ENV_VAR] = str(settings.artifacts_dir)
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    uvicorn.run("mlflow.server.fastapi_app:app", host=LOOPBACK, port=port, log_level="warning")


if __name__ == "__main__":
    main()
