"""Granian's WSGI worker on a socket that this process was given."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from granian import _granian
from granian._futures import _new_cbscheduler
from granian.http import HTTP1Settings
from granian.wsgi import _callback_wrapper

from morrow.kit.request.bodies import ROOM

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Granian's own stubs lag behind its classes; what is passed is what its server passes.
SocketHolder: Any = _granian.SocketHolder
WSGIWorker: Any = _granian.WSGIWorker
new_scheduler: Any = _new_cbscheduler

# Longer than the idle time of load balancers (60 s on AWS): they must close first.
IDLE_MS = 75_000
BACKLOG = 2048
# Connections, not requests: idle kept-alive ones must not keep new ones out.
MOST_CONNECTIONS = 16_384


class GranianServer:
    """Serves an application on a listening socket, with so many threads."""

    def __init__(self, app: WSGIApplication, listener: socket.socket, threads: int) -> None:
        self.finished = threading.Event()
        self._app = app
        self._socket = os.fstat(listener.fileno()).st_ino
        self._stop = _granian.WorkerSignal()
        self._stop.add_cb(self.finished.set)
        self._loop = asyncio.new_event_loop()
        self._worker = WSGIWorker(
            1,  # worker id
            (None, SocketHolder(listener.detach(), False, BACKLOG)),
            None,  # no metrics pipe
            1,  # threads of the Rust runtime
            16,  # threads of the Rust runtime for blocking work
            threads + ROOM,
            30,  # an idle Python thread ends after so many seconds
            MOST_CONNECTIONS,
            "1",
            HTTP1Settings(header_read_timeout=IDLE_MS),
            None,  # no HTTP/2
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
        callback = _callback_wrapper(self._app, {}, None)
        scheduler = new_scheduler(self._loop, callback, impl_asyncio=True)
        self._worker.serve_mtr(scheduler, self._loop, self._stop)

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
