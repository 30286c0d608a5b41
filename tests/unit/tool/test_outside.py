"""Where users come in: which doors of a route are tried."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.base.web import Answer
from morrow.tool.deliver import outside
from morrow.tool.deliver.outside import Door, doors
from tests.unit.tool.answering import Server, pair, serve
from tests.unit.tool.answering import good as answers
from tests.unit.tool.around import LABELS, PLACE, good, seen, thing

__all__ = ("pair", "serve")  # fixtures
LISTENS = outside.listens


def listener(name: str, port: int, protocol: str = "HTTP", hostname: str = "") -> Json:
    return {"name": name, "port": port, "protocol": protocol, "hostname": hostname}


PATTERN = {"path": {"type": "RegularExpression", "value": "/v[0-9]"}}


def tried(hosts: list[str], *listeners: Json, **parent: str) -> list[tuple[str, int, bool]]:
    gateway = thing("Gateway", "front", spec={"listeners": list(listeners)},
                    status={"addresses": [{"value": "192.0.2.1"}]})  # fmt: skip
    spec = {"hostnames": hosts, "parentRefs": [{"name": "front", **parent}], "rules": [{}]}
    route = thing("HTTPRoute", "web", spec=spec)
    view = seen(good(), HTTPRoute=[route], Gateway=[gateway])
    return [(door.host, door.port, door.tls) for door in doors(view, PLACE)]


@pytest.fixture(autouse=True)
def every_port_but_8443(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "listens", lambda _, port: port != 8443)


def test_each_host_is_asked_at_the_listener_that_takes_it() -> None:
    one, two = "a.example.com", "b.example.org"
    plain, secure = listener("web", 80), listener("safe", 8443, "HTTPS")
    assert tried([one], plain) == [(one, 80, False)]
    assert tried([one], plain, secure) == [(one, 443, True)], "the usual port, and TLS first"
    assert tried([one], plain, secure, sectionName="web") == [(one, 80, False)]
    org = listener("org", 81, hostname="*.example.org")
    assert tried([one, two], listener("com", 80, hostname=one), org) == [
        (one, 80, False),
        (two, 81, False),
    ]
    assert tried([one], org) == [], "no listener takes it: the route's conditions say so"
    assert tried(["*.example.com"], plain) == []


@pytest.mark.parametrize(
    ("matches", "path"),
    [
        ([{"headers": [{"name": "X-Canary", "value": "yes"}]}], None),
        ([{"queryParams": [{"name": "v", "value": "2"}]}], None),
        ([{"method": "POST"}], None),
        ([PATTERN], None),
        ([PATTERN, {"path": {"type": "Exact", "value": "/a"}, "method": "GET"}], "/a"),
        ([{"path": {"type": "PathPrefix", "value": "/b"}}], "/b"),
        ([], "/"),
    ],
)
def test_only_what_takes_a_plain_request_is_asked(matches: list[Json], path: str | None) -> None:
    gateway = thing("Gateway", "front", spec={"listeners": [listener("web", 80)]},
                    status={"addresses": [{"value": "192.0.2.1"}]})  # fmt: skip
    spec = {"hostnames": ["a.example.com"], "parentRefs": [{"name": "front"}]}
    route = thing("HTTPRoute", "web", spec={**spec, "rules": [{"matches": matches}]})
    found = doors(seen(good(), HTTPRoute=[route], Gateway=[gateway]), PLACE)
    assert [door.path for door in found] == ([path] if path else [])


def test_an_ingress_has_a_door_for_each_host() -> None:
    rules = [{"host": f"{name}.example.com"} for name in "ab"]
    made = thing("Ingress", "web", metadata={"labels": LABELS}, spec={"rules": rules})
    assert doors(seen(good(), Ingress=[made]), PLACE) == []
    made["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    found = doors(seen(good(), Ingress=[made]), PLACE)
    assert found == [Door(f"{name}.example.com", "192.0.2.1", 80, False, "/") for name in "ab"]


def test_a_certificate_is_for_the_host_whoever_signed_it(
    serve: Callable[..., Server], pair: tuple[Path, Path]
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair[1], pair[0])
    door = Door("shop.example.com", "127.0.0.1", serve(answers, context).port, True, "/")
    assert outside._certificate_wrong(door) == ""
    assert "other.example.com" in outside._certificate_wrong(
        replace(door, host="other.example.com")
    )
    assert outside._certificate_wrong(replace(door, tls=False, port=1)) == "", "none is shown"


@pytest.mark.parametrize(
    ("head", "good"),
    [
        ("200 OK", True),
        ("401 Unauthorized", True),
        ("403 Forbidden", False),
        ("301 Moved\r\nLocation: https://shop.example.com/", True),
        ("301 Moved\r\nLocation: http://shop.example.com/", False),
        ("302 Found\r\nLocation: http://shop.example.com/\r\nSet-Cookie: seen=1", True),
    ],
)
def test_an_answer_that_brings_nobody_on_is_no_good_one(
    serve: Callable[..., Server], head: str, good: bool
) -> None:
    def answer(connection: socket.socket, _: int) -> bool:
        connection.sendall(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode())
        return False

    door = Door("shop.example.com", "127.0.0.1", serve(answer).port, False, "/")
    assert outside._good(outside._ask(door)) is good


@pytest.mark.parametrize("policies", [["deny"], []])
@pytest.mark.parametrize(
    ("answer", "said", "blamed"),
    [
        (Answer(0, reason="The read timed out"), "none within 5 s", True),
        (Answer(503), "503", True),  # Envoy's, which gives a pod 2 s
        (Answer(404), "404", False),
    ],
)
def test_a_gateway_that_reaches_no_pod_names_the_policies_that_hold_them(
    policies: list[str], answer: Answer, said: str, blamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door("shop.example.com", "192.0.2.1", 443, True, "/")
    monkeypatch.setattr(outside, "doors", lambda *_: [door])
    monkeypatch.setattr(outside, "PATIENCE", -1)
    monkeypatch.setattr(outside, "get", lambda *_, **__: answer)
    known = [thing("NetworkPolicy", one, spec={"podSelector": {}}) for one in policies]
    view = seen(good(), NetworkPolicy=known)
    (found,) = outside.refused_outside(view, PLACE, lambda _: 200)
    assert found.code == "outside-unserved"
    assert f"the answer is {said}; the service itself answers 200" in found.cause
    assert ("NetworkPolicy deny decides" in found.cause) is (blamed and bool(policies))


@pytest.mark.parametrize(
    ("location", "port", "named", "nobody"),
    [
        ("https://shop.example.com:8443/", 443, [], True),
        ("https://shop.example.com/", 80, [], False),  # somebody listens
        ("https://shop.example.com:8443/", 443, ["192.0.2.9"], False),  # what stands before it
        ("https://login.example.com:8443/", 443, [], False),  # another host's affair
        ("//shop.example.com:8443/", 443, [], True),
        ("https://shop.example.com:port/", 443, [], False),  # it is none
        ("http://[x/", 443, [], False),
        ("/login", 443, [], False),
        ("https://shop.example.com:8443/", 30080, [], False),  # no door of users'
    ],
)
def test_a_redirect_that_leads_where_nobody_listens(
    location: str, port: int, named: list[str], nobody: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door("shop.example.com", "192.0.2.1", port, tls=port == 443, path="/")
    listens = {"192.0.2.9"} if named else set()
    monkeypatch.setattr(outside, "listens", lambda at, to: to != 8443 or at in listens)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(0, 0, 0, "", (one,)) for one in named])
    monkeypatch.setattr(outside, "get", lambda *_, **__: Answer(302, location=location))
    answer = outside._ask(door)
    assert ("nobody listens" in str(answer)) == nobody
    assert nobody or answer == 302


@pytest.mark.parametrize("names", [[], ["192.0.2.9"]])
def test_what_stands_before_a_name_that_is_not_known_may_listen(
    names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door("shop.example.com", "192.0.2.1", 80, False, "/")

    def getaddrinfo(*_: object) -> list[object]:
        if not names:
            raise socket.gaierror("Name or service not known")
        return [(0, 0, 0, "", (one,)) for one in names]

    monkeypatch.setattr(outside, "listens", lambda *_: False)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    to = Answer(301, location="https://shop.example.com/")
    monkeypatch.setattr(outside, "get", lambda *_, **__: to)
    assert ("nobody listens" in str(outside._ask(door))) == bool(names)
    to = Answer(301, location="https://shop.example.com:9443/")
    assert "nobody listens" in str(outside._ask(door)), "no port of a CDN's"
    to = Answer(201, location="https://shop.example.com:9443/")
    assert outside._ask(door) == 201, "it leads nobody"


def test_a_port_that_opens_a_little_later_is_asked_anew() -> None:
    with socket.create_server(("127.0.0.1", 0)) as later:
        port = later.getsockname()[1]
    assert not LISTENS("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        assert LISTENS("127.0.0.1", port)
