"""The objects around the pods: scaling, budget, network, route, observability."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.chart.rendering import (
    FOREIGN,
    SMALLEST,
    Values,
    every,
    one,
    over,
    render,
)

HPA: Values = {"autoscaling": {"mode": "hpa", "min": 3, "max": 9}}
GATEWAY: Values = {
    "route": {
        "mode": "gateway",
        "hosts": ["a.example.com", "b.example.com"],
        "gateway": {"name": "public", "namespace": "edge"},
    }
}
INGRESS: Values = {
    "route": {"mode": "ingress", "hosts": ["a.example.com"]},
    "network": {"ingress": {"gateway": "edge"}},
}


def test_the_service_offers_only_the_service_port() -> None:
    values = over(SMALLEST, {"service": {"port": 8000, "annotations": {"a": "b"}}})
    service = one(render(values), "Service")
    assert service["spec"]["ports"] == [
        {"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP"}
    ]
    assert service["spec"]["type"] == "ClusterIP"
    assert service["metadata"]["annotations"] == {"a": "b"}


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_other_types_of_service(kind: str) -> None:
    values = over(
        SMALLEST,
        {"service": {"type": kind}, "network": {"ingress": {"cidrs": {"a": "10.0.0.0/8"}}}},
    )
    assert one(render(values), "Service")["spec"]["type"] == kind


def test_autoscaling_takes_the_number_of_pods_over() -> None:
    objects = render(over(SMALLEST, HPA))
    assert "replicas" not in one(objects, "Deployment")["spec"]
    spec = one(objects, "HorizontalPodAutoscaler")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 9)
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    assert spec["metrics"] == [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 70},
            },
        }
    ]
    off = render(SMALLEST)
    assert one(off, "Deployment")["spec"]["replicas"] == 2
    assert not every(off, "HorizontalPodAutoscaler")


def test_autoscaling_by_other_metrics() -> None:
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    more = {"cpu": 0, "memory": 80, "pods": {"queue": "5"}, "behavior": behavior}
    objects = render(over(over(SMALLEST, HPA), {"autoscaling": more}))
    spec = one(objects, "HorizontalPodAutoscaler")["spec"]
    assert [m["type"] for m in spec["metrics"]] == ["Resource", "Pods"]
    assert spec["metrics"][0]["resource"]["name"] == "memory"
    assert spec["metrics"][1]["pods"] == {
        "metric": {"name": "queue"},
        "target": {"type": "AverageValue", "averageValue": "5"},
    }
    assert spec["behavior"] == behavior


def test_a_budget_from_two_pods_on() -> None:
    spec = one(render(SMALLEST), "PodDisruptionBudget")["spec"]
    assert spec["maxUnavailable"] == 1
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert "minAvailable" not in spec
    for more in ({"replicas": 1}, {"pdb": {"enabled": False}}):
        assert not every(render(over(SMALLEST, more)), "PodDisruptionBudget")
    single = {"autoscaling": {"mode": "hpa", "min": 1, "max": 3}}
    assert not every(render(over(SMALLEST, single)), "PodDisruptionBudget")


def test_the_route_of_a_gateway() -> None:
    objects = render(over(SMALLEST, GATEWAY))
    spec = one(objects, "HTTPRoute")["spec"]
    assert spec["parentRefs"] == [{"name": "public", "namespace": "edge"}]
    assert spec["hostnames"] == ["a.example.com", "b.example.com"]
    assert spec["rules"][0]["backendRefs"] == [{"name": "shop", "port": 80}]
    assert not every(objects, "Ingress")


def test_the_route_of_an_ingress() -> None:
    more = {"route": {"className": "nginx", "tls": {"secret": "cert"}, "annotations": {"a": "b"}}}
    objects = render(over(over(SMALLEST, INGRESS), more))
    ingress = one(objects, "Ingress")
    assert ingress["metadata"]["annotations"] == {"a": "b"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["a.example.com"], "secretName": "cert"}]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend == {"service": {"name": "shop", "port": {"name": "http"}}}
    assert "tls" not in one(render(over(SMALLEST, INGRESS)), "Ingress")["spec"]
    assert not every(objects, "HTTPRoute")


def test_an_external_secret_outlives_its_revision() -> None:
    external = {"provider": "external", "keys": ["TOKEN"], "revision": "4"}
    values = over(
        SMALLEST, {"secrets": {**external, "external": {"store": "aws", "key": "p/shop"}}}
    )
    spec = one(render(values), "ExternalSecret")["spec"]
    assert spec["secretStoreRef"] == {"name": "aws", "kind": "SecretStore"}
    assert spec["target"] == {
        "name": "shop-4",
        "immutable": True,
        "creationPolicy": "Orphan",
        "deletionPolicy": "Retain",
    }
    assert spec["data"] == [
        {"secretKey": "TOKEN", "remoteRef": {"key": "p/shop", "property": "TOKEN"}}
    ]


@pytest.mark.parametrize(("base", "port"), [(SMALLEST, "admin"), (FOREIGN, "http")])
def test_a_pod_monitor(base: Values, port: str) -> None:
    monitor = {"kind": "pod", "interval": "15s", "path": "/m", "labels": {"release": "p"}}
    found = one(render(over(base, {"observability": {"monitor": monitor}})), "PodMonitor")
    assert found["metadata"]["labels"]["release"] == "p"
    endpoint = {"port": port, "path": "/m", "interval": "15s"}
    assert found["spec"]["podMetricsEndpoints"] == [endpoint]


@pytest.mark.parametrize("kind", ["pod", "service"])
def test_a_monitor_may_ask_for_native_histograms_beside_the_classic_ones(kind: str) -> None:
    def spec(**more: object) -> Values:
        values = {"observability": {"monitor": {"kind": kind, **more}}}
        found: Values = one(render(over(SMALLEST, values)), f"{kind.title()}Monitor")["spec"]
        return found

    both = {"convertClassicHistogramsToNHCB": True, "scrapeClassicHistograms": True}
    assert spec(native=True) == {**spec(), **both}


def test_the_rules_are_filled_in() -> None:
    rules = {"enabled": True, "labels": {"a": "b"}, "availability": 99.5, "latency": 0.25}
    values = over(over(SMALLEST, GATEWAY), {"observability": {"rules": rules}})
    rule = one(render(values), "PrometheusRule")
    assert rule["metadata"]["labels"]["a"] == "b"
    text = json.dumps(rule["spec"])
    assert "@" not in text
    assert "14.4 * 0.005000" in text
    assert "> 0.25" in text
    assert "a[.]example[.]com|b[.]example[.]com" in text


def test_the_dashboard_is_filled_in() -> None:
    objects = render(over(SMALLEST, {"observability": {"dashboard": {"enabled": True}}}))
    config = one(objects, "ConfigMap", "shop-dashboard")
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    board = json.loads(config["data"]["shop.json"])
    assert board["title"] == "shop"
    assert "@NAME@" not in json.dumps(board)


@pytest.mark.parametrize("length", [33, 34, 53])
def test_grafana_takes_the_dashboards_name(length: int) -> None:
    """Grafana refuses a `uid` of more than 40 characters; two services never share one."""
    uids = set()
    for name in ("a" * length, "a" * (length - 1) + "b"):
        values = over(SMALLEST, {"name": name, "observability": {"dashboard": {"enabled": True}}})
        config = one(render(values), "ConfigMap", f"{name}-dashboard")
        uids.add(json.loads(config["data"][f"{name}.json"])["uid"])
    assert len(uids) == 2
    assert max(map(len, uids)) <= 40


def test_what_is_enabled_is_rendered_whatever_the_cluster_knows() -> None:
    values = over(
        over(SMALLEST, GATEWAY),
        {"observability": {"monitor": {"kind": "pod"}, "rules": {"enabled": True}}},
    )
    kinds = {o["kind"] for o in render(values, "--api-versions", "v1")}
    assert {"HTTPRoute", "PodMonitor", "PrometheusRule"} <= kinds


def test_what_is_off_is_not_rendered() -> None:
    assert sorted(o["kind"] for o in render(SMALLEST)) == [
        "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount",
    ]  # fmt: skip


def test_egress_is_limited_only_when_stated() -> None:
    open_ = one(render(SMALLEST), "NetworkPolicy")["spec"]
    assert open_["policyTypes"] == ["Ingress"]
    assert "egress" not in open_
    only_dns = one(render(over(SMALLEST, {"network": {"egress": {"to": {}}}})), "NetworkPolicy")
    assert only_dns["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert yaml.safe_dump(only_dns["spec"]["egress"]).count("port: 53") == 2
    assert len(only_dns["spec"]["egress"]) == 2


def test_no_policy_when_switched_off() -> None:
    assert not every(render(over(SMALLEST, {"network": {"policy": False}})), "NetworkPolicy")
