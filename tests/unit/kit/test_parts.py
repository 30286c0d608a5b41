"""Parts of the kit in this process, where a service of its own would hide what runs."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from morrow import Service, Settings
from morrow.kit.health.admin import MOST_CONNECTIONS, AdminServer
from morrow.kit.health.checks import Checks
from morrow.kit.request.metrics import process_lines
from morrow.kit.request.middleware import Middleware
from morrow.kit.serving import stalled
from morrow.kit.serving.running import Running
from morrow.kit.serving.worker import shut_down
from morrow.kit.settings.own_settings import KitSettings
from tests.unit.kit.served import ask, wait_for

Start = Callable[..., Any]


def page(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    start_response(environ.get("HTTP_WANT", "200 OK"), [("Content-Length", "4")])
    return [b"page"]


def call(app: Callable[..., Any], path: str = "/", **more: str) -> bytes:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http"}
    return b"".join(app(environ | more, lambda status, headers, *rest: None))


def test_only_the_connection_that_owes_its_body_is_cut(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reading = [(time.monotonic(), "127.0.0.1")]
    busy = True
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as owing,
        socket.create_connection(listener.getsockname()) as answered,
    ):
        owed, _ = listener.accept()
        done, _ = listener.accept()
        owing.sendall(b"half")
        assert owed.recv(10) == b"half"
        time.sleep(0.3)
        answered.sendall(b"whole")
        assert done.recv(10) == b"whole"
        done.sendall(b"answer")
        cutter = stalled.Cutter(lambda: list(reading), lambda client: int(busy), stall=0.2)
        cutter.start()
        time.sleep(1.2)
        # One request of this client is at work: nothing is cut yet.
        assert not caplog.records
        busy = False
        owed.settimeout(20)
        assert owed.recv(10) == b""
        assert "no more of its request came" in caplog.text
        reading.clear()
        answered.sendall(b"again")
        assert done.recv(10) == b"again"
        owed.close()
        done.close()


def test_looking_for_stalled_connections_leaves_no_descriptor_open(tmp_path: Path) -> None:
    with (tmp_path / "no socket").open("w"), socket.create_server(("127.0.0.1", 0)):
        before = len(list(Path("/proc/self/fd").iterdir()))
        assert not list(stalled.stalled("192.0.2.1", 0.0))
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_django_route_is_noted() -> None:
    class Match:
        route = "items/<int:number>"

    class Handler:
        def resolve_request(self, request: Any) -> Match:
            return Match()

        def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
            request = type("Request", (), {"environ": environ})()
            assert isinstance(self.resolve_request(request), Match)
            return page(environ, start_response)

    app = Middleware(Service(Handler()).build(Settings()), threads=1)
    call(app, "/items/7")
    assert 'http_route="/items/<int:number>"' in app.durations.exposition().decode()


def running(service: Service) -> Running:
    own = KitSettings.load({"MORROW_THREADS": "2"})
    return Running(service, Settings(), own, page, main_pid=1)


def test_pages_of_the_admin_port() -> None:
    one = running(Service(page))
    call(one.application)
    assert one.answer("/startupz")[0] == 503
    assert one.readiness()[1]["causes"] == ["starting"]
    one.started = True
    statuses = {path: one.answer(path)[0] for path in ("/startupz", "/readyz", "/livez", "/info")}
    assert set(statuses.values()) == {200}
    assert one.answer("/nothing")[0] == 404
    import prometheus_client

    counter = prometheus_client.Counter("of_the_application", "Counted by itself.")
    counter.inc()
    text = one.answer("/metrics")[2].decode()
    assert "of_the_application_total 1.0" in text
    # Its own client tells about the process already: no name comes twice.
    assert text.count("# TYPE process_resident_memory_bytes") == 1
    assert any(line.startswith("process_open_fds ") for line in process_lines())
    one.begin_drain()
    assert one.readiness()[1]["causes"] == ["draining"]
    one.begin_drain(replaced=True)
    assert one.answer("/readyz")[0] == 200


def test_a_probe_calls_no_check() -> None:
    service, calls = Service(page), list[str]()
    service.check("counted", every=60, critical=True)(lambda: calls.append("called"))
    one = running(service)
    wait_for(lambda: calls, "the check's own call")
    for path in ("/readyz", "/metrics") * 20:
        one.answer(path)
    assert one.readiness()[1]["checks"]["counted"]["up"]
    assert calls == ["called"]


def test_a_check_that_hangs_is_a_failed_one_and_a_slow_one_too() -> None:
    service = Service(page)
    service.check("hangs", every=0.05, timeout=0.05, failures=2)(lambda: time.sleep(60))
    service.check("slow", every=0.01, timeout=0.01, failures=1)(lambda: time.sleep(0.05))
    checks = Checks(service.checks)

    def messages() -> dict[str, str]:
        return {state.name: state.message for state in checks.states() if not state.up}

    wait_for(lambda: len(messages()) == 2, "both down")
    wait_for(lambda: "took longer" in messages().get("slow", ""), "the slow one's end")
    assert messages()["hangs"] == "hangs for longer than 0.05 s"
    checks.stop()


def test_the_admin_server_makes_room_and_survives_an_answer_that_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/raise":
            raise RuntimeError("on purpose")
        return 200, "text/plain", b"ok"

    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]
        server = AdminServer(listener, answer)
        server.start()
        half = [socket.create_connection(("127.0.0.1", port)) for _ in range(MOST_CONNECTIONS * 2)]
        for one in half:
            one.sendall(b"GET / HT")
        assert ask(port, "/livez").status == 200
        for one in half:
            one.close()
        assert ask(port, "/raise").status == 500
        assert "could not answer /raise" in caplog.text
        assert ask(port, "/livez").status == 200
        server.stop()


def test_the_end_of_a_service_keeps_its_order(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = Mock()
    running, server = told.running, told.server
    running.own.morrow_drain, running.own.morrow_grace = 0, 5
    running.middleware.active = {}
    server.finished.is_set.side_effect = [False, True]
    code = shut_down(running, server, told.admin, told.control, replaced=False)
    assert [name for name, *_ in told.mock_calls] == [
        "running.begin_drain",
        "control.send",
        "server.stop_accepting",
        "server.finished.is_set",
        "server.finished.is_set",
        "running.checks.stop",
        "running.tracing.flush",
    ]
    assert [record.message for record in caplog.records] == ["draining", "stopped"]
    assert code == 0
