"""What ready pods are asked that no probe asks: their liveness, the ports of their Services."""

from __future__ import annotations

import copy

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.base.web import Answer
from morrow.tool.deliver import explain, inside
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import REFUSED
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import LABELS, PLACE, clock, good, pod, seen, template, thing
from tests.unit.tool.test_around_pods import unhealthy


def probing(path: str, **more: str) -> list[Json]:
    items = good()
    own = items[2]["spec"]["containers"][0]
    own["ports"] = [{"name": "http", "containerPort": 5000}]
    own["readinessProbe"] = {"httpGet": {"path": "/", "port": "http"}}
    own["livenessProbe"] = {"httpGet": {"path": path, "port": "http", **more}}
    return items


def connecting(port: int) -> list[Json]:
    items = probing("/")
    items[2]["spec"]["containers"][0]["livenessProbe"] = {"tcpSocket": {"port": port}}
    return items


def addressed(items: list[Json]) -> list[Json]:
    given = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    items[2]["spec"]["containers"][0]["env"] = [given]
    return items


def service(target: int | str) -> Json:
    ports = [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": target}]
    return thing("Service", "web", spec={"selector": LABELS, "ports": ports})


@pytest.mark.parametrize(
    ("items", "target", "answer", "code"),
    [
        (probing("/live"), 5000, Answer(200), None),
        (probing("/live"), 5000, Answer(404), "liveness-failed"),
        (probing("/live"), 5000, Answer(0, reason=REFUSED), "liveness-failed"),
        (probing("/live"), 5000, Answer(0, reason="forbidden"), None),
        (addressed(probing("/live")), 5000, Answer(404), "liveness-failed"),
        (addressed(probing("/live")), 5000, Answer(0, reason=REFUSED), None),
        (addressed(probing("/")), 9000, Answer(0, reason=REFUSED), None),
        (probing("/live", scheme="HTTPS"), 5000, Answer(404), None),
        (probing("/"), 5000, Answer(404), None),
        (probing("/livez"), 5000, Answer(404), None),
        (connecting(9000), 5000, Answer(0, reason=REFUSED), "liveness-failed"),
        (connecting(9000), 5000, Answer(404), None),
        (probing("/"), "http", Answer(0, reason=REFUSED), None),
        (probing("/"), 9000, Answer(0, reason=REFUSED), "port-silent"),
        (probing("/"), 9000, Answer(404), None),
        (probing("/"), 9000, Answer(0, reason="it speaks another protocol"), None),
    ],
)
def test_what_no_probe_has_asked_yet(
    items: list[Json],
    target: int | str,
    answer: Answer,
    code: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts: list[str] = []

    def ask(_: Kubectl, __: str, ___: int, ____: str, host: str = "") -> Answer:
        hosts.append(host)
        return answer

    monkeypatch.setattr(inside, "ask", ask)
    items[2]["status"]["podIP"] = "192.0.2.7"
    clock(monkeypatch, inside)
    view = seen(items, Service=[service(target)])
    addressed = "env" in items[2]["spec"]["containers"][0]  # to the node it is open
    failed = [] if addressed else [unhealthy("Liveness probe failed: connection refused")]
    monkeypatch.setattr(inside, "look", lambda *_: seen([*items, *failed]))
    found = [one.code for one in inside.unanswered(view, PLACE, Kubectl("lab", "demo"))]
    assert found == ([code] if code else [])
    if code == "liveness-failed":
        port = items[2]["spec"]["containers"][0]["livenessProbe"].get("tcpSocket", {}).get("port")
        asked = f"192.0.2.7:{port or 5000}"
        assert set(hosts) == {asked}, "as the node asks: some answer to no other name"


def test_a_port_that_only_the_leader_has_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    items = probing("/")
    other = copy.deepcopy(items[2])
    other["metadata"] |= {"name": "web-1-b", "uid": "b"}
    items[2]["status"]["podIP"], other["status"]["podIP"] = "192.0.2.7", "192.0.2.8"
    leads, locally = {"web-1-b"}, {""}
    refused = "error trying to reach service: dial tcp {}:9000: connect: connection refused"

    def run(_: Kubectl, *words: str, **__: object) -> Result:
        name = words[2].split("/")[6].partition(":")[0]
        opened = name in leads - locally
        address = {"web-1-a": "192.0.2.7", "web-1-b": "192.0.2.8"}[name]
        return Result((), 0, "", "") if opened else Result((), 1, "", refused.format(address))

    monkeypatch.setattr(Kubectl, "run", run)

    def ask(_: Kubectl, target: str, *__: object) -> Answer:
        return Answer(200) if target.removeprefix("pod/") in leads else Answer(0, reason=REFUSED)

    monkeypatch.setattr(inside, "ask", ask)
    monkeypatch.setattr(inside, "PATIENCE", 1.5)
    view = seen([*items, other], Service=[service(9000)])
    assert list(inside.unanswered(view, PLACE, Kubectl("lab", "demo"))) == []
    locally.add("web-1-b")
    (found,) = inside.unanswered(view, PLACE, Kubectl("lab", "demo"))
    assert (found.code, found.object) == ("listens-locally", "Pod web-1-b"), "the control"
    refused = "upstream: connection refused"
    assert list(inside.unanswered(view, PLACE, Kubectl("lab", "demo"))) == [], "not its own words"
    leads.clear()
    (found,) = inside.unanswered(view, PLACE, Kubectl("lab", "demo"))
    assert (found.code, "web-1-a, web-1-b" in found.cause) == ("port-silent", True)


@pytest.mark.parametrize(
    ("more", "host"),
    [
        ({}, "192.0.2.7:5000"),
        ({"httpHeaders": [{"name": "Host", "value": "shop.example.com"}]}, "shop.example.com"),
        ({"scheme": "HTTPS"}, None),
    ],
)
def test_a_pod_is_asked_by_the_name_that_its_node_uses(
    more: Json, host: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, hosts = probing("/"), []
    items[2]["status"]["podIP"] = "192.0.2.7"
    items[2]["spec"]["containers"][0]["readinessProbe"]["httpGet"] |= more

    def ask(*words: object) -> Answer:
        hosts.append(words[-1])
        return Answer(503)

    monkeypatch.setattr(explain, "ask", ask)
    monkeypatch.setattr(explain, "last_log", lambda *_, **__: "")
    told = PLACE.problem("never-ready", "Pod web-1-a, container web", "it runs")
    explain.explain(told, seen(items), Kubectl("lab", "demo"), PLACE)
    assert hosts == ([host] if host else [])


@pytest.mark.parametrize(("started", "port"), [(False, 9), (True, 5000)])
def test_the_probe_is_asked_that_the_node_asks(
    started: bool, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, asked = probing("/"), []
    items[2]["spec"]["containers"][0]["startupProbe"] = {"httpGet": {"path": "/", "port": 9}}
    items[2]["status"]["containerStatuses"][0]["started"] = started

    def ask(*words: object) -> Answer:
        asked.append(words[2])
        return Answer(503)

    monkeypatch.setattr(explain, "ask", ask)
    monkeypatch.setattr(explain, "last_log", lambda *_, **__: "")
    told = PLACE.problem("never-ready", "Pod web-1-a, container web", "it runs")
    explain.explain(told, seen(items), Kubectl("lab", "demo"), PLACE)
    assert asked == [port]


def test_a_pod_that_was_ready_and_ended_before_all_was_asked() -> None:
    before, items = seen(good()), good()
    assert list(inside.fallen(before, before, PLACE)) == [], "the control"
    ended = {"reason": "Error", "exitCode": 3}
    items[2]["status"]["containerStatuses"][0] |= {
        "restartCount": 1,
        "lastState": {"terminated": ended},
    }
    (told,) = inside.fallen(before, seen(items), PLACE)
    assert (told.code, told.object) == ("crashed", "Pod web-1-a")
    assert "ended at once: Error (3)" in told.cause
    items[2]["metadata"]["uid"] = "another"
    assert list(inside.fallen(before, seen(items), PLACE)) == [], "it was not ready before"


def test_a_pod_that_nothing_keeps_and_that_failed_meanwhile() -> None:
    def lone(phase: str, restarts: int = 0) -> Json:
        odd = pod("odd", ready=phase == "Running")
        odd["metadata"]["ownerReferences"] = []
        odd["status"]["phase"] = phase
        code = {"exitCode": int(phase == "Failed"), "reason": "Error"}
        ended = {"state": {"terminated": code}} if phase != "Running" else {}
        odd["status"]["containerStatuses"][0] |= {"restartCount": restarts, **ended}
        return odd

    before = seen(good(lone("Running")))
    for now, told in (
        (lone("Failed"), ["Pod odd, container web"]),
        (lone("Succeeded"), []),
        (lone("Running", 1), []),  # it is started again, and may end well
    ):
        found = inside.fallen(before, seen(good(now)), PLACE)
        assert [one.object for one in found] == told


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ('violates PodSecurity "restricted:latest": x', "pod-security-refused"),
        ("no PriorityClass with name nosuch was found", "priority-class-missing"),
        ("exceeded quota: few, requested: pods=1", None),
        ('admission webhook "a.example.com" denied the request: no bare pods', None),
        ("ValidatingAdmissionPolicy 'owned' with binding 'owned' denied request: x", None),
        ('failed calling webhook "a.example.com": timeout', None),
        ('User "ann" cannot create resource "pods"', None),
        ("", None),
    ],
)
def test_the_pods_of_a_cron_are_asked_for_without_being_made(
    said: str, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Json, tuple[str, ...]]] = []

    def create(_: Kubectl, pod: Json, *more: str) -> Result:
        asked.append((pod["metadata"]["annotations"], more))
        return Result((), 1 if said else 0, "", said)

    monkeypatch.setattr(Kubectl, "create", create)
    pods = template()
    pods["metadata"]["annotations"] = {"example.com/owner": "shop"}
    job = {"spec": {"template": pods}}
    cron = thing("CronJob", "tick", spec={"schedule": "1 1 1 1 1", "jobTemplate": job})
    view = seen(good(), CronJob=[cron])
    found = list(inside.unmakeable(view, PLACE, Kubectl("lab", "demo")))
    assert [one.code for one in found] == ([code] if code else [])
    assert asked == [({"example.com/owner": "shop"}, ("--dry-run=server",))]
