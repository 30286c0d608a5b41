"""What others lead to or keep from its end: redirects, containers beside, rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.refused import refusal
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import PLACE, good, pod, seen, template, thing
from tests.unit.tool.test_around_pods import unhealthy


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


@pytest.mark.parametrize(
    ("said", "of", "answer", "code"),
    [
        ("Liveness probe failed: {}9000/", "web", "200", "listens-locally"),
        ("Readiness probe failed: {}9000/", "proxy", "200", "listens-locally"),
        ("Readiness probe failed: {}9000/", "web", "301", "never-ready"),  # the control
    ],
)
def test_what_another_probe_got_is_no_redirect(said: str, of: str, answer: str, code: str) -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 5000}}
    words = '": dial tcp: connect: connection refused'
    own = unhealthy('Readiness probe failed: Get "http://10.0.0.1:5000/' + words)
    other = unhealthy(said.format('Get "http://10.0.0.1:') + words)
    other["involvedObject"]["fieldPath"] = f"spec.containers{{{of}}}"
    other["lastTimestamp"] = "2026-01-02T00:00:00Z"
    view = replace(seen([*items, own, other]), answers={"web-1-a": answer})
    (found,) = diagnose(view, PLACE)
    assert found.problem.code == code
    assert ("with a redirect" in found.problem.cause) == (code == "never-ready")


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


DENIED = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "
ALONE = "ValidatingAdmissionPolicy 'p' denied request: "


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (DENIED + "expression 'object.a\n== 1' resulted in error: no such key: a", "validating"),
        (DENIED + "failed to configure binding: no params found", "validating"),
        (ALONE + "failed to configure policy: no such kind", "validating"),
        ("policy 'p' with binding 'b' denied request: JSON Patch: missing path", "mutating"),
        ('admission webhook "p" denied the request: you failed to configure limits', ""),
        ('admission webhook "p" denied the request: a check resulted in error', ""),
        ("admission webhook \"p\" denied the request: policy 'a' with binding 'b' denied", ""),
        (DENIED + "you failed to configure limits", ""),
    ],
)
def test_a_rule_is_followed_unless_it_fails_itself(said: str, kind: str) -> None:
    found = refusal(said, "release web", PLACE)
    assert found is not None
    again = Kubectl("lab", "demo").failure(Result(("kubectl",), 1, "", f"error: {said}"))
    for told in (found.problem, again.problems[0]):
        assert told.code == "admission-refused"
        shows = f" get {kind}admissionpolicy p -o yaml; it fails itself"
        assert (shows if kind else "follow what the rule p says") in told.fix
