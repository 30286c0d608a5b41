"""What is judged beside the pods: autoscalers, services, load balancers, nodes, volumes.

Each case stands beside its control: the same objects in order, of which nothing is said.
"""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.diagnose import diagnose
from tests.unit.tool.around import (
    LABELS,
    PLACE,
    codes,
    condition,
    good,
    only,
    pod,
    seen,
    template,
    thing,
)


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ([condition("AbleToScale", "True"), condition("ScalingActive", "True")], None),
        ([condition("ScalingActive", "False", "ScalingDisabled")], None),
        (
            [condition("AbleToScale", "True"), condition("ScalingActive", "False", "FailedGet")],
            "autoscaler-blind",
        ),
        ([condition("AbleToScale", "False", "FailedGetScale")], "autoscaler-blocked"),
        ([], "autoscaler-blind"),
    ],
)
def test_an_autoscaler_is_judged(conditions: list[Json], code: str | None) -> None:
    scaler = thing("HorizontalPodAutoscaler", "web", status={"conditions": conditions})
    assert codes(seen(good(), HorizontalPodAutoscaler=[scaler])) == ([code] if code else [])


ASKS: Json = {"resources": {"requests": {"cpu": "10m"}}}
NO_METRIC = condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics returned")
WORKS = condition("ScalingActive", "True")


def metric(kind: str = "Resource", target: str = "Utilization", **more: str) -> Json:
    key = "resource" if kind == "Resource" else "containerResource"
    return {"type": kind, key: {"name": "cpu", "target": {"type": target}, **more}}


@pytest.mark.parametrize(
    ("metrics", "container", "beside", "said", "hold"),
    [
        ([metric()], {}, None, "container web asks for no cpu", 10),
        (None, {}, None, "container web asks for no cpu", 10),  # the usual metric
        ([metric()], ASKS, None, "no metrics returned", 45),
        ([metric(target="AverageValue")], {}, None, "no metrics returned", 45),
        ([metric()], ASKS, {"name": "helper"}, "no metrics returned", 45),  # it ends first
        ([metric()], ASKS, {"name": "helper", "restartPolicy": "Always"}, "container helper", 10),
        ([metric("ContainerResource", container="web")], ASKS, None, "no metrics returned", 45),
        ([metric("ContainerResource", container="web")], {}, None, "container web", 10),
        ([metric("ContainerResource", container="other")], {}, None, "no metrics returned", 45),
    ],
)
def test_an_autoscaler_that_has_nothing_to_compare_with(
    metrics: Any, container: Json, beside: Json | None, said: str, hold: float
) -> None:
    aim = {"kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": aim, **({"metrics": metrics} if metrics else {})}
    items = good()
    items[2]["spec"]["containers"][0] |= container
    items[2]["spec"]["initContainers"] = [beside] if beside else []
    scaler = thing("HorizontalPodAutoscaler", "web", spec=spec, status={"conditions": [NO_METRIC]})
    finding = only(seen(items, HorizontalPodAutoscaler=[scaler]))
    assert (finding.problem.code, finding.hold) == ("autoscaler-blind", hold)
    assert said in finding.problem.cause
    scaler["status"]["conditions"] = [WORKS]  # by another metric
    assert codes(seen(items, HorizontalPodAutoscaler=[scaler])) == []


@pytest.mark.parametrize(
    ("message", "hold"),
    [
        ("unable to fetch metrics from custom metrics API: no custom metrics API registered", 10),
        ("the server could not find the requested resource (get pods.metrics.k8s.io)", 10),
        ("the server is currently unable to handle the request (get pods.metrics.k8s.io)", 45),
    ],
)
def test_who_serves_no_metrics_at_all_is_not_waited_for(message: str, hold: float) -> None:
    blind = condition("ScalingActive", "False", "FailedGetPodsMetric", message)
    scaler = thing("HorizontalPodAutoscaler", "web", status={"conditions": [blind]})
    assert only(seen(good(), HorizontalPodAutoscaler=[scaler])).hold == hold


def service(kind: str = "ClusterIP", **status: Any) -> Json:
    return thing("Service", "web", spec={"type": kind, "selector": LABELS}, status=status)


