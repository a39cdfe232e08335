"""The root of the command line: quick, light, and errors as sentences with their exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from annotator import main
from db.engine import Database
from db.errors import NotFound
from db.settings import Settings
from inference.errors import CheckpointError, ModelError, PhotoError, UsageProblem
from trainer.errors import RegistryError, UnknownModel
from trainer.learning.recipe import RecipeError
from trainer.platform import prepare

HEAVY = ("torch", "mlflow", "streamlit", "albumentations", "accelerate", "dbos", "segmentation_models_pytorch")
COMMANDS = (
    "up", "import", "export", "snapshot", "train", "defects", "evaluate", "restore", "detect", "inpaint", "colorize",
    "worker", "db",
)  # fmt: skip


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "annotator", *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert shown.returncode == 0, shown.stderr
    listed = {line.split()[1] for line in shown.stdout.splitlines() if line.startswith("│") and len(line.split()) > 2}
    assert set(COMMANDS) <= listed


def test_building_the_program_imports_nothing_heavy() -> None:
    """Every room's commands are mounted, so this also holds for each command's own --help."""
    probe = f"import sys; from annotator.main import build; build(); print([m for m in {HEAVY} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", probe], text=True).strip() == "[]"


def test_wrong_use_exits_with_2() -> None:
    refused = run("no-such-command")
    assert refused.returncode == 2
    assert "no-such-command" in refused.stderr


@pytest.mark.parametrize("error", [PhotoError("a.jpg is cut short"), NotFound("no photo 7"), RegistryError("silent")])
def test_expected_errors_are_their_own_sentence(error: Exception) -> None:
    assert main.expected(error) == str(error)


def test_a_database_that_fails_in_the_middle_of_the_work_is_a_sentence(database: Database, settings: Settings) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as on a full disk
        with pytest.raises(OperationalError) as caught:
            connection.exec_driver_sql("CREATE TABLE more AS SELECT hex(zeroblob(9999))")
    said = "heirloom.db does not answer (database or disk is full); make room on the disk that it lies on."
    assert main.expected(caught.value) == f"{settings.home}/{said}"


def test_a_registry_that_does_not_answer_is_not_asked_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "")  # so that it is as before at the end
    monkeypatch.setattr("trainer.tracking.registry.resolve", lambda *_: os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"])
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    assert main.resolve_model(None, "detector") == "2"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    assert main.resolve_model(None, "detector") == "5", "who sets it knows better"


def test_a_missing_platform_package_names_the_extra() -> None:
    sentence = main.expected(ModuleNotFoundError("No module named 'mlflow'", name="mlflow.entities"))
    assert sentence is not None
    assert sentence.startswith("This command needs mlflow")
    assert "heirloom[platform]" in sentence


def test_faults_of_ours_keep_their_traceback() -> None:
    assert main.expected(KeyError("x")) is None
    assert main.expected(ModuleNotFoundError("No module named 'inference.nothing'", name="inference.nothing")) is None


def test_settings_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(home=7)  # type: ignore[arg-type]
    sentence = main.expected(caught.value)
    assert sentence is not None
    assert sentence.startswith("The settings in the environment do not fit: home: ")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotFound("there is no photo 7"), 1), (RegistryError("silent"), 1), (UnknownModel("no x@3"), 2),
     (RecipeError("no field 'epoch'"), 2), (CheckpointError("x.safetensors is none"), 2), (ModelError("no x"), 2),
     (PhotoError("a.jpg is cut short"), 1)],
)  # fmt: skip
def test_an_error_leaves_one_sentence_and_an_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer

    program = typer.Typer()

    @program.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "build", lambda: program)
    with pytest.raises(SystemExit) as left:
        main.main([])
    assert left.value.code == code
    assert capsys.readouterr().err == f"heirloom: {error}\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_standard_output_that_takes_no_more_is_a_sentence(option: str, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-m", "annotator", option], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr == (
        "heirloom: Standard output cannot be written (No space left on device); make room, or send it elsewhere.\n"
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_nobody_reads_is_left_in_silence(unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        told = subprocess.run(
            [sys.executable, "-m", "annotator", "--version"], stdout=nobody, stderr=subprocess.PIPE, text=True,
            check=False, env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (told.returncode, told.stderr) == (1, "")


def test_an_error_of_a_file_is_none_of_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(main, "build", full)
    with pytest.raises(OSError, match="No space left"):
        main.main([])


@pytest.mark.usefixtures("home")
def test_settings_that_do_not_fit_are_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEIRLOOM_DATABASE_URL", "no address")
    with pytest.raises(SystemExit) as left:
        main.main(["snapshot"])
    assert "heirloom: The settings in the environment do not fit: HEIRLOOM_DATABASE_URL: " in capsys.readouterr().err
    assert left.value.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("train", "detector", "--config", "tiny"),
        ("evaluate", "detector", "--on", "photos"),
        ("evaluate", "inpainter", "--on", "photos"),
        ("evaluate", "colorizer", "--on", "photos"),
        ("evaluate", "restoration", "--on", "photos"),
        ("evaluate", "all", "photos"),
    ],
    ids=" ".join,
)
def test_a_place_for_results_that_is_no_folder_is_told_before_any_work(
    words: tuple[str, ...], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(SystemExit) as left:
            main.main([*words, "--out", str(out)])
        assert f"heirloom: --out {out} cannot be" in capsys.readouterr().err
        assert left.value.code == 2
    assert not home.exists()


@pytest.mark.parametrize("words", [("up",), ("worker",), ("import", "a.png")], ids=" ".join)
def test_a_home_that_is_no_folder_is_named(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    monkeypatch.setenv("HEIRLOOM_HOME", str(taken))
    with pytest.raises(SystemExit) as left:
        main.main([*words])
    assert f"heirloom: HEIRLOOM_HOME {taken} cannot be" in capsys.readouterr().err
    assert left.value.code == 2


def test_a_part_of_the_home_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "locks").touch()
    with pytest.raises(UsageProblem, match=f"^HEIRLOOM_HOME {tmp_path / 'locks'} cannot be"):
        prepare(Settings(home=tmp_path))


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "", "--out", "out"),
        ("restore", "a.png", "", "--out", "out"),
        ("restore", "a.png", "--out", ""),
        ("restore", "a.png", "--out", "out", "--sheet", ""),
        ("restore", "a.png", "--out", "out", "--model", ""),
        ("detect", "", "--out", "out"),
        ("detect", "a.png", "--out", "out", "--model", ""),
        ("colorize", "a.png", "--out="),
        ("inpaint", "", "mask.png", "--out", "out.png"),
        ("inpaint", "a.png", "", "--out", "out.png"),
        ("inpaint", "a.png", "mask.png", "--out", ""),
        ("import", ""),
        ("import", "a.png", "--masks", ""),
        ("export", "", "--format", "png"),
        ("db", "backup", ""),
        ("train", "detector", "--out", ""),
        ("train", "detector", "--out", "out", "--config", ""),
        ("evaluate", "detector", "--on", ""),
        ("evaluate", "detector", "", "--on", "photos"),
        ("evaluate", "inpainter", "--on", ""),
        ("evaluate", "colorizer", "--on", "photos", "--out", ""),
        ("evaluate", "restoration", "--on", ""),
        ("evaluate", "all", "", "--out", "out"),
        ("evaluate", "all", "photos", "--out", ""),
        ("defects", "preview", "", "--out", "sheet.png"),
        ("defects", "preview", "photos", "--out", ""),
        ("defects", "preview", "photos", "--out", "sheet.png", "--config", ""),
    ],
    ids=str,
)
def test_an_empty_path_is_wrong_use_and_not_this_folder(
    words: tuple[str, ...], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path, tmp_path / "photos"):
        folder.mkdir(exist_ok=True)
        Image.new("L", (64, 64)).save(folder / "a.png")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as left:
        main.main([*words])
    assert left.value.code == 2
    assert sorted(tmp_path.rglob("*")) == before
    assert not home.exists()


TOO_LONG = "x" * 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("detect", "a.png", "--out", "out", "--model", TOO_LONG), "neither a checkpoint file nor"),
        (("train", "detector", "--out", "out", "--config", TOO_LONG), "is no recipe of heirloom"),
        (("train", "detector", "--out", "out", f"photos=[{TOO_LONG}]"), "there are no photos here"),
        (("defects", "preview", TOO_LONG, "--out", "sheet.png"), "there are no photos here"),
        (("evaluate", "detector", "--on", TOO_LONG), "is not a folder"),
        (("evaluate", "inpainter", "--on", TOO_LONG), "is not a folder"),
        (("evaluate", "restoration", "--on", TOO_LONG), "there are no files NAME.damaged.*"),
        (("evaluate", "all", TOO_LONG, "--out", "out"), "is missing"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_path_that_no_system_takes_leaves_one_sentence(
    words: tuple[str, ...],
    said: str,
    *,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main.main([*words])
    told = capsys.readouterr().err
    assert said in told.replace("\n", " ")
    assert left.value.code == 2
    assert not home.exists()
