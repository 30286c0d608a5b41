"""The same contract on waitress and gunicorn, as far as they can; Flask, Django, bare WSGI."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from morrow.kit.request.asgi import AsgiMiddleware, Places
from morrow.kit.request.observer import Observer
from tests.ports import free_port
from tests.unit.kit.served import Served, environment, wait_for

WAITRESS = "import foreign_apps as f, waitress; waitress.serve(f.{app}, port={port}, threads=4)"


def waitress(app: str, port: int) -> list[str]:
    return [sys.executable, "-c", WAITRESS.format(app=app, port=port)]


def gunicorn(app: str, port: int) -> list[str]:
    options = f"--bind 127.0.0.1:{port} --worker-class gthread --threads 4 --workers 1"
    return [sys.executable, "-m", "gunicorn", *options.split(), f"foreign_apps:{app}"]


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def under(server: Callable[[str, int], list[str]], app: str, **env: str) -> Iterator[Served]:
    port = free_port()
    one = Served(server(app, port), environment(**env))
    try:
        line = one.told("serving under another server")[0]
        one.port, one.admin_port = port, line["admin_port"]
        wait_for(lambda: one.admin("/readyz").status == 200, "readiness")
        # Both servers need a moment between loading and listening.
        wait_for(lambda: listens(port), "the server")
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.mark.parametrize("server", [waitress, gunicorn])
@pytest.mark.parametrize("app", ["flask_app", "bare_app"])
def test_contract_under_another_server(server: Callable[[str, int], list[str]], app: str) -> None:
    with under(
        server, app, MORROW_DRAIN="500ms", MORROW_BODY_LIMIT="10B", TOKEN="secret-of-the-test"
    ) as one:
        answer = one.get("/", headers={"X-Request-ID": "given-1"})
        assert answer.headers["x-request-id"] == "given-1"
        refused = one.get("/", method="POST", body=bytes(100))
        assert (refused.status, refused.text) == (413, "the body is larger than 10 bytes\n")
        assert one.admin("/livez").status == 200
        assert "http_server_request_duration_seconds_count" in one.admin("/metrics").text
        assert "secret-of-the-test" not in one.admin("/info").text
        cannot = one.told("serving under another server")[0]["message"]
        assert "keep the listening socket" in cannot
        one.terminate()
        wait_for(lambda: one.admin("/readyz").status == 503, "the drain")
        assert one.get("/").status == 200
        assert one.wait() == 0
        assert one.messages("stopping")


def test_bad_settings_end_another_server_too() -> None:
    one = Served(waitress("flask_app", 0), environment(NUMBER="10", MORROW_THREADS="0"))
    assert one.wait() == 78
    (line,) = one.lines
    assert "2 bad settings: MORROW_THREADS is below 1; NUMBER is above 9" in line


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("raising_app", "service: the factory raised: RuntimeError: no database"),
        ("flask_app", "one worker process only, or set MORROW_ADMIN_PORT to another"),
    ],
)
def test_a_failed_start_is_one_line_there_too(app: str, sentence: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = str(holder.getsockname()[1])
        one = Served(waitress(app, 0), environment(MORROW_ADMIN_PORT=taken))
        assert one.wait() == 1
    (line,) = one.lines
    assert sentence in line


def test_django_routes_are_metrics() -> None:
    with under(waitress, "django_app") as one:
        assert one.get("/items/5").text == "item 5"
        wait_for(lambda: 'http_route="/items/<int:number>"' in one.admin("/metrics").text, "it")


@pytest.mark.parametrize("error", [asyncio.CancelledError, SystemExit, ValueError])
@pytest.mark.parametrize("foreign", [True, False])
def test_another_server_hears_what_it_is_told_to_end_by(
    error: type[BaseException], foreign: bool
) -> None:
    """It may have cancelled the request itself. In ours such an error is the request's alone."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        face = AsgiMiddleware(app, observer, Places(1), body_limit=10, foreign=foreign)
        await face(scope, receive, send)

    observer = Observer()
    heard = foreign and error is not ValueError
    with pytest.raises(error) if heard else nullcontext():
        asyncio.run(call())
    assert sent[0]["status"] == 500
    assert not observer.active
