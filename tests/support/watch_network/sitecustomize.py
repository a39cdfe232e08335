"""Put on PYTHONPATH, it notes every connection that a Python process makes to another machine, and refuses it."""

import ipaddress
import os
import socket
import sys
from typing import Any

RECORD = os.environ.get("HEIRLOOM_TEST_CONNECTIONS")


def is_here(host: Any) -> bool:
    """Whether an address or a name means this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name in ("localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: nothing in Python reaches a socket without passing here."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_here(host):
        with open(RECORD or os.devnull, "a") as record:
            record.write(f"{event} {host} by {' '.join(sys.orig_argv)}\n")
        raise ConnectionRefusedError(f"a test forbids {host}")


if RECORD:
    sys.addaudithook(watch)
