"""Slow clients beside others: half-sent heads and bodies, and clients that do not read."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from statistics import median

import pytest

from tests.unit.kit.served import Served, served, wait_for

HALF_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_BODY = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n%s\r\nhalf"
UNREAD = b"GET /big HTTP/1.1\r\nHost: x\r\n%s\r\n"
RENEWED = 8.0
"""A half-sent body is refused after ten seconds: then there is another."""


def attack(one: Served, lines: bytes) -> ExitStack:
    """Send what is never finished, and ask for what is never read."""
    with ExitStack() as stack:
        for data, count in ((HALF_HEAD, 64), (HALF_BODY % lines, 40), (UNREAD % lines, 20)):
            for _ in range(count):
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", one.port))
                client.sendall(data)
        return stack.pop_all()


def took(one: Served) -> float:
    began = time.perf_counter()
    assert one.get("/").text == "ok"
    return time.perf_counter() - began


@pytest.mark.timeout(400)
@pytest.mark.parametrize("proxies", ["", "127.0.0.0/8"])
@pytest.mark.parametrize("target", ["drain_apps:app", "drain_apps:asgi"])
@pytest.mark.parametrize("seconds", [3.0, pytest.param(60.0, marks=pytest.mark.full)])
def test_slow_clients_do_not_slow_others(target: str, proxies: str, seconds: float) -> None:
    lines = b"X-Forwarded-For: 192.0.2.1\r\n" if proxies else b""
    env = {"MORROW_TRUSTED_PROXIES": proxies, "MORROW_GRACE": "1s", "NOTES": os.devnull}
    if target.endswith(":app"):
        env["MORROW_THREADS"] = "4"
    # The same service without them, asked in turn: what else the machine does meets both.
    with served(target, **env) as quiet, served(target, **env) as beset:
        end = time.monotonic() + seconds
        calm: list[float] = []
        beside: list[float] = []
        while time.monotonic() < end:
            with attack(beset, lines):
                wait_for(lambda: beset.metric("http_server_active_requests") >= 40, "the bodies")
                renewed = min(end, time.monotonic() + RENEWED)
                while time.monotonic() < renewed or len(calm) < 50:
                    calm.append(took(quiet))
                    beside.append(took(beset))
            assert beset.admin("/readyz").status == 200
        assert median(beside) < 2 * median(calm)
        # The control: they were there, and none of them held a thread.
        assert quiet.metric("http_server_active_requests") == 0
        assert quiet.stop() == 0
