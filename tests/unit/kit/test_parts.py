"""Parts of the kit in this process, where a service of its own would hide what runs."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import Mock

import pytest

from morrow import Service, Settings
from morrow.kit.health.admin import MOST_CONNECTIONS, AdminServer
from morrow.kit.health.checks import Checks
from morrow.kit.request.metrics import RequestDurations, process_lines
from morrow.kit.request.observer import Observer
from morrow.kit.request.wsgi import Middleware
from morrow.kit.serving import drain
from morrow.kit.serving.drain import shut_down
from morrow.kit.serving.running import Running
from morrow.kit.settings.own_settings import KitSettings
from tests.unit.kit.served import ask, wait_for

Start = Callable[..., Any]


def page(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    start_response(environ.get("HTTP_WANT", "200 OK"), [("Content-Length", "4")])
    return [b"page"]


def call(app: Callable[..., Any], path: str = "/", **more: str) -> bytes:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http"}
    return b"".join(app(environ | more, lambda status, headers, *rest: None))


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

    app = Middleware(Service(Handler()).build(Settings()), Observer())
    call(app, "/items/7")
    assert 'http_route="/items/<int:number>"' in app.observer.durations.exposition().decode()


def running(service: Service) -> Running:
    own = KitSettings.load({"MORROW_THREADS": "2"})
    one = Running(service, Settings(), own, page, main_pid=1)
    one.begin_checks()
    return one


def test_pages_of_the_admin_port() -> None:
    one = running(Service(page))
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
    def answer(path: str, _: bool) -> tuple[int, str, bytes]:
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


def test_who_connected_before_the_admin_server_stops_is_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        server = AdminServer(listener, lambda path, _: (200, "text/plain", b"here"))
        server.start()
        with socket.create_connection(address, timeout=5) as waiting:
            assert ask(address[1], "/livez").status == 200, "so the one before it is accepted too"
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            stopping.join(0.1)
            waiting.sendall(b"GET /info HTTP/1.1\r\n\r\n")
            assert waiting.recv(65536).endswith(b"here")
            stopping.join(5)
        with socket.create_connection(address, timeout=0.5) as later:
            later.sendall(b"GET /info HTTP/1.1\r\n\r\n")
            with pytest.raises(TimeoutError):  # the control: this one is the next server's
                later.recv(1)


def test_the_end_of_a_service_keeps_its_order(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    told = Mock()
    running, connections = told.running, told.connections
    running.own.morrow_drain, running.own.morrow_grace = 0, 5
    running.observer.active = {}
    running.service.stops = []
    connections.address = ("127.0.0.1", 1)
    connections.finished.is_set.side_effect = [False, True, True]
    told.server.stop.return_value = True
    monkeypatch.setattr(drain, "_leave", told.leave)
    code = shut_down(running, told.server, connections, told.admin, told.control, replaced=False)
    assert [name for name, *_ in told.mock_calls] == [
        "running.begin_drain",
        "control.send",
        "server.end_endless",
        "connections.stop_accepting",
        "connections.finished.is_set",
        "connections.finished.is_set",
        "connections.finished.is_set",
        "server.stop",
        "leave",
        "running.checks.stop",
        "running.observer.tracing.flush",
    ]
    assert [record.message for record in caplog.records] == ["draining", "stopped"]
    assert code == 0


def test_a_first_failure_is_an_increase() -> None:
    durations = RequestDurations()
    before = {labels["class"]: count for labels, count in durations.by_class()}
    assert before == {"1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0}
    for status in ("200", "204", "404", "500", "503", "503"):
        durations.observe("GET", "/", status, 0.1)
    after = {labels["class"]: count for labels, count in durations.by_class()}
    assert after == {"1xx": 0, "2xx": 2, "3xx": 0, "4xx": 1, "5xx": 3}


def test_a_duration_ends_with_the_answer_not_with_what_is_done_after_it() -> None:
    observer = Observer()
    for status, answered in (("200", 0.25), ("202", None)):
        request = observer.begin("GET", "/", "", None)
        request.status, request.began = status, time.monotonic() - 100
        if answered is not None:
            request.answered = request.began + answered
        observer.finish(request)
    sums = {
        line.rpartition('code="')[2][:3]: float(line.split()[-1])
        for line in observer.durations.exposition().decode().splitlines()
        if "_sum{" in line
    }
    assert sums["200"] == pytest.approx(0.25)
    assert sums["202"] >= 100, "the control: nobody said when it was answered"
