"""Connections and messages as clients, proxies and load balancers use them."""

from __future__ import annotations

import socket

from tests.conformance.case import At, good, group, still_serves
from tests.conformance.exchange import request, right

case = group("Messages")


@case("a connection serves two requests, one after the other")
def keep_alive(at: At) -> None:
    with at.line() as line:
        for _ in range(2):
            good(line.send(request(at.page)).answer(), at)


@case("a connection serves twenty requests")
def keep_alive_long(at: At) -> None:
    with at.line() as line:
        for _ in range(20):
            good(line.send(request(at.page)).answer(), at)


@case("pipelined requests are answered in their order")
def pipelined(at: At) -> None:
    with at.line() as line:
        line.send(request(at.page) + request(at.page, method="HEAD") + request(at.page))
        for method in ("GET", "HEAD", "GET"):
            right(line.answer(method).status < 500, "an error")


@case("Connection: close is obeyed and said")
def close(at: At) -> None:
    with at.line() as line:
        answer = line.send(request(at.page, "Connection: close")).answer()
        good(answer, at)
        right(answer.one("connection").lower() == "close", "not said")
        right(line.closed(), "left open")


@case("Connection: Close, in another case and among others")
def close_among_others(at: At) -> None:
    with at.line() as line:
        good(line.send(request(at.page, "Connection: TE, Close", "TE: trailers")).answer(), at)
        right(line.closed(), "left open")


@case("an HTTP/1.0 client gets an answer and the end of the connection")
def http_1_0(at: At) -> None:
    with at.line() as line:
        line.send(f"GET {at.page} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        answer = line.answer()
        good(answer, at)
        right(answer.framing != "chunked", "HTTP/1.0 does not know chunks")
        right(line.closed(), "left open")


@case("an HTTP/1.0 client may keep the connection")
def http_1_0_keep(at: At) -> None:
    with at.line() as line:
        first = b"GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
        answer = line.send(first % at.page.encode()).answer()
        good(answer, at)
        if answer.one("connection").lower() == "keep-alive":
            good(line.send(first % at.page.encode()).answer(), at)
        else:
            right(line.closed(), "neither kept nor closed")


@case("an absolute address as the target is answered like its path")
def absolute(at: At) -> None:
    good(at.ask(f"http://localhost{at.page}"), at)


@case("a head that comes byte by byte is answered")
def head_by_bytes(at: At) -> None:
    with at.line() as line:
        for byte in request(at.page, "Connection: close"):
            line.send(bytes([byte]))
        good(line.answer(), at)


@case("a client that stops sending and waits is answered")
def half_closed(at: At) -> None:
    with at.line() as line:
        line.send(request(at.page, "Connection: close"))
        line.socket.shutdown(socket.SHUT_WR)
        good(line.answer(), at)


@case("a client that leaves at once harms nobody")
def leaves(at: At) -> None:
    for _ in range(5):
        with at.line() as line:
            line.send(request(at.page))
    still_serves(at)


@case("a client that leaves in the middle of a body harms nobody")
def leaves_in_body(at: At) -> None:
    with at.line() as line:
        line.send(request(at.page, "Content-Length: 1000", method="POST") + b"half")
    still_serves(at)


@case("silent connections keep nobody waiting")
def silent(at: At) -> None:
    lines = [at.line() for _ in range(20)]
    try:
        still_serves(at)
    finally:
        for line in lines:
            line.socket.close()


@case("connections that are kept keep nobody waiting")
def kept(at: At) -> None:
    lines = [at.line() for _ in range(20)]
    try:
        for line in lines:
            good(line.send(request(at.page)).answer(), at)
        still_serves(at)
    finally:
        for line in lines:
            line.socket.close()
