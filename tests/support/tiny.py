"""A platform small enough for tests: a detector of a few kilobytes, photos of 64 pixels, trainings of seconds."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from db import annotations, jobs, photos
from db.blobs import open_blobs
from db.engine import Database, open_database
from db.models import Job, Photo
from db.settings import Settings
from inference.decoding import decode
from inference.masks import encode_mask
from inference.png import encode_png
from inference.thumbnails import difference_hash, thumbnail
from tests.support.waiting import wait_for
from trainer.platform import prepare

CHANNELS = (16, 8, 8, 8, 8)
RECIPE: dict[str, Any] = {
    "encoder": "plain",
    "decoder_channels": list(CHANNELS),
    "pretrained": False,
    "size": 32,
    "batch": 1,
    "epochs": 2,
    "steps_per_epoch": 4,
    "validation_pictures": 1,
    "checkpoint_every": 2,
    "workers": 0,
    "threads": 1,
    "warmup_steps": 1,
}


def tiny_detector(path: Path, seed: int = 0) -> Path:
    """A checkpoint of a detector that knows nothing, but always the same nothing."""
    import torch

    from inference.checkpoint import Checkpoint, save_checkpoint
    from inference.networks.detector import DetectorArchitecture, build_detector

    torch.manual_seed(seed)
    architecture = DetectorArchitecture(encoder="plain", decoder_channels=CHANNELS)
    network = build_detector(architecture)
    checkpoint = Checkpoint(
        "detector", architecture.to_dict(), {"threshold": 0.5}, {"seed": seed}, network.state_dict()
    )
    save_checkpoint(path, checkpoint)
    return path


def tiny_inpainter(path: Path, seed: int = 0) -> Path:
    """A checkpoint of an inpainter that fills with nothing sensible, but always the same."""
    import torch

    from inference.checkpoint import Checkpoint, save_checkpoint
    from inference.networks.inpainter import InpainterArchitecture, build_inpainter

    torch.manual_seed(seed)
    architecture = InpainterArchitecture(channels=(8, 8), kernels=(3, 3), decoder_channels=(8,), fine=4)
    network = build_inpainter(architecture)
    with torch.no_grad():
        for parameter in network.parameters():  # a fresh one adds nothing to its smooth start
            parameter.add_(0.05 * torch.randn_like(parameter))
    settings = {"largest_hole": 32}
    save_checkpoint(
        path, Checkpoint("inpainter", architecture.to_dict(), settings, {"seed": seed}, network.state_dict())
    )
    return path


def tiny_colorizer(path: Path, seed: int = 0) -> Path:
    """A checkpoint of a colorizer that has seen no colour, but always paints the same."""
    import torch

    from inference.checkpoint import Checkpoint, save_checkpoint
    from inference.networks.colorizer import ColorizerArchitecture, build_colorizer

    torch.manual_seed(seed)
    architecture = ColorizerArchitecture(levels=(8, 16, 16), decoder_channels=(16, 8))
    network = build_colorizer(architecture)
    save_checkpoint(
        path, Checkpoint("colorizer", architecture.to_dict(), {"side": 64}, {"seed": seed}, network.state_dict())
    )
    return path


def all_in_production(settings: Settings, folder: Path) -> None:
    """A tiny model of every kind, in production."""
    makers = {"detector": tiny_detector, "inpainter": tiny_inpainter, "colorizer": tiny_colorizer}
    for kind, make in makers.items():
        put_in_production(settings, make(folder / f"{kind}.safetensors"), kind=kind)


def put_in_production(
    settings: Settings, checkpoint: Path, trained_on: list[str] | None = None, kind: str = "detector"
) -> str:
    """Register a checkpoint as a version of its kind, trained on these photos, and point `production` at it."""
    from trainer.jobs.training import TRAINING_PHOTOS
    from trainer.tracking import registry
    from trainer.tracking.runs import close_run, open_run
    from trainer.tracking.store import open_client

    run_id = open_run(settings, kind, f"by hand {time.time_ns()}", "by hand")
    client = open_client(settings)
    client.log_dict(run_id, {"train": trained_on or [], "validation": []}, TRAINING_PHOTOS)
    version = registry.register(settings, kind, checkpoint, run_id, {"origin": "training"})
    close_run(settings, run_id, "FINISHED")
    client.set_registered_model_alias(kind, "production", version)
    return version


def add_photo(
    settings: Settings, database: Database, seed: int, *, masked: str | None = None, grey: bool = False
) -> Photo:
    """A noisy 64×48 photo in the library; `masked` names the origin of an accepted mask of it."""
    chance = np.random.default_rng(seed)
    pixels = chance.integers(0, 256, (48, 64, 1 if grey else 3), dtype=np.uint8)
    pixels = np.repeat(pixels, 3, axis=2) if grey else pixels
    data, name = encode_png(pixels), f"photo-{seed}.png"
    blobs = open_blobs(settings)
    photo = decode(data, name)
    sha = blobs.put(data)
    facts = photos.PhotoFacts(
        sha256=sha, filename=name, format="PNG", width=64, height=48, channels=3, bit_depth=8, byte_size=len(data),
        view_sha256=sha, thumbnail_sha256=blobs.put(thumbnail(photo.pixels)), near_hash=difference_hash(photo.pixels),
    )  # fmt: skip
    with database.unit_of_work() as session:
        row, _ = photos.add_photo(session, facts)
        if masked is not None:
            mask = np.zeros((48, 64), np.bool_)
            mask[10:20, 8:40] = True
            annotations.add_annotation(
                session, row, blobs.put(encode_mask(mask)), float(mask.mean()), origin=masked  # type: ignore[arg-type]
            )  # fmt: skip
    return row


@contextmanager
def prepared(settings: Settings) -> Iterator[Database]:
    """A platform that is ready for work."""
    prepare(settings)
    database = open_database(settings)
    yield database
    database.dispose()


@contextmanager
def platform_in(home: Path) -> Iterator[tuple[Settings, Database]]:
    """A prepared platform with everything in one folder, whatever the environment says."""
    settings = Settings(home=home, database=None, jobs_database=None, blobs=None, tracking_uri=None)
    with prepared(settings) as database:
        yield settings, database


@dataclass
class RunningWorker:
    """`python -m trainer.workers.worker` in a process of its own."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        """As if the machine took it away."""
        self.process.kill()
        self.process.wait()


@contextmanager
def worker(settings: Settings, log: Path, **environment: str) -> Iterator[RunningWorker]:
    """A worker that is ready, and gone at the end."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "trainer.workers.worker"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HEIRLOOM_HOME": str(settings.home), **environment},
        )
    try:
        wait_for(lambda: b"ready" in log.read_bytes() or process.poll() is not None, "the worker", 600)
        assert process.poll() is None, log.read_text()
        yield RunningWorker(process, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(300)


def ended(database: Database, job_id: str, seconds: float = 600.0) -> Job:
    """The job once it is over."""
    wait_for(lambda: look(database, job_id).status not in jobs.ACTIVE, f"the end of job {job_id}", seconds)
    return look(database, job_id)


def look(database: Database, job_id: str) -> Job:
    """The job's row now."""
    with database.reading() as session:
        return jobs.get_job(session, job_id)
