"""A server that answers as a test says, on a port of its own."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Served-By: one\r\n\r\nhello"
Answer = Callable[[socket.socket, int], bool]  # the connection, its requests so far -> go on


class Server:
    """A server that answers as a test wants."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answer, self.context = answer, context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            served = 0
            while connection.recv(65536):
                served += 1
                if not self.answer(connection, served):
                    break
        except OSError:
            pass  # the client left: its account is what the test reads
        finally:
            connection.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(answer: Answer, context: ssl.SSLContext | None = None) -> Server:
        made.append(Server(answer, context))
        return made[-1]

    yield start
    for server in made:
        server.listener.close()


def good(connection: socket.socket, served: int) -> bool:
    connection.sendall(OK)
    return True


def asleep(connection: socket.socket, served: int) -> bool:
    time.sleep(2)
    return False


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: it makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example.com"
    name = ["-addext", "subjectAltName=DNS:shop.example.com"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words.split(), *name, *files], check=True, capture_output=True)
    return key, certificate
