"""The load client counts what is lost, and only that. Every kind of loss is provoked once."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.load.client import Client
from morrow.tool.load.connection import Exchange
from morrow.tool.load.load import Load, LoadError
from morrow.tool.load.result import Options, Result, percentile
from tests.unit.tool.answering import OK, Answer, Server, asleep, good, pair, serve

__all__ = ("pair", "serve")  # fixtures


def run(url: str, rate: float = 40, seconds: float = 1, **more: object) -> Result:
    return Load(Options(url, rate=rate, **more), seconds).run()  # type: ignore[arg-type]


def test_a_good_server_loses_nothing(serve: Callable[..., Server]) -> None:
    server = serve(good)
    result = run(server.url, rate=100, connections=5, text="hello")
    assert (result.requests, result.failures, result.retried) == (100, [], 0)
    assert sum(sample.kept for sample in result.samples) == 50
    assert result.instances == {"one": 100}
    # Each of the 50 new ones its own connection; the kept ones a few between them.
    assert 55 <= server.connections <= 50 + 4 * 5
    assert 0 < result.latency(0.5) <= result.latency(0.99)
    assert "0 of 100 requests lost" in result.summary()


def test_latency_counts_from_the_moment_the_request_was_due(serve: Callable[..., Server]) -> None:
    def slow(connection: socket.socket, served: int) -> bool:
        time.sleep(0.3)
        return good(connection, served)

    result = run(serve(slow).url, rate=20)
    assert not result.failures
    assert min(sample.latency for sample in result.samples) >= 0.3


@pytest.mark.parametrize(
    ("answer", "cause", "detail"),
    [
        (lambda c, n: False, "closed", "before the response"),
        (lambda c, n: bool(c.sendall(OK[:-2])), "closed", "middle of the response"),
        (lambda c, n: bool(c.sendall(b"SSH-2.0-x\r\n\r\n")), "http", "not an HTTP response"),
        (
            lambda c, n: bool(c.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")),
            "status-503",
            "answered 503",
        ),
        (lambda c, n: bool(c.sendall(OK.replace(b"hello", b"other"))), "text", "lacks 'hello'"),
        (asleep, "timeout", "no answer within 0.3 s"),
    ],
)
def test_each_kind_of_loss_has_its_cause(
    serve: Callable[..., Server], answer: Answer, cause: str, detail: str
) -> None:
    patience = 0.3 if answer is asleep else 10  # a busy machine may be late
    result = run(serve(answer).url, rate=20, seconds=0.5, timeout=patience, text="hello")
    assert result.causes() == {cause: 10}
    assert all(detail in failure.detail for failure in result.failures)
    assert result.latency(0.5) == 0, "a lost request has no latency"


def test_a_port_that_nobody_listens_on_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = run(f"http://127.0.0.1:{port}/", rate=20, seconds=0.5)
    assert result.causes() == {"refused": 10}
    assert f"127.0.0.1:{port}" in result.failures[0].detail


def test_a_name_that_does_not_resolve_is_named() -> None:
    result = run("http://nowhere.invalid/", rate=10, seconds=0.3)
    assert result.causes() == {"connect": 3}


def test_requests_beyond_the_cap_are_counted_as_lost(serve: Callable[..., Server]) -> None:
    result = run(serve(asleep).url, rate=50, in_flight=5, timeout=1)
    assert result.causes()["overrun"] >= 30
    assert len(result.failures) == result.requests == 50


def test_no_request_waits_for_the_end_of_others(serve: Callable[..., Server]) -> None:
    """One sent late, to a server that is well, would lack time that others had used up."""
    server = serve(asleep)
    result = run(server.url, seconds=0.5, kept=1.0, connections=1, timeout=1.5)
    assert {failure.cause for failure in result.failures} == {"timeout"}
    assert server.connections == result.requests == 20


def every_second_ends(connection: socket.socket, served: int) -> bool:
    """Close a kept connection instead of answering its second request."""
    return served == 1 and good(connection, served)


def test_an_idle_close_is_met_as_clients_do(serve: Callable[..., Server]) -> None:
    server = serve(every_second_ends)
    result = run(server.url, kept=1.0, connections=1)
    assert not result.failures
    assert result.retried >= 10
    strict = run(server.url, kept=1.0, connections=1, retry=False)
    assert strict.retried == 0
    assert set(strict.causes()) == {"closed"}, "the control: without the retry they are lost"
    assert all(failure.reused for failure in strict.failures)


def test_a_retry_that_fails_is_lost(serve: Callable[..., Server]) -> None:
    seen = threading.Lock(), [0]

    def only_the_first(connection: socket.socket, served: int) -> bool:
        with seen[0]:
            seen[1][0] += 1
            first = seen[1][0] == 1
        return first and good(connection, served)

    result = run(serve(only_the_first).url, kept=1.0, connections=1, rate=20, seconds=0.5)
    assert len(result.failures) == 9


def test_a_half_sent_answer_is_never_tried_again(serve: Callable[..., Server]) -> None:
    def half(connection: socket.socket, served: int) -> bool:
        connection.sendall(OK if served == 1 else OK[:20])
        return served == 1

    result = run(serve(half).url, kept=1.0, connections=1, rate=20)
    assert result.retried == 0
    (detail,) = {failure.detail for failure in result.failures}
    assert detail == "connection closed in the middle of the response"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.0 200 OK\r\n\r\nhello",
    ],
)
def test_ways_to_send_a_body(serve: Callable[..., Server], answer: bytes) -> None:
    def pieces(connection: socket.socket, served: int) -> bool:
        for start in range(0, len(answer), 7):
            connection.sendall(answer[start : start + 7])
            time.sleep(0.001)
        return not answer.startswith(b"HTTP/1.0")

    result = run(serve(pieces).url, rate=10, text="hello", status=200)
    assert not result.failures, result.summary()


def test_marks_name_the_phase(serve: Callable[..., Server]) -> None:
    broken = threading.Event()

    def until(connection: socket.socket, served: int) -> bool:
        return not broken.is_set() and good(connection, served)

    with Load(Options(serve(until).url, rate=50)) as load:
        time.sleep(0.4)
        load.mark("break")
        broken.set()
        time.sleep(0.4)
        broken.clear()
    result = load.result
    assert [event.name for event in result.events] == ["break"]
    phases = [failure.phase for failure in result.failures]
    assert phases == sorted(phases, key=["start", "break"].index), "a few were under way"
    assert "break" in phases
    assert all(
        failure.at + failure.latency > result.events[0].at - 0.001 for failure in result.failures
    )
    assert load.progress["requests"] > 0
    assert Result.from_json(result.to_json(samples=True)) == result


def test_tls_is_checked_against_name_and_ca(
    serve: Callable[..., Server], pair: tuple[Path, Path]
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair[1], pair[0])
    address = (f"127.0.0.1:{serve(good, context).port}",)
    ca = str(pair[1])
    right = run("https://shop.example.com/", rate=20, connect=address, ca_file=ca)
    assert (right.requests, right.failures) == (20, [])
    name = run("https://other.example.com/", rate=5, connect=address, ca_file=ca)
    assert name.causes() == {"tls": 5}
    assert "other.example.com" in name.failures[0].detail
    stranger = run("https://shop.example.com/", rate=5, connect=address)
    assert stranger.causes() == {"tls": 5}


@pytest.mark.parametrize(
    ("name", "value"),
    [("url", "ftp://x/"), ("rate", 0), ("rate", 5000), ("kept", 2), ("timeout", 0),
     ("ca_file", "/nowhere.pem")],
)  # fmt: skip
def test_wrong_options_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Options(**{"url": "http://127.0.0.1/", name: value})  # type: ignore[arg-type]


def test_a_run_needs_an_end_and_a_start() -> None:
    load = Load(Options("http://127.0.0.1/"))
    with pytest.raises(LoadError, match="without an end"):
        load.run()
    with pytest.raises(LoadError, match="not started"):
        load.wait()
    with pytest.raises(LoadError, match="not ended"):
        _ = load.result


def test_a_fault_of_the_client_is_no_proof_that_nothing_was_lost() -> None:
    async def run() -> None:
        client = Client(Options("http://127.0.0.1:1/", rate=50), asyncio.get_running_loop())

        async def connect(kept: bool) -> Exchange:
            raise RuntimeError("a fault of ours")

        client.pool.connect = connect  # type: ignore[method-assign]
        await client.run(1)

    with pytest.raises(RuntimeError, match="ours"):
        asyncio.run(run())


def test_percentiles() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99
