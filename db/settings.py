"""Deployment settings: where the platform keeps its state, read from the environment."""

import os
from pathlib import Path

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where everything lives. `HEIRLOOM_HOME` alone is enough on one machine; a team sets the addresses.

    A variable that is empty counts as unset.
    """

    model_config = SettingsConfigDict(
        env_prefix="HEIRLOOM_", env_ignore_empty=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Path("var")
    """The folder that holds all embedded state: heirloom.db, jobs.db, mlflow.db, blobs/, artifacts/."""
    database: str | None = Field(default=None, validation_alias=AliasChoices("HEIRLOOM_DATABASE_URL"))
    """SQLAlchemy address of the platform's database; unset, SQLite in `home`."""
    jobs_database: str | None = Field(default=None, validation_alias=AliasChoices("HEIRLOOM_JOBS_DATABASE_URL"))
    """SQLAlchemy address of the job queue; unset, SQLite in `home`, or the team's database when there is one."""
    blobs: str | None = Field(default=None, validation_alias=AliasChoices("HEIRLOOM_BLOBS_URL"))
    """Any fsspec address that holds pictures and masks; unset, a folder in `home`."""
    tracking_uri: str | None = Field(default=None, validation_alias=AliasChoices("MLFLOW_TRACKING_URI"))
    """The MLflow server or store; unset, SQLite in `home`."""

    mlflow_address: str | None = None
    """Where people open MLflow's own pages; `heirloom up` sets it for its children. Unset, pages show no link."""

    @field_validator("home")
    @classmethod
    def _a_folder(cls, home: Path) -> Path:
        """Env files and systemd leave `~` as it is."""
        try:
            return home.expanduser()
        except RuntimeError:
            raise ValueError(f"nobody here is called {home.parts[0][1:]}; write the folder's whole path") from None

    @field_validator("database", "jobs_database")
    @classmethod
    def _a_database(cls, url: str | None) -> str | None:
        from db.addresses import check_database

        if url is not None:
            check_database(url)
        return url

    @field_validator("blobs")
    @classmethod
    def _a_place(cls, url: str | None) -> str | None:
        from db.addresses import check_place

        if url is not None:
            check_place(url)
        return url

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the platform's tables."""
        return self.database or self._sqlite("heirloom.db")

    @property
    def jobs_database_url(self) -> str:
        """SQLAlchemy's address of the job queue's tables."""
        return self.jobs_database or self.database or self._sqlite("jobs.db")

    @property
    def jobs_variable(self) -> str:
        """What in the environment says where the job queue is."""
        return "HEIRLOOM_JOBS_DATABASE_URL" if self.jobs_database else "HEIRLOOM_DATABASE_URL"

    @property
    def blobs_url(self) -> str:
        """The folder of the blobs, or any place that fsspec reaches."""
        return self.blobs or str(self.home.resolve() / "blobs")

    @property
    def mlflow_store_url(self) -> str:
        """Where an MLflow server of ours keeps its rows."""
        return self._sqlite("mlflow.db")

    @property
    def mlflow_tracking_uri(self) -> str:
        """The MLflow server, or the store of our own."""
        return self.tracking_uri or self.mlflow_store_url

    @property
    def shown_tracking_uri(self) -> str:
        """The MLflow server or store without its password, for messages."""
        from db.addresses import shown_place

        return shown_place(self.mlflow_tracking_uri)

    @property
    def artifacts_dir(self) -> Path:
        """Where the store of our own keeps models and pictures."""
        return self.home.resolve() / "artifacts"

    def has_platform(self) -> bool:
        """Whether a platform was ever prepared here: only `up`, `import`, `worker` and `db` create one."""
        return self.database is not None or os.path.exists(self.home / "heirloom.db")

    def _sqlite(self, name: str) -> str:
        path = str(self.home.resolve() / name).replace("%", "%25").replace("?", "%3F")  # it stands in an address
        return f"sqlite:///{path}"
