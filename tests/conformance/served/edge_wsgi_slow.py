"""What takes its time: streams, slow and large answers, children, jobs and threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

CLOSED: list[str] = []

Environ = dict[str, Any]
Start = Callable[..., Any]
TEXT = [("Content-Type", "text/plain")]
POOL = ThreadPoolExecutor(2)


def text(start_response: Start, body: bytes, status: str = "200 OK", *more: Any) -> list[bytes]:
    start_response(status, [*TEXT, ("Content-Length", str(len(body))), *more])
    return [body]


class Slow:
    def __init__(self, pieces: int, pause: float, size: int = 4) -> None:
        self.pieces, self.pause, self.size = pieces, pause, size

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.pieces):
            if number:
                time.sleep(self.pause)
            yield (b"%d " % number).ljust(self.size, b".")

    def close(self) -> None:
        CLOSED.append("slow")


def stream(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return Slow(3, 0.4)


def endless(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return Slow(10_000, 0.01, 65536)


def closed(environ: Environ, start_response: Start) -> Any:
    return text(start_response, str(len(CLOSED)).encode())


def big(environ: Environ, start_response: Start) -> Any:
    return text(start_response, b"0123456789abcdef" * (16 * 65536))


def slow(environ: Environ, start_response: Start) -> Any:
    time.sleep(1.5)
    return text(start_response, b"slow, but whole")


def child(environ: Environ, start_response: Start) -> Any:
    ask = "import signal; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    out = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True).stdout
    return text(start_response, out.strip())


def job(environ: Environ, start_response: Start) -> Any:
    mark = Path(environ["QUERY_STRING"])

    def work() -> None:
        time.sleep(1.0)
        mark.write_text("done")

    POOL.submit(work)
    return text(start_response, b"begun")


def thread(environ: Environ, start_response: Start) -> Any:
    found = threading.current_thread() is threading.main_thread()
    return text(start_response, f"{os.getpid()} {found} {signal.Signals.SIGTERM}".encode())


SLOW = {
    "/stream": stream,
    "/endless": endless,
    "/closed": closed,
    "/big": big,
    "/slow": slow,
    "/child": child,
    "/job/": job,
    "/thread": thread,
}
