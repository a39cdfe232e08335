"""The saved state of a training: whole, or a sentence."""

from pathlib import Path

import pytest
import torch

from tests.support.folders import small_files
from trainer.learning.state import StateError, load_state, save_state


def test_a_state_that_the_disk_has_no_room_for_is_a_sentence_and_the_one_before_is_kept(tmp_path: Path) -> None:
    save_state(tmp_path, {"step": 1})
    with (
        small_files(10_000),
        pytest.raises(StateError, match=r"state\.pt cannot be written \(File too large\)"),
    ):
        save_state(tmp_path, {"step": 2, "network": torch.zeros(100_000)})
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.pt"]
    kept = load_state(tmp_path)
    assert kept is not None
    assert kept["step"] == 1


@pytest.mark.parametrize("content", [b"half a state", b""])
def test_a_damaged_state_is_one_sentence_of_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(StateError) as caught:
        load_state(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'state.pt'}: the saved training is damaged. Delete it to start anew."


def test_a_state_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "state.pt").mkdir()
    with pytest.raises(StateError, match=r"state\.pt cannot be read \(Is a directory\)"):
        load_state(tmp_path)
