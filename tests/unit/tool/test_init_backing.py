"""What leads an application's connections to servers beside it: first ones, last ones, nonsense."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.init.backing import Backing
from morrow.tool.programs import servers
from morrow.tool.programs.servers import Server

ASKS = b"user\0clerk\0database\0shelf\0\0"
LOGIN = struct.pack("!ii", len(ASKS) + 8, 196608) + ASKS
NONSENSE = struct.pack("!ii", 4, 196608)


class Counted(Server):
    """One that makes no database, and says how often it was asked to."""

    asked: list[str] = []  # noqa: RUF012 - emptied by who uses it

    def have(self, database: str, owner: str) -> str:
        self.asked.append(database)
        time.sleep(0.2)  # the other one comes meanwhile
        return ""


def test_the_first_connections_make_one_database_and_the_last_end_quietly(tmp_path: Path) -> None:
    server = Counted("postgres", 0, tmp_path)
    server.asked.clear()
    server.data.mkdir()
    made, wrong = Backing({"postgres": server}, {"postgres": 1}), []
    made._loop.set_exception_handler(lambda loop, context: wrong.append(context))
    ours, theirs = socket.socketpair()
    with (
        socket.socket(socket.AF_UNIX) as beside,
        socket.create_server(("127.0.0.1", 0)) as listens,
        theirs,
    ):
        beside.bind(str(server.socket))
        beside.listen()
        asyncio.run_coroutine_threadsafe(made._listen(ours, [("postgres", 1)]), made._loop)
        socket.send_fds(theirs, [b"."], [listens.fileno()])
        place = listens.getsockname()
        with socket.create_connection(place, 60) as bad:
            bad.sendall(NONSENSE)
            assert bad.recv(1) == b"", "it is not served"
        with socket.create_connection(place, 60) as one, socket.create_connection(place, 60) as two:
            one.sendall(LOGIN)
            two.sendall(LOGIN)
            came = [beside.accept()[0] for _ in range(2)]
            assert [each.recv(99) for each in came] == [LOGIN, LOGIN], "the control: both are led"
            made.close()
            for each in came:
                each.close()
    assert (server.asked, wrong) == (["shelf"], [])
    assert made._thread not in threading.enumerate()


def test_a_server_that_hangs_is_told_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*words: Any, timeout: float, **more: Any) -> None:
        raise subprocess.TimeoutExpired("psql", timeout)

    (tmp_path / "password").write_text("word")
    monkeypatch.setattr(servers, "program", lambda name, version="": name)
    monkeypatch.setattr(subprocess, "run", hangs)
    server = Server("postgres", 0, tmp_path)
    assert server.have("shelf", "clerk") == "it did not answer in 60 s"
    assert not server.answers()
