"""An answer in pieces: one request until its end, and in one where all of it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from morrow.kit.request.request import current
from tests.unit.kit.called import Client, Environ


def test_stream_is_one_request_until_its_end() -> None:
    seen: list[str | None] = []

    class Pieces:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            for piece in (b"a", b"b"):
                request = current.get()
                seen.append(request.id if request else None)
                yield piece

        def close(self) -> None:
            self.closed = True

    pieces = Pieces()

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return pieces

    client = Client(app)
    result = client.wrapped({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, client.start_response)
    assert current.get() is None
    assert len(client.observer.active) == 1
    assert list(result) == [b"a", b"b"]
    assert seen == [client.headers["x-request-id"]] * 2
    result.close()  # type: ignore[attr-defined]
    result.close()  # type: ignore[attr-defined]
    assert pieces.closed
    assert client.observer.active == {}
    assert client.series()[0].endswith(" 1")


def test_stream_that_raises_is_a_logged_500(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])

        def pieces() -> Iterator[bytes]:
            yield b"a"
            raise RuntimeError("in the middle")

        return pieces()

    client = Client(app)
    with pytest.raises(RuntimeError, match="in the middle"):
        client.call()
    assert "while its response was sent" in caplog.text
    assert '"500"' in client.series()[0]


def test_short_response_of_known_length_comes_in_one_piece() -> None:
    closed: list[bool] = []

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"ab"])

        def close(self) -> None:
            closed.append(True)

    def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", environ["HTTP_LENGTH"])])
        return Pieces() if environ["HTTP_LENGTH"] == "2" else iter([b"a", b"b"])

    client = Client(app)
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_LENGTH": "2"}
    assert client.wrapped(request, client.start_response) == [b"ab"]
    assert closed == [True]
    request["HTTP_LENGTH"] = "100000"
    assert not isinstance(client.wrapped(request, client.start_response), list)
    for nonsense in ("nonsense", "-1", ""):
        request["HTTP_LENGTH"] = nonsense
        answer = client.wrapped(request, client.start_response)
        assert answer == [b"Internal Server Error\n"]


@pytest.mark.parametrize(("streaming", "whole"), [(False, True), (True, False)])
def test_what_django_says_is_all_there_is_given_in_one(streaming: bool, whole: bool) -> None:
    class Response:
        def __init__(self) -> None:
            self.streaming = streaming

        def __iter__(self) -> Iterator[bytes]:
            return iter([b"pa", b"ge"])

    def app(environ: Environ, start_response: Callable[..., Any]) -> Any:
        start_response("200 OK", [("Content-Length", "4")])
        return Response()

    client = Client(app)
    result = client.wrapped({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, client.start_response)
    assert (type(result) is list) == whole
    assert b"".join(result) == b"page"
