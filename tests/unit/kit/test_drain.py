"""The end of a service: every byte that the grace allows arrives, everything else is named."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.unit.kit.drain_apps import BIG
from tests.unit.kit.served import Served, served, wait_for

DRAIN = 1
BOTH = pytest.mark.parametrize("target", ["drain_apps:app", "drain_apps:asgi"])


def slowly(port: int, path: str, rate: int) -> int:
    """Read an answer so many bytes a second; return how many came, or raise when it was cut."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, began = b"", time.monotonic()
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            assert piece, head
            head += piece
        count = len(head.partition(b"\r\n\r\n")[2])
        while piece := client.recv(64 * 1024):
            count += len(piece)
            time.sleep(max(0.0, count / rate - (time.monotonic() - began)))
        return count


def whole(port: int, path: str) -> bytes:
    """Return a body; an answer that is not whole raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().read()


def talk(port: int, path: str = "/talk") -> int:
    """Open a websocket and return the code that it is closed with."""
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < 4:
            piece = client.recv(4096)
            assert piece, got
            got += piece
        frame = got.partition(b"\r\n\r\n")[2]
        assert frame[0] == 0x88, frame
        (code,) = struct.unpack(">H", frame[2:4])
        return int(code)


class Clients:
    """Calls that wait for their answers while the service ends."""

    def __init__(self, one: Served) -> None:
        self.one = one
        self.pool = ThreadPoolExecutor(32)

    def begin(self, call: Callable[..., Any], *arguments: Any, count: int = 1) -> list[Future[Any]]:
        return [self.pool.submit(call, self.one.port, *arguments) for _ in range(count)]

    def wait_active(self, count: int) -> None:
        wait_for(lambda: self.one.metric("http_server_active_requests") >= count, "all at work")


@BOTH
def test_every_byte_that_the_grace_allows_is_delivered(target: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with served(target, MORROW_GRACE="20s", NOTES=str(notes)) as one:
        clients = Clients(one)
        slow = clients.begin(slowly, "/big", 8 * 1024**2, count=2)
        streams = clients.begin(whole, "/stream?15", count=2)
        events = clients.begin(whole, "/events", count=2)
        talks = clients.begin(talk, count=2) if target.endswith("asgi") else []
        assert one.get("/job?1.5").status == 200
        clients.wait_active(4)
        time.sleep(0.3)
        began = time.monotonic()
        assert one.stop() == 0
        took = time.monotonic() - began
        assert [call.result() for call in slow] == [BIG, BIG]
        assert [call.result() for call in streams] == [b"piece\n" * 15] * 2
        assert all(call.result().startswith(b"data: x\n\n") for call in events)
        assert [call.result() for call in talks] == [1012] * len(talks)
        assert took > 1.0
        assert one.messages("stopped")[0]["lost"] == 0
    told = notes.read_text().split("\n")
    assert told.count("job done") == 1
    assert "exit hook" in told
    if talks:
        assert told.count("websocket end") == 2
        assert told.index("shutdown") < told.index("task cleaned up")
        assert "shutdown" in told


@BOTH
def test_what_is_cut_is_named_counted_and_ends_non_zero(target: str, tmp_path: Path) -> None:
    with served(target, MORROW_GRACE="500ms", NOTES=str(tmp_path / "notes")) as one:
        clients = Clients(one)
        slow = clients.begin(slowly, "/big", 1024**2)
        endless = clients.begin(whole, "/endless")
        sleeping = clients.begin(whole, "/sleep?30")
        assert one.get("/job?30").status == 200
        clients.wait_active(2)
        time.sleep(0.3)
        assert one.stop() != 0
        for kind, path in (("request", "/sleep"), ("stream", "/endless"), ("response", "/big")):
            assert [line["path"] for line in one.messages(f"{kind} cut")] == [path]
        assert one.messages("background job cut: job_0")
        assert one.messages("stopped")[0]["lost"] == 4
        with pytest.raises((http.client.HTTPException, OSError)):
            endless[0].result()
        with pytest.raises((http.client.HTTPException, OSError)):
            sleeping[0].result()
        with contextlib.suppress(OSError):  # reset rather than closed
            assert slow[0].result() < BIG


@BOTH
def test_programs_that_the_application_starts_hear_sigterm(target: str, tmp_path: Path) -> None:
    with served(target, NOTES=str(tmp_path / "notes")) as one:
        assert one.get("/child").text == "-15"
        assert one.stop() == 0


@BOTH
def test_an_answer_that_breaks_off_does_not_look_whole(target: str, tmp_path: Path) -> None:
    with served(target, NOTES=str(tmp_path / "notes")) as one:
        with pytest.raises((http.client.HTTPException, OSError)):
            whole(one.port, "/breaks")
        assert one.get("/").status == 200
        assert one.stop() == 0


@BOTH
def test_clients_that_do_not_read_hold_no_thread(target: str, tmp_path: Path) -> None:
    with (
        served(
            target, MORROW_THREADS="2", MORROW_CONCURRENCY="2", NOTES=str(tmp_path / "n")
        ) as one,
        socket.create_server(("127.0.0.1", 0)) as database,
        socket.create_connection(database.getsockname()) as idle,
    ):
        held = [socket.create_connection(("127.0.0.1", one.port), 20) for _ in range(20)]
        for number, client in enumerate(held):
            path = b"/big" if number % 2 else b"/endless"
            client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        wait_for(lambda: one.metric("http_server_active_requests") == 10, "the streams")
        for _ in range(20):
            assert one.get("/").text == "ok"
        assert one.admin("/readyz").status == 200
        # Nobody's own connection is touched.
        there, _ = database.accept()
        idle.sendall(b"x")
        assert there.recv(1) == b"x"
        for client in held:
            client.close()
        there.close()
        wait_for(lambda: one.metric("http_server_active_requests") == 0, "the end of streams")
        assert one.stop() == 0


def test_a_blocked_loop_leaves_the_probes_alone(tmp_path: Path) -> None:
    with served("drain_apps:wrapped", NOTES=str(tmp_path / "notes")) as one:
        blocked = threading.Thread(target=one.get, args=("/block?2",))
        blocked.start()
        time.sleep(0.3)
        assert one.admin("/livez").status == 200
        assert one.admin("/readyz").status == 200
        assert blocked.is_alive()
        blocked.join()
        wait_for(lambda: one.metric("morrow_loop_held_up_seconds") > 1, "the hold-up")
        assert one.stop() == 0


@pytest.mark.full
@pytest.mark.parametrize("turn", range(10))
@BOTH
def test_under_load_ten_times_in_a_row(target: str, turn: int, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    stop = threading.Event()
    asked_to_stop = [float("inf")]

    def fast(port: int) -> int:
        count = 0
        while not stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), 30) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answer = b""
                    while piece := client.recv(4096):
                        answer += piece
            except (ConnectionRefusedError, ConnectionResetError):
                answer = b""
            if not answer:
                # Nothing was begun: the door has closed, and not before its time.
                assert time.monotonic() - asked_to_stop[0] >= DRAIN
                return count
            assert answer.endswith(b"ok"), answer
            count += 1
        return count

    with served(target, MORROW_DRAIN=f"{DRAIN}s", MORROW_GRACE="30s", NOTES=str(notes)) as one:
        clients = Clients(one)
        clients.pool = ThreadPoolExecutor(64)
        hasty = clients.begin(fast, count=32)
        slow = clients.begin(slowly, "/big", 4 * 1024**2, count=8)
        streams = clients.begin(whole, "/stream?30", count=4)
        talks = clients.begin(talk, count=4) if target.endswith("asgi") else []
        for _ in range(2):
            assert one.get("/job?3").status == 200
        time.sleep(1)
        asked_to_stop[0] = time.monotonic()
        code = one.stop_within(60)
        stop.set()
        assert [call.result() for call in slow] == [BIG] * 8
        assert [call.result() for call in streams] == [b"piece\n" * 30] * 4
        assert [call.result() for call in talks] == [1012] * len(talks)
        assert sum(call.result() for call in hasty) > 0
        assert (code, one.messages("stopped")[0]["lost"]) == (0, 0)
    assert notes.read_text().split("\n").count("job done") == 2
