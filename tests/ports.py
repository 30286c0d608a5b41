"""Ports for what a test starts."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from random import randrange


def free_port() -> int:
    """Return a port that nobody holds now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody holds now, below those which the kernel gives to clients.

    A port of the kernel's own range can be lost before the server has it: to any connection
    that is made meanwhile, even to the one that asks whether the server is there.
    """
    ports: list[int] = []
    with ExitStack() as held:
        while len(ports) < count:
            port = randrange(20_000, 32_000)  # noqa: S311 - any will do
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            ports.append(port)
    return ports
