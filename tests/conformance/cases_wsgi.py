"""PEP 3333's corners, of which applications use one or another."""

from __future__ import annotations

import time

from tests.conformance.case import At, case
from tests.conformance.exchange import Wrong, request, right

EDGE = "wsgi-edge"


def says(path: str, body: bytes, status: int = 200, **headers: str) -> None:
    def run(at: At) -> None:
        answer = at.ask(path)
        right(answer.status == status, f"status {answer.status}")
        right(answer.whole and answer.body == body, f"the body is {answer.body[:60]!r}")
        for name, value in headers.items():
            found = answer.one(name.replace("_", "-"))
            right(found == value, f"{name} is {found!r}")

    case("WSGI", SAYS[path], EDGE)(run)


SAYS = {
    "/write": "`write()` sends before what is returned",
    "/generator": "a generator that calls start_response late sends its status and headers",
    "/class": "a class is an application",
    "/star": "`def app(*args)` is an application",
    "/instance": "an object with `__call__` is an application",
    "/method": "a bound method is an application",
    "/partial": "a `functools.partial` is an application",
    "/validated/": "`wsgiref.validate` has nothing to complain of",
    "/types": "environ holds what PEP 3333 asks, as text",
    "/mend": "start_response with exc_info replaces the headers before they are sent",
    "/empty": "an empty iterable is an empty body",
    "/long": "more than the Content-Length is not sent",
    "/child": "a child process of the application can be ended by SIGTERM",
    "/status/299": "a status of its own with its reason",
}
says("/write", b"one two three", x_way="write")
says("/generator", b"made late", 201, x_way="generator")
says("/class", b"a class", 202, x_way="class")
says("/star", b"stars")
says("/instance", b"an instance")
says("/method", b"an instance")
says("/partial", b"a partial")
says("/validated/", b"valid")
says("/types", b"ok")
says("/mend", b"mended", 404, x_second="yes", x_first="")
says("/empty", b"")
says("/long", b"four")
says("/child", b"True")
says("/status/299", b"a body", 299)


@case("WSGI", "`wsgiref.validate` has nothing to complain of with a body", EDGE)
def validated_body(at: At) -> None:
    answer = at.ask("/validated/", method="POST", body=b"abc")
    right(answer.body == b"valid", f"{answer.status} {answer.body[:60]!r}")


@case("WSGI", "wsgi.input reads by line, by size, by iteration, to the end and beyond", EDGE)
def lines(at: At) -> None:
    answer = at.ask("/lines", method="POST", body=b"one\ntwo\nthree\n")
    right(answer.body == b"one|tw|o|three||", f"{answer.body!r}")


@case("WSGI", "a file in wsgi.file_wrapper, or without one, arrives whole", EDGE)
def file(at: At) -> None:
    answer = at.ask("/file")
    right(answer.whole and answer.body.startswith(b'"""WSGI\'s corners'), "not the file")
    right(answer.body.rstrip().endswith(b".encode())"), "cut")


@case("WSGI", "a header with CR LF is an error, neither sent nor cut", EDGE)
def crlf(at: At) -> None:
    answer = at.ask("/crlf")
    right(not answer.all("x-injected"), "the second line became a header")
    right(answer.status == 500, f"status {answer.status}, X-Split {answer.one('x-split')!r}")


@case("WSGI", "start_response twice without exc_info is an error", EDGE)
def twice(at: At) -> None:
    right(at.ask("/twice").status == 500, f"status {at.ask('/twice').status}")


@case("WSGI", "an exception is a 500 for its client only", EDGE)
def raises(at: At) -> None:
    for _ in range(8):  # more than there are threads
        right(at.ask("/raise").status == 500, "another status")
    right(at.ask("/").body == b"a page", "the server has stopped")


@case("WSGI", "an exception's text is not sent to the client", EDGE)
def raises_quietly(at: At) -> None:
    right(b"on purpose" not in at.ask("/raise").body, "the client reads it")


@case("WSGI", "an exception in the middle of a stream cuts it: its client sees that", EDGE)
def raises_late(at: At) -> None:
    with at.line() as line:
        answer = line.send(request("/raise-late")).answer()
        right(answer.status == 500 or not answer.whole, "the client is told that it is whole")


@case("WSGI", "SystemExit in a request ends that request and nothing else", EDGE, alone=True)
def exits(at: At) -> None:
    with at.line() as line:
        try:
            right(line.send(request("/exit")).answer().status == 500, "another status than 500")
        except Wrong as wrong:
            right("closed" in str(wrong), str(wrong))
    right(at.ask("/").body == b"a page", "the server has stopped")


@case("WSGI", "an application that returns None, or text, is a 500", EDGE)
def no_bytes(at: At) -> None:
    for path in ("/none", "/str"):
        with at.line() as line:
            try:
                answer = line.send(request(path)).answer()
            except Wrong as wrong:
                right("closed" in str(wrong), str(wrong))
                continue
            right(answer.status == 500 or not answer.whole, f"{path}: status {answer.status}")
    right(at.ask("/").body == b"a page", "the server has stopped")


@case("WSGI", "less than the Content-Length leaves no client waiting", EDGE)
def short(at: At) -> None:
    with at.line() as line:
        answer = line.send(request("/short")).answer()
        right(answer.status == 500 or not answer.whole, "told as whole")
        right(line.closed(1.0), "the connection stays open")


@case("WSGI", "`close()` of the iterable is called, also when its client has left", EDGE)
def close(at: At) -> None:
    before = int(at.ask("/closed").body)
    at.ask("/stream")
    right(int(at.ask("/closed").body) > before, "not after a whole response")
    before = int(at.ask("/closed").body)
    with at.line() as line:
        line.send(request("/endless")).more()
    end = time.monotonic() + 5
    while int(at.ask("/closed").body) == before:
        right(time.monotonic() < end, "not after the client left")
        time.sleep(0.05)
