"""A load client that gets no processor: what it was kept from reading, it does not call lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable

import pytest

from morrow.tool.load.load import Load
from morrow.tool.load.result import LATE, Options
from tests.unit.tool.answering import Server, good, serve

__all__ = ("serve",)  # a fixture
TIMEOUT = 6  # what is sent at once afterwards has this long, on a busy machine too
STANDS = TIMEOUT + 1


@pytest.mark.parametrize("answered", [True, False])
def test_what_waits_while_the_client_stands_still_is_not_lost(
    serve: Callable[..., Server], answered: bool
) -> None:
    """The control: what nobody answers is lost all the same."""
    asked, stands, over = threading.Event(), threading.Event(), threading.Event()

    def answer(connection: socket.socket, served: int) -> bool:
        first = not asked.is_set()
        asked.set()
        if first:  # it is under way when the client stops, and answered meanwhile
            (stands if answered else over).wait()
        return good(connection, served)

    with Load(Options(serve(answer).url, rate=10, timeout=TIMEOUT)) as load:
        assert load._process is not None
        assert asked.wait(30)
        os.kill(load._process.pid, signal.SIGSTOP)
        stands.set()
        time.sleep(STANDS)
        os.kill(load._process.pid, signal.SIGCONT)
        time.sleep(0.5)
    over.set()
    told = load.result
    lost = {one.cause for one in told.failures}
    assert lost == (set() if answered else {"timeout"}), told.summary()
    assert told.lag > LATE, "it says that it was late"
