"""The pods: drain, probes, settings, secrets, and a template that nothing unrelated changes."""

from __future__ import annotations

import pytest

from tests.chart.rendering import (
    CHART,
    DIGEST,
    FOREIGN,
    SMALLEST,
    Object,
    Values,
    every,
    one,
    over,
    pod_templates,
    render,
    service_container,
    variables,
)

PROD = CHART / "examples" / "hello-prod.yaml"


def spec_of(values: Values) -> Object:
    return dict(one(render(values), "Deployment")["spec"])


# No lost request


def test_a_rollout_never_has_fewer_pods() -> None:
    spec = spec_of(SMALLEST)
    assert spec["replicas"] == 2
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    assert spec["minReadySeconds"] == 2
    assert spec["progressDeadlineSeconds"] == 600
    assert "minReadySeconds" not in spec["template"]["spec"]


@pytest.mark.parametrize(("drain", "grace"), [(5, 20), (0, 0), (30, 300)])
def test_the_kit_owns_the_drain_of_its_images(drain: int, grace: int) -> None:
    objects = render(over(SMALLEST, {"drain": drain, "grace": grace}))
    container = service_container(objects)
    assert variables(container)["MORROW_DRAIN"] == str(drain)
    assert variables(container)["MORROW_GRACE"] == str(grace)
    assert "lifecycle" not in container
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == drain + grace + 5


def test_kubernetes_owns_the_drain_of_foreign_images() -> None:
    container = service_container(render(over(FOREIGN, {"drain": 7})))
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 7}}}
    assert "lifecycle" not in service_container(render(over(FOREIGN, {"drain": 0})))


# Probes


