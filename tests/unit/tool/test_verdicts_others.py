"""What others lead to or keep from its end: redirects, containers beside, a probe's command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from morrow.tool.deliver import inside
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import PLACE, good, pod, seen, template, thing
from tests.unit.tool.test_around_pods import unhealthy
from tests.unit.tool.test_inside import probing


@pytest.mark.parametrize(
    ("url", "led"),
    [
        ("http://10.0.0.1:5000/", ""),
        ("http://[fd00::1]:5000/", ""),
        ("https://10.0.0.1/", "https://10.0.0.1/"),
        ("https://10.0.0.1:5000/", "https://10.0.0.1:5000/"),
        ("http://[fd00::1]/", "http://[fd00::1]/"),
    ],
)
def test_a_probe_that_is_led_elsewhere_is_not_refused_by_the_service(url: str, led: str) -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 5000}}
    refused = f'Readiness probe failed: Get "{url}": dial tcp: connect: connection refused'
    view = replace(seen([*items, unhealthy(refused)]), answers={"web-1-a": "301"})
    (found,) = diagnose(view, PLACE)
    assert found.problem.code == ("never-ready" if led else "listens-locally")
    assert (f"follows it to {led}:" in found.problem.cause) == bool(led)


@pytest.mark.parametrize(("code", "told"), [(0, True), (1, False), (None, False)])
def test_a_job_that_one_of_its_containers_keeps_from_its_end(code: int | None, told: bool) -> None:
    status = {"startTime": "2026-01-01T00:00:00Z", "active": 1}
    job = thing("Job", "web-migrate", spec={"template": template()}, status=status)
    ended = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
    beside = {"name": "proxy", "ready": True, "state": {"running": {}}, "restartCount": 0}
    own = pod("web-migrate-a", owner="Job-web-migrate")
    own["spec"]["restartPolicy"] = "Never"
    own["status"]["containerStatuses"] = [{"name": "web", "state": ended}, beside]
    found = [one.problem for one in diagnose(seen([*good(job), own]), PLACE)]
    (slow,) = [one for one in found if one.code == "job-slow"]
    assert ("web has ended well, and proxy runs on" in slow.cause) == told


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
    monkeypatch.setattr(inside, "PATIENCE", -1)
    found = list(inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo")))
    assert ran == [("exec", "web-1-a", "-c", "web", "--", "/alive", "a b")]
    assert [one.code for one in found] == ["liveness-failed"] * fails
    assert all("run, /alive 'a b' of its liveness probe fails" in one.cause for one in found)
    own["readinessProbe"] = own["livenessProbe"]
    assert list(inside.unanswered(seen(items), PLACE, Kubectl("lab", "demo"))) == []
    assert len(ran) == 1, "the node has run it"
