"""WSGI's corners, one path each: what PEP 3333 allows and few applications do."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

from edge_wsgi_slow import SLOW, TEXT, text

Environ = dict[str, Any]
Start = Callable[..., Any]
PATHS: dict[str, Callable[[Environ, Start], Any]] = {**SLOW}


def at(path: str) -> Callable[[Any], Any]:
    def add(function: Any) -> Any:
        PATHS[path] = function
        return function

    return add


def app(environ: Environ, start_response: Start) -> Any:
    path = environ["PATH_INFO"]
    for known, function in PATHS.items():
        if path == known or (known[1:].endswith("/") and path.startswith(known)):
            return function(environ, start_response)
    start_response("404 Not Found", TEXT)
    return [b"not found"]


@at("/")
def page(environ: Environ, start_response: Start) -> Any:
    return text(start_response, b"a page")


@at("/environ/")
def environ_of(environ: Environ, start_response: Start) -> Any:
    plain = {name: value for name, value in environ.items() if isinstance(value, str)}
    return text(start_response, json.dumps(plain).encode())


@at("/types")
def types(environ: Environ, start_response: Start) -> Any:
    wrong = [name for name in environ if type(name) is not str]
    needed = ["REQUEST_METHOD", "PATH_INFO", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"]
    wrong += [name for name in needed if type(environ.get(name)) is not str]
    keys = ["version", "url_scheme", "input", "errors", "multithread", "multiprocess", "run_once"]
    wrong += [f"wsgi.{key}" for key in keys if f"wsgi.{key}" not in environ]
    wrong += [name for name in environ if name in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")]
    if type(environ) is not dict:
        wrong.append("environ is no dict")
    environ["wsgi.errors"].write("")
    environ["wsgi.errors"].flush()
    return text(start_response, ",".join(wrong).encode() or b"ok")


@at("/echo")
def echo(environ: Environ, start_response: Start) -> Any:
    length = environ.get("CONTENT_LENGTH")
    body = environ["wsgi.input"].read(int(length)) if length else environ["wsgi.input"].read()
    return text(start_response, body)


@at("/lines")
def lines(environ: Environ, start_response: Start) -> Any:
    body = environ["wsgi.input"]
    found = [body.readline(), body.read(2), *body, body.read(), body.readline()]
    return text(start_response, b"|".join(line.strip() for line in found))


@at("/write")
def write(environ: Environ, start_response: Start) -> Any:
    send = start_response("200 OK", [*TEXT, ("X-Way", "write")])
    send(b"one ")
    send(b"two ")
    return [b"three"]


@at("/generator")
def generator(environ: Environ, start_response: Start) -> Iterator[bytes]:
    start_response("201 Created", [*TEXT, ("X-Way", "generator")])
    yield b"made "
    yield b"late"


@at("/class")
class ClassApp:
    def __init__(self, environ: Environ, start_response: Start) -> None:
        self.start = start_response

    def __iter__(self) -> Iterator[bytes]:
        self.start("202 Accepted", [*TEXT, ("X-Way", "class")])
        yield b"a class"


class Called:
    def __call__(self, environ: Environ, start_response: Start) -> Any:
        return text(start_response, b"an instance")


@at("/star")
def star(*args: Any) -> Any:
    return text(args[1], b"stars")


PATHS["/instance"] = Called()
PATHS["/method"] = Called().__call__
PATHS["/partial"] = functools.partial(lambda said, _, start: text(start, said), b"a partial")
PATHS["/validated/"] = validator(
    lambda environ, start: (
        environ["wsgi.input"].read(-1 if environ["REQUEST_METHOD"] == "GET" else 3),
        text(start, b"valid"),
    )[1]
)


@at("/crlf")
def crlf(environ: Environ, start_response: Start) -> Any:
    return text(start_response, b"", "200 OK", ("X-Split", "a\r\nX-Injected: yes"))


@at("/twice")
def twice(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", TEXT)
    start_response("201 Created", TEXT)
    return [b"twice"]


@at("/mend")
def mend(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", [*TEXT, ("X-First", "yes")])
    try:
        raise LookupError("found late")
    except LookupError:
        start_response("404 Not Found", [*TEXT, ("X-Second", "yes")], sys.exc_info())
    return [b"mended"]


@at("/raise")
def raises(environ: Environ, start_response: Start) -> Any:
    raise RuntimeError("on purpose")


@at("/raise-late")
def raises_late(environ: Environ, start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", TEXT)
    yield b"some"
    raise RuntimeError("on purpose")


@at("/exit")
def exits(environ: Environ, start_response: Start) -> Any:
    raise SystemExit(3)


@at("/none")
def none(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", TEXT)


@at("/str")
def string(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", TEXT)
    return ["text, not bytes"]


@at("/empty")
def empty(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", TEXT)
    return []


@at("/short")
def short(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", [*TEXT, ("Content-Length", "10")])
    return [b"four"]


@at("/long")
def long(environ: Environ, start_response: Start) -> Any:
    start_response("200 OK", [*TEXT, ("Content-Length", "4")])
    return [b"four and more"]


@at("/status/")
def status(environ: Environ, start_response: Start) -> Any:
    start_response(environ["PATH_INFO"].rpartition("/")[2] + " As Asked", TEXT)
    return [b"a body"]


@at("/cookies")
def cookies(environ: Environ, start_response: Start) -> Any:
    return text(start_response, b"", "200 OK", ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


@at("/latin")
def latin(environ: Environ, start_response: Start) -> Any:
    return text(start_response, b"", "200 OK", ("X-Latin", "caf\xe9"))


@at("/file")
def file(environ: Environ, start_response: Start) -> Any:
    opened = Path(__file__).open("rb")  # noqa: SIM115 - the server closes it
    start_response("200 OK", TEXT)
    return environ.get("wsgi.file_wrapper", lambda f: iter(lambda: f.read(8192), b""))(opened)
