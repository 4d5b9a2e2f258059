"""Ports that are free, and stay ours while a server is down.

A port got by binding to port 0 lies in the range from which the kernel also takes the
source ports of outgoing connections. That bites a test which stops a server for a
minute: a client that keeps trying may be given the very port as its source, which takes
it away, or may even connect to itself. So ports are chosen below that range. This module
refuses to reserve a port: a race is possible, and whoever loses it tries again.
"""

import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.stack.errors import PortTakenError, StackError

HOST = "127.0.0.1"
_LOWEST = 15_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_EPHEMERAL_START = 32_768
_TRIES = 200

T = TypeVar("T")

# The system's entropy, so that a test which seeds `random` does not make two stacks
# choose the same ports at the same time.
_random = random.SystemRandom()


def free_port() -> int:
    """Choose a port on which nobody listens and from which nobody connects."""
    for _ in range(_TRIES):
        port = _random.randrange(_LOWEST, _ephemeral_start())
        if _is_free(port):
            return port
    message = f"no free port between {_LOWEST} and {_ephemeral_start()}"
    raise StackError(message)


def on_free_ports(launch: Callable[[], T]) -> T:
    """Launch something that chooses its own ports, again if it lost a race for them."""
    for _ in range(3):
        try:
            return launch()
        except PortTakenError:
            continue
    return launch()


def _ephemeral_start() -> int:
    try:
        start = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        start = _USUAL_EPHEMERAL_START
    return start if start > _LOWEST + _TRIES else _USUAL_EPHEMERAL_START


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
