"""How ready pods are asked what their liveness probe asks: as long as the node would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.web import Answer
from morrow.tool.deliver import inside, smoke
from morrow.tool.diagnose.containers import port_number
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import REFUSED
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import LABELS, PLACE, clock, good, seen, thing
from tests.unit.tool.test_around_pods import unhealthy
from tests.unit.tool.test_inside import connecting, probing


@pytest.mark.parametrize(("opens", "code"), [(50, None), (90, "liveness-failed")])
def test_what_the_node_gives_a_liveness_probe_until_it_answers(
    opens: int, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = probing("/live")
    probe = items[2]["spec"]["containers"][0]["livenessProbe"]
    probe |= {"initialDelaySeconds": 20, "periodSeconds": 5, "failureThreshold": 8}
    now = clock(monkeypatch, inside)
    monkeypatch.setattr(inside, "ask", lambda *_: Answer(200 if now[0] > opens else 503))
    found = [one.code for one in inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo"))]
    assert found == ([code] if code else [])


@pytest.mark.parametrize("then", [REFUSED, "error: it is starting anew"])
def test_a_node_that_starts_the_pod_anew_hides_no_answer(
    then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, ends = clock(monkeypatch, inside), Answer(0, reason=then)
    monkeypatch.setattr(inside, "ask", lambda *_: ends if now[0] > 25 else Answer(404))
    monkeypatch.setattr(inside, "look", lambda *_: seen(good()))
    view = seen(probing("/live"))
    (found,) = inside.unanswered(view, PLACE, Kubectl("lab", "demo"))
    assert "GET /live of its liveness probe answers 404" in found.cause


@pytest.mark.parametrize(
    ("said", "of", "code"),
    [
        ("Liveness probe failed: connection refused", "web", "liveness-failed"),
        ("Liveness probe failed: connection refused", "proxy", None),
        ("Readiness probe failed: connection refused", "web", None),
    ],
)
def test_a_port_that_is_open_to_the_node_alone(
    said: str, of: str, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, event = connecting(9000), unhealthy(said)
    event["involvedObject"]["fieldPath"] = f"spec.containers{{{of}}}"
    clock(monkeypatch, inside)
    monkeypatch.setattr(inside, "ask", lambda *_: Answer(0, reason=REFUSED))
    monkeypatch.setattr(inside, "look", lambda *_: seen([*items, event]))
    found = [one.code for one in inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo"))]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("code", "said", "fails"),
    [
        (0, "", False),
        (2, "command terminated with exit code 2", True),
        (1, 'error: OCI runtime exec failed: exec failed: "/nosuch": no such file', True),
        (1, 'Error: pods "web" is forbidden: User "ci" cannot create resource "pods/exec"', False),
        (1, "error: dial tcp: i/o timeout", False),
    ],
)
def test_a_command_of_a_liveness_probe_is_run(
    code: int, said: str, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = probing("/")
    own = items[2]["spec"]["containers"][0]
    own["livenessProbe"] = {"exec": {"command": ["/alive", "a b"]}}
    ran: list[tuple[str, ...]] = []

    def run(_: Kubectl, *words: str, **__: object) -> Result:
        ran.append(words)
        return Result((), code, "", said)

    monkeypatch.setattr(Kubectl, "run", run)
    now = clock(monkeypatch, inside)
    found = list(inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo")))
    assert set(ran) == {("exec", "web-1-a", "-c", "web", "--", "/alive", "a b")}
    assert (now[0] > 30) == fails, "as long as the node gives it"
    before = len(ran)
    assert [one.code for one in found] == ["liveness-failed"] * fails
    assert all("run, /alive 'a b' of its liveness probe fails" in one.cause for one in found)
    own["readinessProbe"] = own["livenessProbe"]
    assert list(inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo"))) == []
    assert len(ran) == before, "the node has run it"


def hangs(*only: str) -> object:
    """Return a stand-in for kubectl that gives no answer to these commands."""

    def run(kubectl: Kubectl, *words: str, **_: object) -> Result:
        if words[-1] in only:
            raise Failure(kubectl._unreachable("no answer to `kubectl exec` in 15 s"))
        return Result((), 0, "", "")

    return run


@pytest.mark.parametrize(
    ("silent", "gives", "told"),
    [
        (["/alive"], 3, True),
        (["/alive"], 20, False),  # the node waits longer than we
        (["/alive", "true"], 3, False),  # no way there
        ([], 3, False),
    ],
)
def test_a_command_of_a_liveness_probe_that_hangs(
    silent: list[str], gives: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = probing("/")
    probe = {"exec": {"command": ["/alive"]}, "timeoutSeconds": gives}
    items[2]["spec"]["containers"][0]["livenessProbe"] = probe
    monkeypatch.setattr(Kubectl, "run", hangs(*silent))
    clock(monkeypatch, inside)
    found = list(inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo")))
    assert [one.code for one in found] == ["liveness-failed"] * told
    assert all("it did not end in 15 s, and is given 3 s" in one.cause for one in found)


@pytest.mark.parametrize("what", ["exec", "get"])
def test_ctrl_c_while_a_pod_is_asked_ends_it(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items = probing("/")
    if what == "exec":
        probe = {"exec": {"command": ["/alive"]}}
        items[2]["spec"]["containers"][0]["livenessProbe"] = probe
    own = thing("Service", "web", spec={"selector": LABELS, "ports": [{"port": 9000}]})

    def run(_: Kubectl, *words: str, **__: object) -> Result:
        code = "interrupted" if words[0] == what else "program-silent"
        raise Failure(problem(code, "kubectl", "it was told to stop", command="kubectl"))

    monkeypatch.setattr(inside, "ask", lambda *_: Answer(200))
    monkeypatch.setattr(Kubectl, "run", run)
    clock(monkeypatch, inside)
    with pytest.raises(Failure, match="interrupted"):
        list(inside.unanswered(seen(items, Service=[own]), PLACE, Kubectl("lab", "demo")))


def test_a_fault_that_the_node_finds_meanwhile_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view, where = seen(good()), "Pod web-1-a, container web"
    asked = PLACE.problem("liveness-failed", where, "asked, it answers 404")
    other = PLACE.problem("liveness-failed", "Pod web-1-b, container web", "it failed")
    ended = PLACE.problem("liveness-failed", where, "the node restarted it")
    monkeypatch.setattr(smoke, "unserved", lambda *_: ([asked], view))
    monkeypatch.setattr(smoke, "unmakeable", lambda *_: [])
    monkeypatch.setattr(smoke, "look", lambda *_: view)
    monkeypatch.setattr(smoke, "fallen", lambda *_: [ended, other])
    site: Any = SimpleNamespace(place=PLACE, kubectl=Kubectl("lab", "demo"))
    site.environment = SimpleNamespace(value=lambda *_: False)
    with pytest.raises(Failure) as caught:
        smoke.smoke(site, view)
    assert caught.value.problems == (asked, other)


def test_a_probes_named_port_is_its_own_containers() -> None:
    web, proxy, other = (
        {"name": name, "ports": [{"name": called, "containerPort": port}]}
        for name, called, port in (("web", "http", 5000), ("proxy", "http", 9090), ("b", "x", 7))
    )
    pod = {"spec": {"containers": [web, proxy, other]}}
    assert [port_number("http", pod, one) for one in (web, proxy)] == [5000, 9090]
    assert port_number("x", pod, web) == 7, "any other name is the pod's"
    assert port_number("y", pod, web) == 0