def endpoints(*targets: str, ready: bool = True, ports: bool = True) -> Json:
    found = [
        {"targetRef": {"kind": "Pod", "name": name}, "conditions": {"ready": ready}}
        for name in targets
    ]
    meta = {"labels": {"kubernetes.io/service-name": "web"}}
    listed = [{"port": 5000}] if ports else []
    return thing("EndpointSlice", "web-x", metadata=meta, endpoints=found, ports=listed)


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([endpoints("web-1-a")], None),
        ([endpoints()], "service-leads-nowhere"),
        ([endpoints("web-1-a", ports=False)], "service-leads-nowhere"),
        ([endpoints("web-1-a", "stranger")], "service-shared"),
    ],
)
def test_a_service_is_judged_by_where_it_leads(pieces: list[Json], code: str | None) -> None:
    view = seen(good(), Service=[service()], EndpointSlice=pieces)
    assert codes(view) == ([code] if code else [])


def test_a_load_balancer_without_an_address_is_named_and_waited_for_while_one_works_at_it() -> None:
    there = service("LoadBalancer", loadBalancer={"ingress": [{"ip": "192.0.2.1"}]})
    assert codes(seen(good(), Service=[there])) == []
    balancer = service("LoadBalancer")
    event = {"kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"uid": "Service-web"}}
    silent = only(seen(good(), Service=[balancer]))
    assert (silent.problem.code, silent.hold) == ("load-balancer-pending", 30.0)
    by_hand = service("LoadBalancer")
    by_hand["spec"]["externalIPs"] = ["192.0.2.1"]
    assert codes(seen(good(), Service=[by_hand])) == [], "Helm, too, waits for no other"
    works = {**event, "reason": "EnsuringLoadBalancer", "type": "Normal", "message": "soon"}
    assert only(seen(good(works), Service=[balancer])).hold == float("inf")
    fails = {**event, "reason": "SyncLoadBalancerFailed", "type": "Warning", "message": "no quota"}
    failed = only(seen(good(fails), Service=[balancer]))
    assert failed.hold == 30.0
    assert "no quota" in failed.problem.cause


def node(name: str, ready: str) -> Json:
    told = condition("Ready", ready, "NodeStatusUnknown", "Kubelet stopped posting node status.")
    return thing("Node", name, metadata={"labels": {}}, status={"conditions": [told]})


def test_a_lost_node_is_named_and_its_pods_are_not_called_never_ready() -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["readinessProbe"] = {"periodSeconds": 5}
    there = [node("one", "True"), node("two", "Unknown")]
    assert codes(seen(items, Node=there)) == ["never-ready"], "the control: another node is lost"
    finding = only(seen(items, Node=[node("one", "Unknown")]))
    assert finding.problem.code == "node-lost"
    assert "web-1-a" in finding.problem.cause
    assert "delete node one" in finding.problem.fix


@pytest.mark.parametrize(
    ("phase", "message", "code", "hold"),
    [
        ("Bound", "", None, 0),
        ("Pending", 'storageclass.storage.k8s.io "fast" not found', "volume-unbound", 15.0),
        ("Pending", "waiting for the disk", "volume-unbound", float("inf")),
        ("Lost", "", "volume-unbound", 0.0),
    ],
)
def test_a_claim_without_a_volume_is_named_in_its_provisioners_words(
    phase: str, message: str, code: str | None, hold: float
) -> None:
    items = good()
    claim = {"persistentVolumeClaim": {"claimName": "data"}}
    items[2]["spec"]["volumes"] = [{"name": "data", **claim}]
    event = {
        "kind": "Event",
        "metadata": {"name": "e"},
        "type": "Warning",
        "reason": "ProvisioningFailed",
        "message": message,
        "involvedObject": {"uid": "PersistentVolumeClaim-data"},
    }
    made = thing("PersistentVolumeClaim", "data", status={"phase": phase})
    view = seen([*items, *([event] if message else [])], PersistentVolumeClaim=[made])
    found = diagnose(view, PLACE)
    assert [one.problem.code for one in found] == ([code] if code else [])
    assert [one.hold for one in found] == ([hold] if code else [])
    assert all(message in one.problem.cause for one in found)


# -- probes ------------------------------------------------------------------------------------


def test_a_daemonset_that_no_node_takes() -> None:
    def told(count: int) -> list[str]:
        status = {"observedGeneration": 1, "desiredNumberScheduled": count}
        pods = template()
        pods["spec"]["nodeSelector"] = {"disk": "nosuch"}
        keeper = thing("DaemonSet", "web-logs", spec={"template": pods}, status=status)
        found = diagnose(seen(good(keeper)), PLACE)
        assert all(one.beside and "disk=nosuch" in one.problem.cause for one in found)
        return [one.problem.object for one in found]

    assert told(0) == ["DaemonSet web-logs"]
    assert told(1) == [], "the control"
