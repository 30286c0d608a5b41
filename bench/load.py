"""A client that costs little: kept-alive connections, one thread, raw bytes."""

from __future__ import annotations

import selectors
import socket
import time

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"


class _Connection:
    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.port, self.selector = port, selector
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), 10)
        self.selector.register(self.socket, selectors.EVENT_READ, self)
        self.received = b""
        self.socket.sendall(REQUEST)

    def answered(self) -> bool:
        """Take what came; when the response is whole, ask again. Anything but 200 raises."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the server in the middle of a response")
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        if b" 200 " not in head[:16]:
            raise ConnectionError(head[:64].decode("latin-1"))
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at >= 0:
            whole = len(body) >= int(lowered[at + 15 :].split(b"\r\n", 1)[0])
        else:
            whole = body.endswith(b"0\r\n\r\n")
        if whole and (lowered.startswith(b"http/1.0") or b"connection: close" in lowered):
            # Flask's own server keeps no connection.
            self.close()
            self.connect()
        elif whole:
            self.received = b""
            self.socket.sendall(REQUEST)
        return whole

    def close(self) -> None:
        self.selector.unregister(self.socket)
        self.socket.close()


def answered(port: int, seconds: float, connections: int = 16) -> int:
    """Return how many requests are answered in so many seconds, with connections busy."""
    selector = selectors.DefaultSelector()
    clients = [_Connection(port, selector) for _ in range(connections)]
    done = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        done += sum(key.data.answered() for key, _ in selector.select(1))
    for client in clients:
        client.close()
    return done
