"""What is held, what is missing and what leads elsewhere: beside each fault the control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver.look import _judged
from morrow.tool.diagnose.diagnose import diagnose, diagnose_once
from morrow.tool.diagnose.references import references
from morrow.tool.diagnose.view import DECLARED, View
from morrow.tool.targets.kubernetes.status import _state
from tests.unit.tool.around import (
    LABELS,
    PLACE,
    bent,
    codes,
    condition,
    good,
    only,
    pod,
    seen,
    template,
    thing,
)
from tests.unit.tool.test_verdicts_beside import ENDS, service
from tests.unit.tool.test_verdicts_pods import event, refused, unplaced, waiting

Change = Callable[[Json], Any]
ENDED: Json = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
OWN: Json = {**ENDED, "finalizers": ["foregroundDeletion", "batch.kubernetes.io/job-tracking"]}


def unmade(message: str, **status: int) -> View:
    items = good()
    told = condition("Progressing", "False", "ReplicaSetCreateError", message)
    items[0]["status"] |= {"conditions": [told], **status}
    return seen(items)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('replicasets.apps "web-2" is forbidden: exceeded quota: few, requested', "quota-exceeded"),
        ("ValidatingAdmissionPolicy 'calm' with binding denied request", "admission-refused"),
        ("something else", "pod-refused"),
    ],
)
def test_a_replicaset_that_cannot_be_made(message: str, expected: str) -> None:
    found = only(unmade(message))
    assert (found.problem.code, found.problem.object) == (expected, "Deployment web")
    assert found.hold >= 5, "it may be of the template before"
    # Its controller counts a generation as seen only when it has made the ReplicaSet.
    assert codes(unmade(message, observedGeneration=0)) == [expected]


def recreated(kind: str, **meta: Any) -> list[str]:
    items = good()
    items[0]["spec"]["strategy"] = {"type": kind}
    items[2] = bent(pod("web-1-b"), lambda one: one["metadata"].update(meta))
    return codes(seen([*items, pod()]))


def test_a_pod_whose_end_is_awaited() -> None:
    assert recreated("Recreate", **ENDS) == ["object-ending"]
    assert recreated("RollingUpdate", **ENDS) == [], "there nobody waits for it"
    assert recreated("Recreate", **ENDED) == [], "it ends by itself"
    assert recreated("Recreate", **{**ENDS, "deletionTimestamp": "2999-01-01T00:00:00Z"}) == []


def job(meta: Json) -> list[str]:
    spec = {"template": template()}
    status = {"startTime": "2026-01-01T00:00:00Z"}
    return codes(seen(good(thing("Job", "web-migrate", metadata=meta, spec=spec, status=status))))


def test_a_job_that_is_held_keeps_helm_from_making_its_successor() -> None:
    assert job(ENDS) == ["object-ending"]
    assert job(OWN) == []
    assert job({**ENDS, "labels": {}}) == [], "a neighbour's"


def declared(live_bent: Change, *items: Json) -> View:
    live = [bent(one, live_bent) for one in items]
    return replace(seen(good(), **{DECLARED: live}), declared=items)


CRON = thing("CronJob", "web-tick", spec={"schedule": "0 1 * * *", "suspend": False})
ROUTE = thing("HTTPRoute", "web", spec={"hostnames": ["a.example.com"]})
FLAGS = thing("ConfigMap", "web-flags", data={"flag": "on"})


@pytest.mark.parametrize(
    ("item", "change", "expected"),
    [
        (CRON, lambda one: one["spec"].update(suspend=True), ["release-overwritten"]),
        (CRON, lambda one: one["spec"].pop("suspend"), []),
        (CRON, lambda one: one["spec"].update(timeZone="Etc/UTC"), []),
        (service(), lambda one: one["spec"].update(ports=[{"port": 80, "targetPort": 9}]),
         ["release-overwritten"]),
        (service(), lambda one: one["spec"]["ports"][0].update(nodePort=30000), []),
        (service(), lambda one: one["spec"]["selector"].update(tier="x"), []),
        (ROUTE, lambda one: one["spec"].update(hostnames=["b.example.com"]),
         ["release-overwritten"]),
        (ROUTE, lambda one: one["spec"].update(rules=[]), []),
        (FLAGS, lambda one: one["data"].update(flag="off"), ["release-overwritten"]),
        (FLAGS, lambda one: one["data"].update(more="x"), []),
    ],
)  # fmt: skip
def test_what_leads_to_the_pods_is_as_it_was_applied(
    item: Json, change: Change, expected: list[str]
) -> None:
    assert [one.problem.code for one in diagnose(declared(change, item), PLACE)] == expected


def needing(**more: Any) -> Json:
    own = template()
    own["spec"] |= more
    return thing("Deployment", "web", "d", spec={"replicas": 1, "template": own})


def variable(kind: str, **more: object) -> Json:
    source = {f"{kind}KeyRef": {"name": "theirs", "key": "A", **more}}
    one = {"name": "web", "image": "shop:1", "env": [{"name": "A", "valueFrom": source}]}
    return needing(containers=[one])


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (needing(), []),
        (needing(volumes=[{"secret": {"secretName": "theirs"}}]), ["secret-missing"]),
        (needing(volumes=[{"secret": {"secretName": "theirs", "optional": True}}]), []),
        (needing(volumes=[{"projected": {"sources": [{"configMap": {"name": "theirs"}}]}}]),
         ["configmap-missing"]),
        (needing(serviceAccountName="theirs"), ["service-account-missing"]),
        (variable("secret"), ["secret-missing"]),
        (variable("configMap"), ["configmap-missing"]),
        (variable("secret", optional=True), []),
        (thing("CronJob", "web-tick", spec={"jobTemplate": variable("secret")}),
         ["secret-missing"]),
    ],
)  # fmt: skip
def test_what_pods_need_when_they_start_anew(owner: Json, expected: list[str]) -> None:
    needed = references([owner])
    view = replace(seen(good(), **{DECLARED: [owner]}), declared=(owner, *needed))
    assert [one.problem.code for one in diagnose(view, PLACE)] == expected
    # the control: it is there
    there = tuple(
        {"data": {"A": ""}, **{key: one[key] for key in ("kind", "metadata")}} for one in needed
    )
    view = replace(view, around={DECLARED: (owner, *there)})
    assert codes(view) == []


def test_what_the_release_makes_itself_is_no_reference() -> None:
    own = thing("Secret", "theirs")
    assert references([variable("secret"), own]) == []
    assert [one["metadata"]["name"] for one in references([variable("secret")])] == ["theirs"]


SECRETS = 'Error from server (Forbidden): secrets "x" is forbidden: cannot get resource "secrets"'


@pytest.mark.parametrize(
    ("said", "judged"),
    [
        (SECRETS, ["Deployment", "Service"]),
        (f'{SECRETS}\nerror: no matches for kind "Widget"', ["Deployment"]),
        ("error: the server is away", ["Deployment"]),
    ],
)
def test_who_may_not_see_secrets_sees_all_else(said: str, judged: list[str]) -> None:
    own = [variable("secret"), thing("Service", "web"), thing("Secret", "x")]
    assert [one["kind"] for one in _judged(own, own[:1], said)] == judged


def slices(name: str, pod_name: str) -> Json:
    endpoint = {"targetRef": {"kind": "Pod", "name": pod_name}, "conditions": {"ready": True}}
    meta = {"labels": {"kubernetes.io/service-name": name}}
    return thing("EndpointSlice", name, metadata=meta, ports=[{"port": 1}], endpoints=[endpoint])


def test_a_service_for_somebody_elses_pods_is_meant_so() -> None:
    theirs = thing("Service", "web-db", spec={"selector": {"app": "db"}})
    led = slices("web-db", "db-0")
    assert codes(seen(good(), Service=[theirs], EndpointSlice=[led])) == []
    both = thing("Service", "web-db", spec={"selector": LABELS})
    assert codes(seen(good(), Service=[both], EndpointSlice=[led])) == ["service-shared"]
    assert codes(seen(good(), Service=[theirs], EndpointSlice=[])) == ["service-leads-nowhere"]


def rests(replicas: int | None) -> View:
    spec = {"replicas": 0, "template": template()}
    worker = thing("Deployment", "web-tick", "w", spec=spec, status={"observedGeneration": 1})
    sheet = thing("ReplicaSet", "web-tick-1", "w1", spec={"template": template()}, status={})
    sheet["metadata"]["ownerReferences"] = [{"uid": "w"}]
    applied = bent(worker, lambda one: one["spec"].update(replicas=replicas))
    return replace(seen(good(worker, sheet)), declared=(applied,))


@pytest.mark.parametrize(
    ("replicas", "expected"), [(0, "serving"), (None, "serving"), (2, "degraded")]
)
def test_a_worker_that_is_to_rest_does(replicas: int | None, expected: str) -> None:
    assert _state(rests(replicas), [], PLACE) == expected


def test_a_claim_for_which_no_volume_is_there() -> None:
    items = good()
    unplaced("0/3 nodes are available: 3 didn't find available persistent volumes to bind.")(items)
    assert codes(seen(items)) == ["volume-unbound"]
    for said in ("had volume node affinity", "didn't match PersistentVolume's node affinity"):
        unplaced(f"0/3 nodes are available: 3 node(s) {said}.")(items)
        assert "get pv -o wide" in only(seen(items)).problem.fix


def test_a_default_limit_below_what_is_asked_for() -> None:
    items = good()
    said = 'spec.containers[0].resources.requests: Invalid value: "64Mi"'
    refused(f"{said}: must be less than or equal to memory limit of 16Mi")(items)
    assert (only(seen(items)).problem.code, only(seen(items)).hold) == ("limit-range-refused", 0)


@pytest.mark.parametrize(
    ("reason", "message", "hold"),
    [
        ("FailedMount", "hostPath type check failed: /x is not a directory", 12),
        ("FailedMount", "driver name x not found in the list of registered CSI drivers", 25),
        ("FailedAttachVolume", "Multi-Attach error for volume", 60),
    ],
)
def test_how_long_a_volume_may_take(reason: str, message: str, hold: float) -> None:
    items = good()
    waiting("ContainerCreating")(items)
    items.append(event("Pod-web-1-a", reason, message))
    assert (only(seen(items)).problem.code, only(seen(items)).hold) == ("volume-not-mounted", hold)


def test_a_job_that_does_not_end_explains_a_wait_and_is_no_fault_of_a_look() -> None:
    status = {"startTime": "2026-01-01T00:00:00Z", "active": 1}
    running = thing("Job", "web-migrate", spec={"template": template()}, status=status)
    found = only(seen(good(running)))
    assert (found.problem.code, found.problem.object) == ("job-slow", "Job web-migrate")
    assert diagnose_once(seen(good(running)), PLACE) == []
