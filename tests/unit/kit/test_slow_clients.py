"""Slow clients, garbage and floods against a running service, over raw sockets."""

from __future__ import annotations

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.kit.served import Served, ask, served, wait_for

HALF_BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"


def connect(one: Served, stack: ExitStack, data: bytes) -> socket.socket:
    client = stack.enter_context(socket.create_connection(("127.0.0.1", one.port), 30))
    client.sendall(data)
    return client


def test_slow_clients_hold_no_thread() -> None:
    with served("sample:service", MORROW_THREADS="4") as one, ExitStack() as stack:
        for _ in range(64):
            connect(one, stack, b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: ")
        halves = [connect(one, stack, HALF_BODY) for _ in range(40)]
        wait_for(lambda: one.metric("http_server_active_requests") == 40, "all of them")
        assert one.metric("morrow_threads_busy") == 0
        for _ in range(50):
            assert one.get("/").status == 200
            assert one.get("/echo", method="POST", body=b"short").body == b"short"
        for probe in ("/livez", "/readyz", "/metrics"):
            assert one.admin(probe).status == 200
        # What does not move is refused after ten seconds.
        assert all(half.recv(4096).startswith(b"HTTP/1.1 408 ") for half in halves)
        wait_for(lambda: one.metric("http_server_active_requests") == 0, "the end of all", 40)
        assert one.stop() == 0


def test_honest_posts_at_saturation_are_all_taken() -> None:
    body = bytes(range(250)) * 400
    with served("sample:service", MORROW_THREADS="4") as one:

        def post(_: int) -> bool:
            return one.get("/echo", method="POST", body=body, timeout=60).body == body

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(post, range(200)))


def test_bodies_arrive_whole_in_every_way() -> None:
    with served("sample:service") as one:
        for size in (0, 1, 65_535, 65_536, 65_537, 1_000_000):
            body = bytes(size)
            assert one.get("/echo", method="POST", body=body).body == body
            pieces = (body[at : at + 30_000] for at in range(0, size, 30_000))
            assert one.get("/echo", method="POST", body=pieces).body == body
            assert one.get("/count", method="POST", body=body).text == str(size)
        too_much = bytes(10 * 1024**2 + 1)
        assert one.get("/echo", method="POST", body=too_much[:-1]).status == 200
        with socket.create_connection(("127.0.0.1", one.port), 30) as client:
            client.sendall(
                b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(too_much)
            )
            assert client.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_who_closes_half_gets_no_answer_as_the_docs_say(tmp_path: Path) -> None:
    made = tmp_path / "made"
    request = f"GET /sleep-until{made} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    with served("sample:service") as one, ExitStack() as stack:
        whole, half = connect(one, stack, request), connect(one, stack, request)
        wait_for(lambda: one.metric("morrow_threads_busy") == 2, "both at work")
        half.shutdown(socket.SHUT_WR)
        assert half.recv(4096) == b""
        assert one.metric("morrow_threads_busy") == 2
        made.touch()
        assert whole.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert one.stop() == 0


GARBAGE = [
    b"\x00" * 64,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 1_000_000,
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    b"GET /%00%ff%c0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
]


def converse(port: int, data: bytes, *, ends: bool = True) -> bytes:
    """Send, say that nothing follows, and return the whole answer; a hang raises.

    Granian gives up a request whose client has said that nothing follows. Who wants every
    answer ends with a request that asks for the end instead.
    """
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        answer = b""
        # A server that refuses the first part closes while the rest is sent. What it said
        # before that has arrived all the same, and must be read.
        with cut_off():
            client.sendall(data)
            if ends:
                client.shutdown(socket.SHUT_WR)
        with cut_off():
            while piece := client.recv(65536):
                answer += piece
        return answer


@contextmanager
def cut_off() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise  # a hang
    except OSError:
        return  # the connection was closed: a refusal as good as any


def test_garbage_hangs_and_breaks_nothing() -> None:
    with served("sample:service") as one:
        for data in GARBAGE:
            for port in (one.port, one.admin_port):
                answer = converse(port, data)
                assert b"HTTP/1.1 500" not in answer, data[:60]
        assert one.get("/").status == 200
        assert one.admin("/readyz").status == 200
        assert one.stop() == 0
        assert not one.messages("could not answer")


TOKEN = st.text("abcXYZ-_09", min_size=1, max_size=12)
T = TypeVar("T")
VALUE = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"))
METHOD = st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS"]) | TOKEN.map(str.upper)
PATH = VALUE.filter(lambda text: "#" not in text and "?" not in text)
HEADERS = st.dictionaries(TOKEN.map(lambda text: "X-" + text), VALUE, max_size=3)


def ten(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
    return st.lists(strategy, min_size=10, max_size=10)


LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
ANSWERED = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) ")


def encoded(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    head = f"{method} /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + body


def test_ten_thousand_fuzzed_requests_get_an_answer_and_no_500() -> None:
    told: Counter[bytes] = Counter()
    with served("sample:service") as one:
        # What fails is named in one line: to look for a smaller batch would take minutes.
        phases = (Phase.explicit, Phase.generate)

        @settings(max_examples=100, deadline=None, database=None, derandomize=True, phases=phases)
        @given(ten(METHOD), ten(PATH), ten(HEADERS), ten(st.binary(max_size=200)))
        def fuzz(
            methods: list[str], paths: list[str], headers: list[dict[str, str]], bodies: list[bytes]
        ) -> None:
            # Each method with each path: to draw a hundred of all would take most of the time.
            left = [
                encoded(method, path, headers[(one + two) % 10], bodies[(one * 3 + two) % 10])
                for one, method in enumerate(methods)
                for two, path in enumerate(paths)
            ]
            left.append(LAST)
            while left:
                # Pipelined on one connection, which ends with the first that is refused.
                statuses = ANSWERED.findall(converse(one.port, b"".join(left), ends=False))
                assert 1 <= len(statuses) <= len(left), f"no answer to {left[0]!r}"
                told.update(statuses)
                left = left[len(statuses) :]

        fuzz()
        assert told.total() >= 10_000
        assert not [status for status in told if status >= b"500"], told
        # Not all of them were refused before they came to the application.
        assert told[b"404"] > 100, told
        assert 'http_response_status_code="500"' not in one.admin("/metrics").text
        assert one.get("/").status == 200
        assert one.stop() == 0


def test_admin_survives_slow_and_many_clients() -> None:
    with served("sample:service") as one, ExitStack() as stack:
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", one.admin_port), 20)
            stack.enter_context(client)
            client.sendall(b"GET /livez HTTP/1.1\r\n")
        began = time.monotonic()
        assert ask(one.admin_port, "/livez").status == 200
        assert time.monotonic() - began < 20
        for request, told in (
            (b"POST /livez HTTP/1.1\r\n\r\n", (b" 405 ", b"only GET and HEAD are answered")),
            (b"GET /" + b"x" * 20_000, (b" 431 ", b"the request's head is too large")),
            (b"GET /livez\r\n\r\n", (b" 400 ", b"this is no HTTP/1 request")),
        ):
            answer = converse(one.admin_port, request)
            assert all(part in answer for part in told), answer
        head = converse(one.admin_port, b"HEAD /livez HTTP/1.1\r\n\r\n")
        assert head.endswith(b"\r\n\r\n")
