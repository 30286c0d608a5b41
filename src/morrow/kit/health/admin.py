"""The admin server: a thread of its own, so that busy workers cannot keep the probes waiting."""

import logging
import queue
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

logger = logging.getLogger("morrow.admin")

Answer = tuple[int, str, bytes]

MOST_HEAD = 16 * 1024
MOST_CONNECTIONS = 128
STOP = b"x"
SLOW = (b"GET /metrics ", b"GET /metrics?", b"HEAD /metrics ")
# `q=0` says that it is not wanted.
ASKS_OPENMETRICS = re.compile(
    rb"^accept:.*application/openmetrics-text(?![^,\r]*;\s*q=0(\.0*)?\s*[,;\r])", re.I | re.M
).search
# A client that has not sent its request, or taken the answer, by then is cut.
SLOWEST = 5.0
# Whoever has connected when the server stops is still answered, for so many seconds.
LAST = 1.0


class _Client:
    __slots__ = ("deadline", "out", "received", "socket", "waits")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.received = b""
        self.out = b""
        self.waits = False
        self.deadline = time.monotonic() + SLOWEST


class AdminServer:
    r"""Serves `answer(path, openmetrics)` on a listening socket, one short connection a request.

    What may take its time (`/metrics`, which asks the application's own collectors) is answered
    on a thread of its own: nothing keeps a probe waiting.

    >>> listener = socket.create_server(("127.0.0.1", 0))
    >>> server = AdminServer(listener, lambda path, _: (200, "text/plain", b"ok"))
    >>> server.start()
    >>> with socket.create_connection(listener.getsockname()) as client:
    ...     client.sendall(b"GET /livez HTTP/1.1\r\n\r\n")
    ...     client.recv(15)
    b'HTTP/1.1 200 OK'
    >>> server.stop()
    """

    def __init__(self, listener: socket.socket, answer: Callable[[str, bool], Answer]) -> None:
        self._listener = listener
        self._answer = answer
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._answered: queue.SimpleQueue[tuple[_Client, bytes]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="admin", daemon=True)

    def start(self) -> None:
        """Begin to answer.

        See the class for an example.
        """
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()

    def stop(self) -> None:
        """Accept nobody any more, answer who is here; the listening socket stays open."""
        # The thread ends by this word alone, so that the line for it is still open here.
        self._wake.send(STOP)
        self._thread.join(2 * LAST)

    def _run(self) -> None:
        clients: dict[socket.socket, _Client] = {}
        end: float | None = None
        while end is None or (clients and time.monotonic() < end):
            for key, _ in self._selector.select(LAST / 4 if clients else None):
                if key.fileobj is self._listener:
                    self._accept(clients)
                elif key.fileobj is self._woken:
                    if STOP in self._woken.recv(4096):
                        self._selector.unregister(self._listener)
                        end = time.monotonic() + LAST
                    self._send_answered(clients)
                else:
                    client: _Client = key.data
                    # One that was just dropped to make room is still among these events.
                    if client.socket in clients and not self._advance(client):
                        self._drop(clients, client)
            now = time.monotonic()
            for client in [one for one in clients.values() if one.deadline < now]:
                self._drop(clients, client)
        for client in list(clients.values()):
            self._drop(clients, client)
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _accept(self, clients: dict[socket.socket, _Client]) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # another process that shares the socket took it, or the client left
        connection.setblocking(False)
        if len(clients) >= MOST_CONNECTIONS:
            self._drop(clients, min(clients.values(), key=lambda one: one.deadline))
        client = clients[connection] = _Client(connection)
        self._selector.register(connection, selectors.EVENT_READ, client)
        # The request is usually there already: one turn of the loop less.
        if not self._advance(client):
            self._drop(clients, client)

    def _drop(self, clients: dict[socket.socket, _Client], client: _Client) -> None:
        del clients[client.socket]
        self._selector.unregister(client.socket)
        client.socket.close()

    def _advance(self, client: _Client) -> bool:
        """Read and write what can be; return whether there is more to come."""
        try:
            if not client.out:
                data = client.socket.recv(MOST_HEAD)
                if not data:
                    return False
                if client.waits:
                    return True
                client.received += data
                if b"\r\n\r\n" not in client.received and len(client.received) <= MOST_HEAD:
                    return True
                if client.received.startswith(SLOW):
                    client.waits = True
                    client.deadline += SLOWEST
                    threading.Thread(target=self._work, args=(client,), daemon=True).start()
                    return True
                client.out = self._respond(client.received)
                self._selector.modify(client.socket, selectors.EVENT_WRITE, client)
            client.out = client.out[client.socket.send(client.out) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(client.out)

    def _work(self, client: _Client) -> None:
        self._answered.put((client, self._respond(client.received)))
        try:
            self._wake.send(b"a")
        except OSError:
            return  # the server has stopped meanwhile

    def _send_answered(self, clients: dict[socket.socket, _Client]) -> None:
        while not self._answered.empty():
            client, answer = self._answered.get()
            if client.socket in clients:
                client.out, client.waits = answer, False
                self._selector.modify(client.socket, selectors.EVENT_WRITE, client)

    def _respond(self, received: bytes) -> bytes:
        if b"\r\n\r\n" not in received:
            return _response(431, "text/plain", b"the request's head is too large\n")
        words = received.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _response(400, "text/plain", b"this is no HTTP/1 request\n")
        method, target, _ = words
        if method not in (b"GET", b"HEAD"):
            return _response(405, "text/plain", b"only GET and HEAD are answered\n")
        path = target.partition(b"?")[0].decode("latin-1")
        try:
            status, kind, body = self._answer(path, ASKS_OPENMETRICS(received) is not None)
        except Exception:
            logger.exception("the admin server could not answer %s", path)
            status, kind, body = 500, "text/plain", b"could not answer: see the log\n"
        return _response(status, kind, body, with_body=method == b"GET")


def _response(status: int, kind: str, body: bytes, *, with_body: bool = True) -> bytes:
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if with_body else b"")