def test_the_kits_probes_ask_the_admin_port() -> None:
    container = service_container(render(SMALLEST))
    paths = {"startupProbe": "/startupz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    for probe, path in paths.items():
        assert container[probe]["httpGet"] == {"path": path, "port": "admin"}
        assert container[probe]["timeoutSeconds"] == 3
        assert "tcpSocket" not in container[probe]


def test_foreign_probes_ask_the_service_port() -> None:
    values = over(FOREIGN, {"probes": {"readiness": {"path": "/ping", "periodSeconds": 2}}})
    container = service_container(render(values))
    assert container["readinessProbe"] == {
        "httpGet": {"path": "/ping", "port": "http"},
        "periodSeconds": 2,
        "failureThreshold": 2,
        "timeoutSeconds": 3,
    }
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["tcpSocket"] == {"port": "http"}
        assert "httpGet" not in container[probe]


def test_liveness_is_slower_than_readiness() -> None:
    container = service_container(render(SMALLEST))
    seconds = {
        probe: container[probe]["periodSeconds"] * container[probe]["failureThreshold"]
        for probe in ("livenessProbe", "readinessProbe")
    }
    assert seconds["livenessProbe"] > seconds["readinessProbe"]


# The image


@pytest.mark.parametrize(
    ("image", "name", "policy"),
    [
        ({"tag": "1"}, "r/x:1", "IfNotPresent"),
        ({"digest": DIGEST}, f"r/x@{DIGEST}", "IfNotPresent"),
        ({"tag": "1", "digest": DIGEST}, f"r/x:1@{DIGEST}", "IfNotPresent"),
        ({}, "r/x", "Always"),
        ({"tag": "1", "pullPolicy": "Never"}, "r/x:1", "Never"),
    ],
)
def test_the_image(image: Values, name: str, policy: str) -> None:
    container = service_container(render({"name": "a", "image": {"repository": "r/x", **image}}))
    assert (container["image"], container["imagePullPolicy"]) == (name, policy)


# The usual


def test_helpers_run_beside_the_service() -> None:
    values = over(
        SMALLEST,
        {
            "sidecars": {"proxy": {"image": "p:1"}},
            "initContainers": {"wait": {"command": ["w"], "env": {"A": "b"}}},
            "volumes": {"data": {"mountPath": "/data", "source": {"emptyDir": {}}}},
        },
    )
    pod = one(render(values), "Deployment")["spec"]["template"]["spec"]
    proxy, wait = pod["initContainers"]
    assert (proxy["name"], proxy["image"], proxy["restartPolicy"]) == ("proxy", "p:1", "Always")
    assert (wait["name"], wait["image"], wait["command"]) == (
        "wait",
        "ghcr.io/example/shop:1.0",
        ["w"],
    )
    assert wait["env"] == [{"name": "A", "value": "b"}]
    assert "restartPolicy" not in wait
    for container in (proxy, wait, pod["containers"][0]):
        assert {"name": "volume-data", "mountPath": "/data"} in container["volumeMounts"]


def test_fields_of_the_pod() -> None:
    values = over(
        SMALLEST,
        {
            "image": {"pullSecrets": {"one": True, "two": False}},
            "pod": {
                "labels": {"team": "a"},
                "annotations": {"x": "y"},
                "priorityClass": "high",
                "nodeSelector": {"disk": "fast"},
                "tolerations": {"spot": {"key": "spot", "operator": "Exists"}},
                "affinity": {"nodeAffinity": {}},
            },
        },
    )
    template = one(render(values), "Deployment")["spec"]["template"]
    assert template["metadata"]["labels"]["team"] == "a"
    assert template["metadata"]["annotations"] == {
        "x": "y",
        "kubectl.kubernetes.io/default-container": "shop",
    }
    spec = template["spec"]
    assert spec["imagePullSecrets"] == [{"name": "one"}]
    assert spec["priorityClassName"] == "high"
    assert spec["nodeSelector"] == {"disk": "fast"}
    assert spec["tolerations"] == [{"key": "spot", "operator": "Exists"}]
    assert spec["affinity"] == {"nodeAffinity": {}}


def test_resources_by_default_and_without_a_default() -> None:
    assert service_container(render(SMALLEST))["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
        "limits": {"memory": "256Mi", "ephemeral-storage": "256Mi"},
    }
    values = over(SMALLEST, {"resources": {"limits": {"memory": None, "cpu": "2"}}})
    limits = service_container(render(values))["resources"]["limits"]
    assert limits == {"cpu": "2", "ephemeral-storage": "256Mi"}


def test_pods_spread_over_zones_and_nodes() -> None:
    spec = one(render(SMALLEST), "Deployment")["spec"]["template"]["spec"]
    constraints = spec["topologySpreadConstraints"]
    assert [c["topologyKey"] for c in constraints] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    assert {c["whenUnsatisfiable"] for c in constraints} == {"ScheduleAnyway"}
    without = one(render(over(SMALLEST, {"spread": "none"})), "Deployment")
    assert "topologySpreadConstraints" not in without["spec"]["template"]["spec"]


def test_the_test_pod() -> None:
    pod = one(render(SMALLEST), "Pod")
    url = "http://shop.somewhere.svc:80/healthz"
    container = pod["spec"]["containers"][0]
    assert container["command"] == ["python3", "-m", "morrow", "probe", url]
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    values = over(FOREIGN, {"test": {"image": "curl:1", "command": ["curl"], "path": "/x"}})
    container = one(render(values), "Pod")["spec"]["containers"][0]
    assert (container["image"], container["command"]) == ("curl:1", ["curl"])
    assert variables(container) == {"SERVICE_URL": "http://shop.somewhere.svc:80/x"}
    assert not every(render(over(SMALLEST, {"test": {"enabled": False}})), "Pod")


def test_extra_objects_get_a_name_and_labels() -> None:
    extra = {"flags": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}}}
    flags = one(render(over(SMALLEST, {"extra": extra})), "ConfigMap")
    assert flags["metadata"]["name"] == "flags"
    assert flags["metadata"]["labels"]["app.kubernetes.io/name"] == "shop"
    assert flags["data"] == {"a": "b"}


def test_every_pod_template_is_found() -> None:
    processes = {"a": {"kind": "job", "command": ["a"]}}
    assert len(pod_templates(render(over(SMALLEST, {"processes": processes})))) == 3
