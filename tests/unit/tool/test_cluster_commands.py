"""status, logs and down, held against what a stand-in for a cluster answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import StandIn, deployment, thing


def running(ready: bool, seconds: float) -> list[dict[str, Any]]:
    """A release whose one pod was started so long ago."""
    born = (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    deployed = deployment("registry.example.com/shop:1", "shop-1")
    deployed["metadata"] |= {"uid": "d", "generation": 1}
    deployed["spec"] |= {"replicas": 1, "selector": {"matchLabels": {"app": "shop"}}}
    reason = "NewReplicaSetAvailable" if ready else "ReplicaSetUpdated"
    progress = {"type": "Progressing", "status": "True", "reason": reason}
    deployed["status"] = {"observedGeneration": 1, "conditions": [progress]}
    deployed["status"] |= {"replicas": 1, "updatedReplicas": 1, "availableReplicas": int(ready)}
    of_d, of_r = ({"ownerReferences": [{"uid": uid}]} for uid in ("d", "r"))
    probe = {"httpGet": {"path": "/readyz", "port": 8081}}
    template = deployed["spec"]["template"]["spec"]
    template["containers"][0]["readinessProbe"] = probe
    status = {"name": "shop", "ready": ready, "restartCount": 0, "state": {"running": {}}}
    conditions = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": str(ready)},
    ]
    return [
        deployed,
        thing("ReplicaSet", "shop-a", "apps/v1", metadata={"uid": "r", **of_d}),
        thing(
            "Pod",
            "shop-a-x",
            metadata={"uid": "p", "creationTimestamp": born, **of_r},
            spec={"nodeName": "n1", **template},
            status={"containerStatuses": [status], "conditions": conditions},
        ),
    ]


@pytest.mark.parametrize(("ready", "said"), [(True, "nothing of it"), (False, "never-ready")])
def test_doctor_asks_the_judges_of_status(cluster: StandIn, ready: bool, said: str) -> None:
    cluster.says(objects=[*cluster.world["objects"], *running(ready, 3600)])
    _, out, _ = morrow("doctor", "dev", "--json")
    (line,) = [one for one in json.loads(out)["checks"] if one["name"] == "serves"]
    assert line["state"] == ("ok" if ready else "fail")
    assert said in json.dumps(line)


@pytest.mark.parametrize(
    ("ready", "seconds", "state", "codes"),
    [
        (True, 3600, "serving", []),
        (False, 3600, "failing", ["never-ready"]),
        (False, 0, "failing", []),
    ],
)
def test_status_shows_each_pod_and_calls_none_broken_that_has_only_just_started(
    cluster: StandIn, ready: bool, seconds: float, state: str, codes: list[str]
) -> None:
    cluster.says(objects=running(ready, seconds))
    code, out, _ = morrow("status", "dev", "--json")
    answer = json.loads(out)
    assert code == int(not ready)
    assert answer["state"] == state
    assert [one["code"] for one in answer["problems"]] == codes
    assert [(pod["name"], pod["node"]) for pod in answer["pods"]] == [("shop-a-x", "n1")]
    assert (answer["release"], answer["config"], answer["secrets"]) == (1, "shop-a", "shop-1")
    cluster.says(objects=running(ready, seconds))  # none has aged while the first was asked
    code, out, _ = morrow("status", "dev")
    assert code == int(not ready)
    lines = out.splitlines()
    assert lines[0] == f"shop in shop-dev: {state}, {int(ready)} of 1 pods ready"
    assert "release 1 (deployed), image registry.example.com/shop:1" in lines[1]
    assert "config shop-a, secrets shop-1" in lines[2]
    assert f"shop-a-x  {'ready' if ready else 'runs, not ready yet'}  on n1, 0 restarts" in lines[3]
    assert ("  fix: " in out) == bool(codes)


def test_status_of_what_is_not_deployed_names_the_next_command(cluster: StandIn) -> None:
    assert morrow("status", "dev")[:2] == (1, "shop is down: morrow up dev\n")
    code, out, _ = morrow("status", "dev", "--json")
    assert (code, json.loads(out)["state"]) == (1, "down")


def labelled(component: str) -> list[dict[str, Any]]:
    """The release whose one pod bears the labels of a process."""
    *others, pod = running(True, 60)
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/component": component}
    pod["metadata"]["labels"] = labels
    return [*others, pod]


def test_logs_are_the_pods_own_lines(cluster: StandIn) -> None:
    cluster.says(objects=labelled("service"), logs="2026-01-01T00:00:00.000000000Z started")
    assert morrow("logs", "dev")[:2] == (0, "[pod/shop-a-x/shop] started\n")
    (asked,) = [one for one in cluster.asked if one.startswith("kubectl logs")]
    assert asked == "kubectl logs pod/shop-a-x -c shop --timestamps --tail=100"
    code, out, _ = morrow("logs", "dev", "--process", "web", "--since", "5m", "--pretty")
    assert (code, out) == (0, "[shop-a-x] started\n"), "kubectl looks at the age"
    assert "--tail=100 --since=300s" in cluster.asked[-1]
    told = morrow("logs", "dev", "--process", "worker", "--json")
    assert (told.code, told.problem["code"]) == (2, "pod-missing")
    cluster.says(objects=[])
    code, out, _ = morrow("logs", "dev", "--json")
    problem = json.loads(out)["problems"][0]
    assert (code, problem["code"], problem["fix"]) == (2, "release-missing", "morrow up dev")


def test_what_replaces_no_pod_is_not_restarted(cluster: StandIn) -> None:
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/component": "extra"}
    odd = thing("ReplicaSet", "odd", "apps/v1", metadata={"uid": "o", "labels": labels})
    pod = thing("Pod", "odd-x", metadata={"uid": "q", "ownerReferences": [{"uid": "o"}]})
    cluster.says(objects=[*running(True, 60), odd, pod])
    told = morrow("restart", "dev", "--process", "extra", "--json")
    assert (told.code, told.problem["code"]) == (2, "restart-by-hand")
    assert told.problem["object"] == "ReplicaSet odd"
    assert told.problem["fix"] == "kubectl --context dev -n shop-dev delete pod odd-x"
    assert not any("rollout restart" in one for one in cluster.asked)


def test_down_says_what_stays(cluster: StandIn) -> None:
    said = "down; the namespace and the secrets stay (--purge removes them)"
    assert morrow("down", "dev")[:2] == (0, f"shop: {said}\n")
    (asked,) = [one for one in cluster.asked if one.startswith("helm uninstall")]
    assert asked == (
        "helm uninstall shop --ignore-not-found --wait --kube-context dev --namespace shop-dev"
    )
    assert "Secret/shop-1" in cluster.names
    code, out, _ = morrow("down", "dev", "--json")
    assert (code, json.loads(out)) == (
        0,
        {"environment": "dev", "state": "down", "message": said},
    )
    assert morrow("down", "dev", "--purge")[0] == 0
    assert "Secret/shop-1" not in cluster.names
