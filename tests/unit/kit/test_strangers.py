"""Applications that leave by SystemExit, stop their loop, silence logging, or cannot be served."""

from __future__ import annotations

import socket

import pytest

from morrow.kit.serving.interface import interface_of
from tests.unit.kit.served import run, served, wait_for
from tests.unit.kit.stranger_apps import GradioApp
from tests.unit.kit.test_edges import answered


@pytest.mark.parametrize(
    ("path", "status"), [("/task", 500), ("/callback", 200), ("/stop", 200), ("/", 200)]
)
def test_a_task_that_leaves_ends_no_process(path: str, status: int) -> None:
    with served("stranger_apps:asgi") as one:
        pid = one.worker_pid()
        assert one.get(path).status == status
        assert one.get("/").text == "1.1"
        assert one.worker_pid() == pid
        assert bool(one.messages("a task of the application raised")) is (path in LEAVE)
        assert one.stop() == 0


LEAVE = ("/task", "/callback")


def test_a_lifespan_that_leaves_is_a_failed_start() -> None:
    told = run("stranger_apps:leaves_at_start")
    assert told.returncode == 1
    assert "its lifespan raised SystemExit: no database" in told.stdout


def test_a_client_that_left_is_no_error_of_the_service() -> None:
    with served("stranger_apps:asgi") as one:
        with socket.create_connection(("127.0.0.1", one.port), 20) as client:
            client.sendall(b"GET /left HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_for(lambda: one.metric("http_server_active_requests"), "the request")
        wait_for(lambda: not one.metric("http_server_active_requests"), "its end")
        assert 'morrow_responses_total{class="4xx"} 1' in one.admin("/metrics").text
        assert 'morrow_responses_total{class="5xx"} 0' in one.admin("/metrics").text
        assert not [line for line in one.logged if line["level"] == "error"]
        assert one.stop() == 0


def test_a_broken_body_is_its_senders_error_though_nobody_asked_for_it() -> None:
    head = "POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served("stranger_apps:asgi") as one:
        assert answered(one, head + "3\r\nabcdef\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert answered(one, head + "3\r\nabc\r\n0\r\n\r\n").startswith(b"HTTP/1.1 500 ")
        assert one.stop() == 0


def test_what_fails_after_the_answer_is_told_and_changes_no_status() -> None:
    with served("stranger_apps:asgi") as one:
        assert one.get("/later").text == "1.1"
        wait_for(lambda: one.messages("the application raised", error="ValueError"), "the line")
        wait_for(lambda: one.messages("request", path="/later", status=200), "its status")
        assert one.stop() == 0


@pytest.mark.parametrize("app", ["asgi", "pieces"])
def test_http_1_0_is_told_that_a_stream_ends_with_its_connection(app: str) -> None:
    with served(f"stranger_apps:{app}") as one:
        keep = "GET /pieces HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
        head, _, body = answered(one, keep).partition(b"\r\n\r\n")
        assert body == b"1.0 and more"
        assert b"connection: close" in head.lower()
        kept = answered(one, keep.replace("1.0", "1.1").replace("keep-alive", "x"))
        assert b"connection: close" not in kept.lower(), "HTTP/1.1 has chunks for it"
        assert one.stop() == 0


def test_no_logging_of_the_application_silences_ours() -> None:
    with served("stranger_apps:silences") as one:
        assert one.get("/").status == 500
        assert one.told("the application raised")[0]["error"] == "ValueError"
        assert one.stop() == 0


@pytest.mark.parametrize(
    ("app", "mend"),
    [
        ("aiohttp", "is of aiohttp, a server of its own: run it as a program"),
        ("webpy", "write app.wsgifunc()"),
        ("patched()", "gevent has replaced Python's threads"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_mend(app: str, mend: str) -> None:
    told = run(f"stranger_apps:{app}")
    assert told.returncode == 78
    assert mend in told.stdout


def test_what_only_looks_like_them_is_served() -> None:
    assert interface_of(GradioApp()) == "asgi"
    with served("stranger_apps:debugged()") as one:
        assert one.get("/").text == "1.0 and more"
        assert one.stop() == 0
