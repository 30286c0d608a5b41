"""The promises of one workload's pods: Deployment, StatefulSet, and none at all."""

from __future__ import annotations

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.view import View
from morrow.tool.targets.kubernetes.promises import judged_line, workload_lines
from tests.unit.tool.around import PLACE, bent, good, owned_by, pod, seen, template, thing


def broken(view: View, which: int = 0) -> list[str]:
    return [line.promise for line in workload_lines(view.workloads[which], view) if not line.ok]


def running(one: Json, digest: str = "sha256:1") -> Json:
    def change(pod: Json) -> None:
        pod["status"]["containerStatuses"][0]["imageID"] = f"shop@{digest}"

    return bent(one, change)


def stateful(*pods: Json, revision: str = "web-2", replicas: int = 1) -> View:
    status = {"observedGeneration": 1, "updateRevision": revision, "availableReplicas": 1}
    spec = {"replicas": replicas, "template": template()}
    return seen([thing("StatefulSet", "web", "s", spec=spec, status=status), *pods])


def of_revision(revision: str, name: str = "web-0") -> Json:
    one = running(pod(name, owner="s"))
    one["metadata"]["labels"] = {**one["metadata"]["labels"], "controller-revision-hash": revision}
    return one


def test_a_deployment_in_order_breaks_no_promise() -> None:
    deployment, replicaset, one = good()
    view = seen([deployment, replicaset, running(one)])
    assert len(workload_lines(view.workloads[0], view)) == 5
    assert broken(view) == []


def test_pods_of_a_template_that_was_left_behind() -> None:
    """A paused Deployment: its pods are alike, and run what was before."""
    deployment, replicaset, one = good()
    paused = bent(deployment, lambda d: d["spec"].update(paused=True, template=template("shop:2")))
    view = seen([paused, replicaset, running(one)])
    assert "every pod comes from one template" in broken(view)
    assert not judged_line(bent_status(view), PLACE).ok


def bent_status(view: View) -> View:
    """Let the controller say what it says of a paused one."""
    status = {**view.workloads[0]["status"], "updatedReplicas": 0}
    return seen([{**view.workloads[0], "status": status}, *view.replicasets, *view.pods])


def test_two_images_are_two() -> None:
    deployment, replicaset, one = good()
    two = [running(one), running(pod("web-1-b"), "sha256:2")]
    view = seen([deployment, replicaset, *two])
    assert "every pod runs the same image" in broken(view)


@pytest.mark.parametrize(
    ("revision", "expected"),
    [("web-2", []), ("web-1", ["every pod comes from one template"])],
)
def test_a_stateful_set(revision: str, expected: list[str]) -> None:
    assert broken(stateful(of_revision(revision))) == expected


def test_a_stateful_set_lacks_a_pod() -> None:
    assert broken(stateful(of_revision("web-2"), replicas=2)) == ["every pod is ready"]


def test_what_rests_promises_no_pods() -> None:
    rests = stateful(replicas=0)
    (line,) = workload_lines(rests.workloads[0], rests)
    assert (line.ok, line.observed) == (True, "0 of 0")


def test_the_judges_find_nothing() -> None:
    assert judged_line(seen(good()), PLACE).ok


def test_pods_that_end_are_no_promise() -> None:
    deployment, replicaset, one = good()
    ends = bent(pod("web-0-a", owner="r0"), lambda p: p["metadata"].update(deletionTimestamp="x"))
    old = thing("ReplicaSet", "web-0", "r0", metadata=owned_by("d"), spec={}, status={})
    assert broken(seen([deployment, replicaset, old, running(one), ends])) == []
