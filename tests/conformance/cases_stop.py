"""What a SIGTERM may not cost. Each case ends a server of its own, with 10 s of grace."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from tests.conformance.case import At, group
from tests.conformance.cases_asgi import opened
from tests.conformance.exchange import Wrong, request, right

BIG = 16 * 1024**2
case = group("Stop", alone=True)


def ended(at: At, within: float = 12.0) -> None:
    """Wait until the server is gone."""
    end = time.monotonic() + within
    while Path(f"/proc/{at.pid}/stat").exists():
        if Path(f"/proc/{at.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        right(time.monotonic() < end, f"it has not ended after {within:g} s")
        time.sleep(0.05)


def terminate(at: At) -> None:
    os.kill(at.pid, signal.SIGTERM)


@case("a running request is finished", "slow")
def running(at: At) -> None:
    with at.line() as line:
        line.send(request(at["slow"]))
        time.sleep(0.4)
        terminate(at)
        answer = line.answer()
        right(answer.whole and answer.body == b"slow, but whole", "it is not")
    ended(at)


@case("a stream is finished", "pieces")
def stream(at: At) -> None:
    with at.line() as line:
        line.send(request(at["pieces"])).more()
        terminate(at)
        answer = line.answer()
        right(answer.whole and b"2 " in answer.body, "it is cut")
    ended(at)


@case("16 MB reach a reader of 4 MB/s whole", "big")
def slow_reader(at: At) -> None:
    with at.line(receive_buffer=65536) as line:
        line.send(request(at["big"])).more()
        terminate(at)
        began, got = time.monotonic(), len(line.kept)
        while got < BIG:
            piece = line.socket.recv(65536)
            right(piece, f"cut at {got} bytes of {BIG}")
            got += len(piece)
            # By the clock: a busy machine must not make the reader slower than the grace allows.
            time.sleep(max(0.0, began + got / 4e6 - time.monotonic()))
    ended(at)


@case("kept-alive connections do not hold the end up", "slow")
def idle(at: At) -> None:
    lines = [at.line() for _ in range(4)]
    for line in lines:
        right(line.send(request(at.page)).answer().whole, "no page")
    terminate(at)
    ended(at, 8)
    right(all(line.closed(1) and not line.kept for line in lines), "something else came")


@case("a request that was sent just before is answered", "slow")
def just_before(at: At) -> None:
    lines = [at.line().send(request(at.page)) for _ in range(8)]
    terminate(at)
    right(all(line.answer().whole for line in lines), "it is not")
    ended(at)


@case("jobs in a ThreadPoolExecutor are finished", "job")
def jobs(at: At) -> None:
    with tempfile.TemporaryDirectory() as folder:
        marks = [Path(folder) / str(number) for number in range(2)]
        for mark in marks:
            right(at.ask(f"{at['job']}?{mark}").status == 200, "not begun")
        terminate(at)
        ended(at)
        done = sum(mark.exists() for mark in marks)
        right(done == 2, f"{done} of 2")


@case("an open websocket is closed with 1012 or 1001", "websocket-echo")
def websocket(at: At) -> None:
    with opened(at, at["websocket-echo"]) as socket:
        socket.send("here")
        socket.recv(5)
        terminate(at)
        try:
            socket.recv(12)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            right(code in (1001, 1012), f"closed with {code}")
        else:
            raise Wrong("not closed")
    ended(at)
