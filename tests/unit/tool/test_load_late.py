"""A load client that gets no processor: what it was kept from reading, it does not call lost."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable

from morrow.tool.load.load import Load
from morrow.tool.load.result import LATE, Options
from tests.unit.tool.answering import Server, good, serve

__all__ = ("serve",)  # a fixture


def test_what_waits_while_the_client_stands_still_is_not_lost(
    serve: Callable[..., Server],
) -> None:
    def slow(connection: socket.socket, served: int) -> bool:
        time.sleep(0.4)
        return good(connection, served)

    with Load(Options(serve(slow).url, rate=50, timeout=4)) as load:
        time.sleep(1)
        assert load._process is not None
        for number, pause in ((signal.SIGSTOP, 5), (signal.SIGCONT, 0.5)):
            os.kill(load._process.pid, number)
            time.sleep(pause)
    assert load.result.failures == [], load.result.summary()
    assert load.result.lag > LATE, "it says that it was late"
