"""Which ports are free, and whether something answers there."""

import socket


def free_port(host: str, wanted: int, tries: int = 50) -> int:
    """The first port from `wanted` upwards that can be bound on `host`; 0 asks the system for any.

    Raises OSError when none of `tries` ports is free.
    """
    if wanted == 0:
        return _bind(host, 0)
    for port in range(wanted, wanted + tries):
        try:
            return _bind(host, port)
        except OSError:
            continue
    raise OSError(f"no port from {wanted} to {wanted + tries - 1} is free on {host}; name another one.")


def answers(address: str, timeout: float = 1.0) -> bool:
    """Whether an HTTP GET of `address` succeeds within `timeout` seconds."""
    import urllib.request  # a fifth of a second that --help need not pay

    try:
        # No proxy: the question is about this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # The app refuses names that it does not go by; localhost it always does.
        request = urllib.request.Request(address, headers={"Host": "localhost"})
        with opener.open(request, timeout=timeout) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _bind(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])
