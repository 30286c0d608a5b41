"""Cuts connections whose body does not move. Linux only: elsewhere they wait.

The server's read cannot be interrupted and does not tell its socket. But a client that owes a
body has a connection on which data was received, nothing was sent since, and nothing has come
for a while. That is told from a long request by knowing that its client has none running.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator

logger = logging.getLogger("morrow.bodies")

STALL = 10.0
# struct tcp_info: eight bytes, then numbers of four; these are milliseconds ago.
_LAST_SENT, _LAST_RECEIVED = 8 + 4 * 9, 8 + 4 * 11


class Cutter:
    """Looks once a second for reads that stall, on a thread that exists only while one does."""

    def __init__(
        self,
        reading: Callable[[], list[tuple[float, str]]],
        running: Callable[[str], int],
        stall: float = STALL,
    ) -> None:
        self._reading, self._running, self._stall = reading, running, stall
        self._thread = threading.Thread(target=self._run, name="bodies", daemon=True)

    def start(self) -> None:
        """Begin to look, where the system can tell."""
        if sys.platform == "linux":
            self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(1)
            late = time.monotonic() - self._stall
            for client in {client for began, client in self._reading() if began < late}:
                # Of two requests of one client, one that works and one that stalls, the
                # connections look alike: wait until the first is done.
                if not self._running(client):
                    self._cut(client)

    def _cut(self, client: str) -> None:
        for connection in stalled(client, self._stall):
            logger.warning("cut a connection: no more of its request came for %g s", self._stall)
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:
                logger.info("the client left first")


def stalled(client: str, seconds: float) -> Iterator[socket.socket]:
    """Yield the connections of a client that owe the rest of a request."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are enough
        try:
            copy = os.dup(int(name))
        except OSError:
            continue  # closed meanwhile
        try:
            connection = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)  # no socket
            continue
        with connection:
            try:
                if connection.getpeername()[0] != client:
                    continue
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            except (OSError, IndexError):
                continue  # a listener or a unix socket
            (sent,) = struct.unpack_from("=I", info, _LAST_SENT)
            (received,) = struct.unpack_from("=I", info, _LAST_RECEIVED)
            if received > seconds * 1000 and sent >= received:
                yield connection
