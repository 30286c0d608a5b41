"""Applications of WSGI that do more than answer: after it, deep below it, or in other processes."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SEEN: list[str] = []
RELEASED = threading.Event()
PAUSE = 2.0
Start = Callable[..., Any]


class Parts(list[bytes]):
    """A list that wants to know of its end."""

    def close(self) -> None:
        SEEN.append("closed")


class Lasting:
    """A body whose end takes as long as somebody wants."""

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"pa", b"ge"])

    def close(self) -> None:
        SEEN.append("released" if RELEASED.wait(20) else "not released")


def parts(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "4")])
    return Parts([b"page"])


def lasting(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "4")])
    return Lasting()


def generator(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [("Content-Length", "4")])
    yield b"page"
    SEEN.append("after the last piece")


def large(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [("Content-Length", "100000")])

    def pieces() -> Iterator[bytes]:
        yield bytes(100_000)
        SEEN.append("after the large piece")

    return pieces()


def seen(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    RELEASED.set()
    start("200 OK", [])
    return [", ".join(SEEN).encode()]


def named(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("200 OK", [(environ["QUERY_STRING"], "1")])
    return [b"page"]


def following(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("200 OK", [])
    return [next(environ["wsgi.input"], b"nothing")]


def deep(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Recurse through code in C, which needs the thread's own stack."""

    def down(left: int) -> int:
        return max([left], key=lambda one: down(one - 1) if one else 0)

    sys.setrecursionlimit(100_000)
    start("200 OK", [])
    return [str(down(5000)).encode()]


def forked(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Have work done by processes, and end them as everybody does."""
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=time.sleep, args=(60,))
    child.start()
    time.sleep(0.2)
    child.terminate()
    child.join(10)
    child.kill()
    start("200 OK", [])
    return [str(child.exitcode).encode()]


def silenced(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Do with `sys.stdout` what programs do that take the process for theirs."""
    if environ["QUERY_STRING"] == "close":
        sys.stdout.close()
    else:
        sys.stdout.detach()  # type: ignore[union-attr]
    raise RuntimeError("and then it raises")


def drips(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return _drops()


def _drops() -> Iterator[bytes]:
    yield b"0"
    time.sleep(PAUSE)
    yield b"1"


def writes(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    write = start("200 OK", [("Content-Length", "2")])
    write(b"0")
    time.sleep(PAUSE)
    write(b"1")
    return []


PATHS = {
    "/drips": drips, "/writes": writes,
    "/parts": parts, "/lasting": lasting, "/generator": generator, "/large": large,
    "/seen": seen, "/named": named, "/following": following, "/deep": deep, "/forked": forked,
    "/silenced": silenced,
}  # fmt: skip


def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    return PATHS[environ["PATH_INFO"]](environ, start)
