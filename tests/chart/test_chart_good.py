"""The good files: how people use other charts, written for this one.

Each renders under the three Helms to the same objects; test_chart_conform holds them to
Kubernetes' own schemas and shows them to the scanners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chart.many import render_many
from tests.chart.rendering import GOOD, SMALLEST, Object, every, one, over, render
from tests.chart.test_chart_helms import OTHERS, available, differences

Made = dict[str, list[Object]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The objects of every good file."""
    return render_many(GOOD, tmp_path_factory.mktemp("good"))


def test_all_of_them_render(made: Made) -> None:
    assert len(GOOD) >= 34
    assert all(len(objects) >= 4 for objects in made.values())
    for file in GOOD:
        assert file.read_text().startswith("# "), f"{file.name} does not say what it shows"


@pytest.mark.parametrize("other", OTHERS)
def test_other_helms_make_the_same(other: str, made: Made, tmp_path: Path) -> None:
    theirs = render_many(GOOD, tmp_path, available(other))
    assert [what for name in made for what in differences(made[name], theirs[name])] == []


def workload(objects: list[Object], kind: str = "Deployment") -> Any:
    return one(objects, kind)["spec"]


def test_one_node_for_one_volume(made: Made) -> None:
    objects = made["grafana-with-volume"]
    spec = workload(objects)
    assert spec["strategy"] == {"type": "Recreate"}
    claim = one(objects, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"]["resources"] == {"requests": {"storage": "10Gi"}}
    volumes = {v["name"]: v for v in spec["template"]["spec"]["volumes"]}
    assert volumes["volume-data"]["persistentVolumeClaim"] == {"claimName": "charts-data"}
    [item] = volumes["volume-sources"]["downwardAPI"]["items"]
    assert item["path"] == "prometheus.yaml"
    key = item["fieldRef"]["fieldPath"].split("'")[1]
    assert "prometheus.monitoring" in spec["template"]["metadata"]["annotations"][key]


def test_a_volume_for_each_pod(made: Made) -> None:
    objects = made["stateful-cache"]
    spec = workload(objects, "StatefulSet")
    assert not every(objects, "Deployment") + every(objects, "PersistentVolumeClaim")
    assert spec["serviceName"] == one(objects, "Service", "cache-pods")["metadata"]["name"]
    assert [v["metadata"]["name"] for v in spec["volumeClaimTemplates"]] == ["volume-data"]
    pod = spec["template"]["spec"]
    assert "volume-data" not in [v["name"] for v in pod["volumes"]]
    assert "volume-data" in [m["name"] for m in pod["containers"][0]["volumeMounts"]]
    spread = {c["topologyKey"]: c for c in pod["topologySpreadConstraints"]}
    assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
    assert spread["kubernetes.io/hostname"]["matchLabelKeys"] == ["controller-revision-hash"]
    assert one(objects, "PodDisruptionBudget")


def test_the_service_leads_to_the_sidecar_alone(made: Made) -> None:
    objects = made["oauth2-proxy-sidecar"]
    assert one(objects, "Service")["spec"]["ports"][0]["targetPort"] == "proxy"
    rule = one(objects, "NetworkPolicy")["spec"]["ingress"][0]
    assert rule["ports"] == [{"port": "proxy", "protocol": "TCP"}]
    sidecar = workload(objects)["template"]["spec"]["initContainers"][0]
    assert sidecar["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "proxy"}
    assert sidecar["securityContext"]["runAsUser"] == 65532
    assert sidecar["envFrom"][0]["secretRef"]["name"] == "backoffice-oauth2"


def test_a_metrics_port_is_monitorings_alone(made: Made) -> None:
    objects = made["metrics-port"]
    assert [p["name"] for p in one(objects, "Service")["spec"]["ports"]] == ["http"]
    rules = one(objects, "NetworkPolicy")["spec"]["ingress"]
    assert rules[1]["ports"] == [{"port": "metrics", "protocol": "TCP"}]
    assert one(objects, "PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"] == "metrics"


def test_routes_of_their_own(made: Made) -> None:
    objects = made["several-routes"]
    routes = {o["metadata"]["name"]: o["spec"] for o in every(objects, "HTTPRoute")}
    assert set(routes) == {"platform", "platform-api", "platform-old", "platform-plain"}
    assert [m["path"]["value"] for m in routes["platform"]["rules"][0]["matches"]] == [
        "/",
        "/static",
    ]
    api = routes["platform-api"]
    assert api["hostnames"] == ["api.example.com"]
    assert api["parentRefs"][0] == {
        "name": "public",
        "namespace": "edge",
        "sectionName": "https-api",
    }
    assert api["rules"][0]["backendRefs"] == [{"name": "platform", "port": 9000}]
    assert api["rules"][0]["timeouts"] == {"request": "10s", "backendRequest": "5s"}
    assert "backendRefs" not in routes["platform-plain"]["rules"][0], "a redirect asks nobody"
    ingresses = every(made["cert-manager-two-certificates"], "Ingress")
    assert [i["spec"]["tls"][0]["secretName"] for i in ingresses] == ["docs-tls", "docs-old-tls"]


def test_grpc(made: Made) -> None:
    objects = made["grpc-service"]
    container = workload(objects)["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["grpc"] == {"port": 50051, "service": "readiness"}
    assert one(objects, "GRPCRoute")["spec"]["rules"][0]["backendRefs"][0]["port"] == 50051
    assert not every(objects, "HTTPRoute")
    assert one(objects, "Service", "prices")["spec"]["ports"][0]["appProtocol"] == (
        "kubernetes.io/h2c"
    )


def test_the_token_is_mounted_on_purpose_only(made: Made) -> None:
    mounted = {
        name
        for name, objects in made.items()
        for o in objects
        if o["kind"] in ("Deployment", "StatefulSet")
        and o["spec"]["template"]["spec"]["automountServiceAccountToken"]
    }
    assert mounted == {"rbac-client", "vault-injector"}
    objects = made["rbac-client"]
    assert one(objects, "RoleBinding")["subjects"][0]["name"] == "janitor"
    assert len(one(objects, "Role")["rules"]) == 3
    assert one(objects, "Pod")["spec"]["automountServiceAccountToken"] is False


def test_who_owns_the_number_of_pods(made: Made) -> None:
    owned = {name for name, objects in made.items() for o in objects
             if o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")}  # fmt: skip
    free = {name for name, objects in made.items() for o in objects
            if o["kind"] in ("Deployment", "StatefulSet")
            and "replicas" not in o["spec"]}  # fmt: skip
    assert owned == free
    assert {"keda-queue", "keda-prometheus", "hpa-external-and-object"} <= owned
    assert "replicas" in workload(made["vpa-in-place"]), "a VPA does not count pods"
    modes = {n: one(made[n], "VerticalPodAutoscaler")["spec"]["updatePolicy"]["updateMode"]
             for n in ("vpa-recommend", "vpa-in-place")}  # fmt: skip
    assert modes == {"vpa-recommend": "Off", "vpa-in-place": "InPlaceOrRecreate"}


def test_a_device_is_only_a_limit(made: Made) -> None:
    resources = workload(made["gpu-inference"])["template"]["spec"]["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == 1
    assert "nvidia.com/gpu" not in resources["requests"]


def test_common_labels_and_annotations_are_everywhere_but_in_selectors(made: Made) -> None:
    objects = made["common-labels"]
    assert len(objects) >= 10
    for o in objects:
        assert o["metadata"]["labels"]["team"] == "finance", o["kind"]
        assert o["metadata"]["annotations"]["example.com/owner"], o["kind"]
    spec = workload(objects)
    assert spec["template"]["metadata"]["labels"]["cost-center"] == "4711"
    for selector in (spec["selector"], one(objects, "ServiceMonitor")["spec"]["selector"]):
        assert "team" not in selector["matchLabels"]


def test_secrets_of_the_csi_driver(made: Made) -> None:
    objects = made["secrets-store-aws"]
    name = one(objects, "SecretProviderClass")["metadata"]["name"]
    volumes = workload(objects)["template"]["spec"]["volumes"]
    csi = [v["csi"] for v in volumes if "csi" in v]
    assert csi[0]["volumeAttributes"] == {"secretProviderClass": name}


def test_metrics_of_a_sidecar() -> None:
    sidecars = {"exporter": {"image": "x:1", "ports": {"exporter": 9187}}}
    monitor = {"kind": "service", "port": "exporter"}
    values = over(SMALLEST, {"sidecars": sidecars, "observability": {"monitor": monitor}})
    objects = render(values)
    assert one(objects, "ServiceMonitor")["spec"]["endpoints"][0]["port"] == "exporter"
    [port] = one(objects, "Service", "shop-metrics")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (9187, "exporter")


def test_each_routes_gateway_may_call() -> None:
    main = {"mode": "gateway", "hosts": ["a.b"], "gateway": {"name": "g", "namespace": "edge"}}
    inside = {"hosts": ["c.d"], "gateway": {"name": "inner", "namespace": "inside"}}
    values = over(SMALLEST, {"route": main, "routes": {"inside": inside, "more": {"path": "/x"}}})
    [rule, _] = one(render(values), "NetworkPolicy")["spec"]["ingress"]
    spaces = [p["namespaceSelector"]["matchLabels"] for p in rule["from"] if "podSelector" not in p]
    assert [s["kubernetes.io/metadata.name"] for s in spaces] == ["edge", "inside"]
