"""What a WSGI application does beside its answer is done, and harms nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.unit.kit.late_apps import PAUSE
from tests.unit.kit.served import Served, served, wait_for


@pytest.fixture(scope="module")
def late() -> Iterator[Served]:
    with served("late_apps:app") as one:
        yield one
        assert one.stop() == 0


def test_the_end_of_an_answer_is_reached_and_keeps_no_client_waiting(late: Served) -> None:
    assert late.get("/parts").text == "page"
    assert late.get("/generator").text == "page"
    assert len(late.get("/large").body) == 100_000
    assert late.get("/lasting").text == "page", "before its end, which waits for us"
    done = ["closed", "after the last piece", "after the large piece", "released"]
    wait_for(lambda: sorted(late.get("/seen").text.split(", ")) == sorted(done), "all ends")


@pytest.mark.parametrize("path", ["/drips", "/writes"])
def test_a_piece_does_not_wait_for_the_next(late: Served, path: str) -> None:
    came: dict[bytes, float] = {}
    with socket.create_connection(("127.0.0.1", late.port), 20) as client:
        client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        while b"1" not in came and (piece := client.recv(65536)):
            came[piece[-1:]] = time.monotonic()
    assert came[b"1"] - came[b"0"] > PAUSE / 2


@pytest.mark.parametrize("name", ["X(Bad", "", "X:Y"])
def test_what_is_no_name_of_a_header_is_a_500(late: Served, name: str) -> None:
    assert late.get(f"/named?{name}").status == 500
    assert late.get("/named?X-Good").headers["x-good"] == "1"


def test_the_body_of_a_request_without_one_can_be_read_in_every_way(late: Served) -> None:
    assert late.get("/following").text == "nothing"
    assert late.get("/following", method="POST", body=b"a\nb").text == "a\n"


def test_a_request_may_recurse_as_deep_as_under_other_servers(late: Served) -> None:
    worker = late.worker_pid()
    assert late.get("/deep").text == "5000"
    assert late.worker_pid() == worker


def test_processes_that_the_application_forks_hear_sigterm(late: Served) -> None:
    assert late.get("/forked").text == "-15"


@pytest.mark.parametrize("how", ["close", "detach"])
def test_what_happens_to_stdout_takes_no_line_of_ours_away(how: str) -> None:
    with served("late_apps:app") as one:
        assert one.get(f"/silenced?{how}").status == 500
        assert one.told("the application raised")
        assert one.stop() == 0
        assert one.messages("stopped")
