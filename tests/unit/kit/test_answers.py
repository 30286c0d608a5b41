"""What applications may do by PEP 3333, and what clients may try, on the real server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from morrow import Service, Settings
from morrow.kit.health.checks import Checks
from morrow.kit.request.application_metrics import ApplicationMetrics
from morrow.kit.request.forwarded import Proxies
from morrow.kit.request.observer import Observer
from morrow.kit.request.routes import matched_route
from morrow.kit.serving.interface import interface_of
from morrow.kit.settings.problem import StartError
from tests.unit.kit.served import Served, ask, run, served, wait_for


def raw(one: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", one.port), 20) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


APPS = {
    "anything": (200, b"any"),
    "validated": (200, b"valid"),
    "generator": (201, b"made"),
    "AsClass": (202, b"class"),
    "writes": (203, b"written"),
    "broken_header": (500, b"Internal Server Error\n"),
    "never_starts": (500, b"Internal Server Error\n"),
}


@pytest.mark.parametrize("name", APPS)
def test_what_pep_3333_allows_is_served(name: str) -> None:
    status, body = APPS[name]
    with served(f"answer_apps:{name}") as one:
        answer = one.get("/")
        assert (answer.status, answer.body) == (status, body)
        if status != 500:
            assert answer.headers["x-of"] == name
        assert f'http_response_status_code="{status}"' in one.admin("/metrics").text
        assert one.stop() == 0


def test_headers_that_hide_others_are_dropped_and_ids_stand_once() -> None:
    with served("answer_apps:tells", MORROW_TRUSTED_PROXIES="127.0.0.0/8") as one:
        answer = raw(
            one,
            b"GET / HTTP/1.1\r\nHost: x\r\nX-User: right\r\nX_User: wrong\r\n"
            b"X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: 192.0.2.2\r\n"
            b"X-Forwarded-Host: shop.example.com\r\nX-Forwarded-Prefix: /shop\r\n"
            b"Connection: close\r\n\r\n",
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        assert body == b"right 192.0.2.1 shop.example.com /shop http"
        assert head.lower().count(b"x-request-id:") == 1
        alone = ask(one.port, "/", headers={"X-Forwarded-Proto": "https"})
        assert alone.text.endswith(" https")
        assert one.stop() == 0


def test_an_upload_over_the_limit_is_413_every_time() -> None:
    with served("sample:service") as one:
        for _ in range(10):
            pieces = (bytes(64 * 1024) for _ in range(320))
            assert one.get("/echo", method="POST", body=pieces).status == 413
        assert one.stop() == 0


def test_an_unknown_interface_is_refused_with_the_mend() -> None:
    told = run("answer_apps:one_argument")
    assert told.returncode == 78
    assert "factory=True" in told.stdout
    with served("answer_apps:build()") as one:
        assert one.get("/").text == "any"
        assert one.stop() == 0


async def coroutine(scope: Any, receive: Any, send: Any) -> None: ...


class Callables:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Asgi2:
    def __init__(self, scope: Any) -> None: ...


@pytest.mark.parametrize(
    ("app", "interface"),
    [
        (coroutine, "asgi"),
        (Callables(), "asgi"),
        (lambda scope, receive, send: None, "asgi"),
        (lambda environ, start_response: [], "wsgi"),
        (lambda *arguments: [], "wsgi"),
    ],
)
def test_applications_tell_their_interface(app: Callable[..., Any], interface: str) -> None:
    assert interface_of(app) == interface


@pytest.mark.parametrize("app", [Asgi2, lambda: None, lambda one: None, 3])
def test_what_tells_none_is_refused(app: Any) -> None:
    with pytest.raises(StartError) as refused:
        interface_of(app)
    assert refused.value.exit_code == 78


def test_a_factory_is_said_not_guessed() -> None:
    def app(environ: Any, start_response: Any, extra: Any = None) -> list[bytes]:
        return []

    def create_app() -> Any:
        return app

    assert Service(app).build(Settings()) is app
    assert Service(create_app).build(Settings()) is app
    assert Service(create_app, factory=False).build(Settings()) is create_app


@pytest.mark.parametrize("client", ["10.0.0.7", "::ffff:10.0.0.7"])
def test_an_address_of_ipv4_is_known_in_both_spellings(client: str) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "client": (client, "1"),
        "scheme": "http",
        "server": ("x", "1"),
    }
    scope["headers"] = [(b"x-forwarded-for", b"203.0.113.9, 192.0.2.1, 10.0.0.8")]
    Proxies(["10.0.0.0/8"]).apply(scope)
    # What stands left of the first unknown address may be invented.
    assert scope["client"][0] == "192.0.2.1"


@pytest.mark.parametrize(("kind", "said"), [("http", "https"), ("websocket", "wss")])
@pytest.mark.parametrize("told", [b"https", b"wss"])
def test_a_websocket_behind_a_proxy_has_its_own_scheme(kind: str, said: str, told: bytes) -> None:
    scope: dict[str, Any] = {"type": kind, "client": ("10.0.0.7", "1"), "scheme": "x"}
    scope["server"] = ("x", "80")
    scope["headers"] = [(b"x-forwarded-proto", told), (b"x-forwarded-port", b"4" * 5000)]
    Proxies(["10.0.0.0/8"]).apply(scope)
    assert (scope["scheme"], scope["server"]) == (said, ("x", "80")), "that is no port"


def test_a_check_that_has_not_passed_yet_is_not_up() -> None:
    service = Service(lambda environ, start_response: [])
    fails = True

    @service.check("database", every=60, critical=True)
    async def database() -> None:
        if fails:
            raise ConnectionError("nobody there")

    checks = Checks(service.checks)
    wait_for(lambda: "nobody there" in checks.states()[0].message, "the first look")
    assert not checks.states()[0].up
    fails = False
    wait_for(lambda: checks.states()[0].up, "the next look, soon")
    checks.stop()


def test_what_observes_changes_no_response_and_leaks_nothing() -> None:
    class Broken:
        def begin(self, *arguments: Any) -> Any:
            raise RuntimeError("a processor")

        leave = end = begin

    observer = Observer(tracing=Broken())  # type: ignore[arg-type]
    request = observer.begin("GET", "/", "", None)
    assert observer.enter(request, lambda name: None) is None
    observer.finish(request)
    assert observer.active == {}


def test_a_raising_collector_leaves_our_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    import prometheus_client

    def broken() -> bytes:
        raise RuntimeError("a collector")

    monkeypatch.setattr(prometheus_client, "generate_latest", broken)
    assert b"morrow_application_metrics_up 0" in ApplicationMetrics({}).collect()


def test_a_pool_that_raises_takes_nothing_else_away() -> None:
    import prometheus_client

    def connections() -> tuple[int, int]:
        raise RuntimeError("it is closed")

    pools = {"database": connections, "cache": lambda: (1, 4)}
    prometheus_client.Counter("pooled", "Of the application.")
    told = ApplicationMetrics(pools).collect()
    assert b"morrow_application_metrics_up 0\n" in told
    assert b'pool="database"' not in told
    for line in (b'morrow_pool_busy{pool="cache"} 1\n', b'morrow_pool{pool="cache"} 4\n'):
        assert line in told
    assert b"pooled_total 0.0\n" in told
    del pools["database"]
    assert b"morrow_application_metrics_up 1\n" in ApplicationMetrics(pools).collect()


def test_a_pool_has_one_name() -> None:
    service = Service(lambda environ, start_response: [])
    service.pool("database")(lambda: (0, 1))
    with pytest.raises(ValueError, match="'database' is declared twice"):
        service.pool("database")


def test_routes_of_frameworks() -> None:
    class Route:
        path_format, path, rule = "/items/{id}", "/items/{id:int}", "/items/<id>"

    assert matched_route({"route": Route()}) == "/items/{id}"
    assert matched_route({"bottle.route": Route()}) == "/items/<id>"


def test_a_slow_collector_keeps_no_probe_waiting(tmp_path: Path) -> None:
    with served("answer_apps:collects") as one:
        assert one.get("/").status == 200
        with socket.create_connection(("127.0.0.1", one.admin_port), 20) as scrape:
            scrape.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert one.admin("/livez").status == 200
            scrape.setblocking(False)
            with pytest.raises(BlockingIOError):
                scrape.recv(1)
            scrape.settimeout(20)
            assert b" 200 " in scrape.recv(64)
        assert one.stop() == 0
