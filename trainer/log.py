"""The log of workers, their children, and the companions of a training."""

import logging


def start_log() -> None:
    """Write what happens to standard error; parts that talk about themselves only when something is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for talker in ("alembic", "mlflow"):
        logging.getLogger(talker).setLevel(logging.WARNING)
