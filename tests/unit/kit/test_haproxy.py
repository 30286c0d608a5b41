"""A real load balancer in front of two instances; one of them is stopped under load."""

from __future__ import annotations

import selectors
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import HELLO, Served, served, wait_for

# Without a time-out of its own a check has `inter` to be answered: on a busy machine that takes
# both servers out at once.
CONFIG = """
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 5s
  retries 0
frontend front
  bind 127.0.0.1:{port}
  default_backend hello
backend hello
  option httpchk GET /readyz
  http-reuse never
  server one 127.0.0.1:{one} check port {one_admin} inter 500ms fall 1 rise 1
  server two 127.0.0.1:{two} check port {two_admin} inter 500ms fall 1 rise 1
"""


START = b"HTTP/1.1 200 "
PAGE = b"\r\n\r\nHello, this is a message from your Python app!"
CLOSING = b"\r\nconnection: close\r\n"  # HAProxy writes names in lower case


@contextmanager
def haproxy(folder: Path, one: Served, two: Served) -> Iterator[int]:
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        cannot("drains behind HAProxy", "apt install haproxy", "haproxy")
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(
        CONFIG.format(
            port=port,
            one=one.port,
            two=two.port,
            one_admin=one.admin_port,
            two_admin=two.admin_port,
        )
    )
    process = subprocess.Popen(
        [program, "-db", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: listens(port), "haproxy")
        yield port
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Client:
    """One of 64: it asks again as soon as it has its answer."""

    def __init__(self, port: int, keep: bool) -> None:
        self.port, self.keep = port, keep
        connection = b"" if keep else b"Connection: close\r\n"
        self.request = b"GET / HTTP/1.1\r\nHost: hello.example.com\r\n" + connection + b"\r\n"
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), 20)
        self.received = b""
        self.socket.sendall(self.request)

    def answer(self) -> bool | None:
        """Return whether the request succeeded, or nothing while it lasts."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        self.received += data
        # The page is the end of the response.
        if self.received.endswith(PAGE):
            return self.received.startswith(START)
        if not data or not self.received.startswith(START[: len(self.received)]):
            return False
        return None


def load(port: int, count: int, old: Served, stop_at: int) -> tuple[int, int]:
    """Ask so many times; stop the old instance in the middle; return asked and failed."""
    selector = selectors.DefaultSelector()
    clients = [Client(port, keep=number % 2 == 0) for number in range(64)]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    asked = failed = 0
    stopped = False
    quiet = time.monotonic() + 60
    while asked < count or old.process.poll() is None:
        assert time.monotonic() < quiet, "no answer for a minute"
        for key, _ in selector.select(1):
            client = key.data
            answered = client.answer()
            if answered is None:
                continue
            quiet = time.monotonic() + 60
            asked += 1
            failed += not answered
            if answered and client.keep and CLOSING not in client.received:
                client.received = b""
                client.socket.sendall(client.request)
                continue
            selector.unregister(client.socket)
            client.socket.close()
            client.connect()
            selector.register(client.socket, selectors.EVENT_READ, client)
        if asked >= stop_at and not stopped:
            stopped = True
            old.process.send_signal(signal.SIGTERM)
    for client in clients:
        client.socket.close()
    return asked, failed


def replaced_under_load(folder: Path, count: int, drain: str) -> tuple[int, int, int]:
    env = HELLO | {"MORROW_DRAIN": drain}
    with served("hello.app:service", **env) as old, served("hello.app:service", **env) as new:
        with haproxy(folder, old, new) as port:
            asked, failed = load(port, count, old, count // 3)
        return asked, failed, old.wait()


def test_no_request_is_lost_with_the_drain_and_some_are_without(tmp_path: Path) -> None:
    asked, failed, code = replaced_under_load(tmp_path, 20_000, "5s")
    print(f"with 5 s of drain: {failed} failed of {asked}")
    assert asked >= 20_000
    assert (failed, code) == (0, 0)
    # A health check that falls into the milliseconds between "not ready" and the closed port, one
    # in thirty, hides what the drain is for.
    for _ in range(5):
        asked, failed, code = replaced_under_load(tmp_path, 3_000, "0s")
        print(f"without drain: {failed} failed of {asked}")
        if failed:
            break
    assert failed > 0, "the control must fail, or the proof proves nothing"


@pytest.mark.full
def test_a_hundred_thousand_requests(tmp_path: Path) -> None:
    asked, failed, code = replaced_under_load(tmp_path, 100_000, "5s")
    print(f"with 5 s of drain: {failed} failed of {asked}")
    assert asked >= 100_000
    assert (failed, code) == (0, 0)
