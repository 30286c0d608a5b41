"""Granian's worker on a socket that this process was given: all of its private parts.

Its ASGI worker serves both interfaces: it hands over the head of each request and waits for
nobody, whether a body is still on its way or a client reads its answer slowly.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from granian import _granian
from granian.http import HTTP1Settings

# Granian's own stubs lag behind its classes; what is passed is what its server passes.
SocketHolder: Any = _granian.SocketHolder
ASGIWorker: Any = _granian.ASGIWorker
CallbackScheduler: Any = _granian.CallbackScheduler

# Longer than the idle time of load balancers (60 s on AWS): they must close first.
IDLE_MS = 75_000
IDLE_FOR_EVER = 10**9
BACKLOG = 2048
# Connections, not requests: idle kept-alive ones must not keep new ones out.
MOST_CONNECTIONS = 16_384

# As much as a thread of Python's own has: a quarter of it, Rust's default, ends the process where
# another server's request recurses as deep and is answered.
STACK = 8 * 1024**2

# It says that it starts and stops, as we do.
logging.getLogger("_granian").setLevel(logging.WARNING)

# Called on one of Granian's threads with what has `scope` and `proto`. It must not raise.
Schedule = Callable[[Any], None]


# So many pieces of an answer Granian holds: when it takes one more, the first is written.
BUFFERED = 4


def is_done(awaitable: object) -> bool:
    """Tell whether what `send` gave has nothing to wait for."""
    return type(awaitable).__name__ == "PyEmptyAwaitable"


async def push(proto: Any, seconds: float = 1.0) -> None:  # noqa: ANN401 - Granian's
    """See that what was sent of a stream is on its way, before its connection is cut."""
    nothing = {"type": "http.response.body", "body": b"", "more_body": True}
    # Granian says no where there is no stream, or its client has left.
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(seconds):
            for _ in range(BUFFERED + 1):
                await proto.send(nothing)
    await asyncio.sleep(0.02)


class _Scheduler(CallbackScheduler):  # type: ignore[misc]
    """Granian asks it for a coroutine of each request; this one is given the request itself."""

    def __init__(self, *arguments: object) -> None:
        super().__init__()


class GranianServer:
    """Hands each request of a listening socket to `schedule`, on one of so many threads."""

    def __init__(
        self,
        schedule: Schedule,
        listener: socket.socket,
        loop: asyncio.AbstractEventLoop,
        *,
        threads: int,
        websockets: bool,
    ) -> None:
        self.finished = threading.Event()
        self.address = listener.getsockname()
        self._schedule, self._loop = schedule, loop
        self._socket = os.fstat(listener.fileno()).st_ino
        self._stop = _granian.WorkerSignal()
        self._stop.add_cb(self.finished.set)
        self._worker = ASGIWorker(
            1,  # worker id
            (None, SocketHolder(listener.detach(), False, BACKLOG)),
            None,  # no metrics pipe
            1,  # threads of the Rust runtime
            16,  # threads of the Rust runtime for blocking work
            threads,
            IDLE_FOR_EVER,  # seconds until an idle Python thread ends
            MOST_CONNECTIONS,
            "1",
            HTTP1Settings(header_read_timeout=IDLE_MS),
            None,  # no HTTP/2
            websockets,
            None,  # no static files
            False,  # no TLS: the gateway ends it
            None,
            None,
            None,
            "tls1.3",
            None,
            [],
            False,
            (None, None),  # no metrics
        )

    def start(self) -> None:
        """Begin to accept. Granian's threads do the rest; this returns at once."""
        scheduler = _Scheduler(self._loop, None, None, None, None)
        scheduler._schedule_fn = self._schedule
        # Rust reads it once, when the first thread is made. Programs that are started need it not.
        theirs = os.environ.get("RUST_MIN_STACK")
        os.environ["RUST_MIN_STACK"] = theirs or str(STACK)
        self._worker.serve_mtr(scheduler, self._loop, self._stop)
        if theirs is None:
            del os.environ["RUST_MIN_STACK"]

    def leave_connections_to_others(self) -> None:
        """Accept no more, and go on serving the connections there are.

        Granian itself closes those at once from which it has read nothing yet. So each of its
        descriptors of the listening socket is exchanged for one that nobody connects to; the
        socket itself stays open for the process that accepts from now on.
        """
        with socket.socket(socket.AF_UNIX) as nobodys:
            nobodys.bind("")  # a name that the kernel makes up
            nobodys.listen(1)
            nobodys.setblocking(False)
            for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are enough
                try:
                    found = os.fstat(int(name)).st_ino
                except OSError:
                    continue  # closed meanwhile
                if found == self._socket:
                    os.dup2(nobodys.fileno(), int(name), inheritable=False)

    def stop_accepting(self) -> None:
        """Accept no more; `finished` is set when every connection is closed."""
        self._stop.set()
