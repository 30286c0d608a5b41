"""Applications that use every corner of PEP 3333."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

Environ = dict[str, Any]
Start = Callable[..., Any]


def anything(*arguments: Any) -> Iterable[bytes]:
    arguments[1]("200 OK", [("X-Of", "anything")])
    return [b"any"]


def build() -> Any:
    return anything


def one_argument(config: Any) -> Any:
    return anything


def _valid(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Of", "validated")])
    return [b"valid"]


validated = validator(_valid)


def generator(environ: Environ, start_response: Start) -> Iterator[bytes]:
    start_response("201 Created", [("X-Of", "generator")])
    yield b"ma"
    yield b"de"


class AsClass:
    def __init__(self, environ: Environ, start_response: Start) -> None:
        self._start = start_response

    def __iter__(self) -> Iterator[bytes]:
        self._start("202 Accepted", [("X-Of", "AsClass")])
        yield b"class"


def writes(environ: Environ, start_response: Start) -> Iterable[bytes]:
    write = start_response("203 Other", [("X-Of", "writes")])
    write(b"writ")
    return [b"ten"]


def broken_header(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [("X-Of", "one\r\nX-Two: two")])
    return [b"never"]


def never_starts(environ: Environ, start_response: Start) -> Iterable[bytes]:
    return [b"never"]


def tells(environ: Environ, start_response: Start) -> Iterable[bytes]:
    names = ("HTTP_X_USER", "REMOTE_ADDR", "HTTP_HOST", "SCRIPT_NAME", "wsgi.url_scheme")
    start_response("200 OK", [("X-Request-ID", environ.get("HTTP_X_REQUEST_ID", "mine"))])
    return [" ".join(environ.get(name, "-") for name in names).encode()]


def collects(environ: Environ, start_response: Start) -> Iterable[bytes]:
    import prometheus_client

    class Slow:
        def collect(self) -> Iterator[Any]:
            time.sleep(1.5)
            return iter(())

        def describe(self) -> list[Any]:
            return []

    prometheus_client.REGISTRY.register(Slow())
    start_response("200 OK", [])
    return [b"ok"]
