"""Who embeds inference pays for torch only when a network runs."""

import subprocess
import sys

import pytest

HEAVY = "('torch', 'torchvision', 'mlflow', 'albumentations', 'streamlit', 'sqlalchemy')"


@pytest.mark.parametrize(
    "statement",
    [
        "import inference",
        "import inference.cli",
        "from inference import Photo, decode",
        "import inference.files, inference.thumbnails, inference.fill, inference.resolve, inference.probability",
        "from typer.testing import CliRunner; from inference.cli import commands; "
        "assert CliRunner().invoke(commands, ['restore', '--help']).exit_code == 0",
    ],
)
def test_light_modules_load_no_torch(statement: str) -> None:
    code = (
        f"import sys; {statement}; found = [name for name in {HEAVY} if name in sys.modules]; assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_offers_its_four_names() -> None:
    import inference

    assert {inference.Detector.__name__, inference.Restorer.__name__, inference.Photo.__name__} == {
        "Detector",
        "Restorer",
        "Photo",
    }
    assert callable(inference.decode)
    with pytest.raises(AttributeError, match="no attribute 'Colorizer'"):
        _ = inference.Colorizer  # type: ignore[attr-defined]
