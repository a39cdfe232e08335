"""Ports are probed, and silence is no answer."""

import socket

import pytest

from annotator.ports import answers, free_port


def test_the_next_port_is_taken_when_the_wanted_one_is_busy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        wanted = busy.getsockname()[1]
        assert free_port("127.0.0.1", wanted) > wanted


def test_no_free_port_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy, pytest.raises(OSError, match="name another one"):
        free_port("127.0.0.1", busy.getsockname()[1], tries=1)


def test_nothing_answers_on_a_port_that_nobody_listens_on() -> None:
    assert not answers(f"http://127.0.0.1:{free_port('127.0.0.1', 0)}/health", timeout=0.5)
