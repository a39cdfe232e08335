"""The weights that come with heirloom."""

from pathlib import Path

from inference.errors import CheckpointError

_FOLDER = Path(__file__).parent / "shipped"


def shipped_path(kind: str) -> Path:
    """The checkpoint that ships for a kind of model. Raises CheckpointError when none does."""
    path = _FOLDER / f"{kind}.safetensors"
    if not path.is_file():
        raise CheckpointError(
            f"No {kind} ships with this heirloom ({path.name} is missing). Name one with --model PATH."
        )
    return path
