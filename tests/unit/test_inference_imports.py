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
        "import inference.choosing, inference.results, inference.sheet, inference.colour",
        "from typer.testing import CliRunner; from inference.cli import commands; "
        "assert CliRunner().invoke(commands, ['restore', '--help']).exit_code == 0; "
        "assert CliRunner().invoke(commands, ['colorize', '--help']).exit_code == 0",
    ],
)
def test_light_modules_load_no_torch(statement: str) -> None:
    code = (
        f"import sys; {statement}; found = [name for name in {HEAVY} if name in sys.modules]; assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_our_own_networks_do_without_the_library_of_encoders() -> None:
    code = (
        "import sys; from inference import Colorizer, Detector; Detector.load(device='cpu'); "
        "found = {'segmentation_models_pytorch', 'torchvision', 'timm'} & set(sys.modules); assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_offers_its_six_names() -> None:
    import inference

    classes = (inference.Detector, inference.Inpainter, inference.Colorizer, inference.Restorer, inference.Photo)
    assert [each.__name__ for each in classes] == ["Detector", "Inpainter", "Colorizer", "Restorer", "Photo"]
    assert callable(inference.decode)
    assert sorted(inference.__all__) == sorted([*(each.__name__ for each in classes), "decode"])
    with pytest.raises(AttributeError, match="no attribute 'Painter'"):
        _ = inference.Painter  # type: ignore[attr-defined]
