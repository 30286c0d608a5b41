"""What every object must hold, over all examples: names, labels, selectors, restrictions."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.chart.rendering import (
    CHART,
    ENVIRONMENTS,
    EXAMPLES,
    FOREIGN,
    Object,
    containers,
    every,
    one,
    over,
    pod_templates,
    render,
    render_files,
)

KINDS = {
    "ConfigMap", "CronJob", "Deployment", "ExternalSecret", "HTTPRoute", "HorizontalPodAutoscaler",
    "Ingress", "Job", "NetworkPolicy", "Pod", "PodDisruptionBudget", "PodMonitor",
    "PrometheusRule", "Service", "ServiceAccount", "ServiceMonitor",
    "PersistentVolumeClaim", "SecretProviderClass", "VerticalPodAutoscaler",
}  # fmt: skip

by_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)


def name_of(example: Path) -> str:
    return str(yaml.safe_load(example.read_text())["name"])


def processes_of(example: Path) -> set[str]:
    return set(yaml.safe_load(example.read_text()).get("processes", {}))


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def test_examples_render_every_kind() -> None:
    seen = {o["kind"] for example in EXAMPLES for o in render_files(example)}
    assert seen == KINDS


@by_example
def test_names_come_from_the_service_and_are_its_own(example: Path) -> None:
    objects, name = render_files(example), name_of(example)
    identities = [(o["kind"], o["metadata"]["name"]) for o in objects]
    assert len(set(identities)) == len(identities)
    for kind, own in identities:
        assert own == name or own.startswith(f"{name}-"), f"{kind} {own}"
        assert len(own) <= 63
        assert "some-release" not in own


@by_example
def test_labels(example: Path) -> None:
    objects, name = render_files(example), name_of(example)
    for o in objects:
        labels = o["metadata"]["labels"]
        where = f"{o['kind']} {o['metadata']['name']}"
        assert labels["app.kubernetes.io/name"] == name, where
        assert labels["app.kubernetes.io/instance"] == name, where
        assert labels["app.kubernetes.io/managed-by"] == "Helm", where
        assert labels["app.kubernetes.io/component"] in {
            "service", "metrics", "test", "extra", "volume", *processes_of(example)
        }, where  # fmt: skip
        assert "some-release" not in labels.values(), where


@by_example
def test_selectors_find_the_services_pods_and_no_others(example: Path) -> None:
    everything, name = render_files(example), name_of(example)
    named = {f"{name}-{process}" for process in processes_of(example)}
    objects = [o for o in everything if o["metadata"]["name"] not in named]
    deployment = one(objects, "Deployment")
    own = deployment["spec"]["template"]["metadata"]["labels"]
    selectors = [deployment["spec"]["selector"]["matchLabels"]]
    selectors += [o["spec"]["selector"] for o in every(objects, "Service")]
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        selectors += [o["spec"]["selector"]["matchLabels"] for o in every(objects, kind)]
    selectors += [o["spec"]["podSelector"]["matchLabels"] for o in every(objects, "NetworkPolicy")]
    spread = deployment["spec"]["template"]["spec"].get("topologySpreadConstraints", [])
    selectors += [constraint["labelSelector"]["matchLabels"] for constraint in spread]
    others = [
        pod["metadata"]["labels"]
        for what, pod in pod_templates(everything)
        if what != f"Deployment {name}"
    ]
    for selector in selectors:
        assert selects(selector, own)
        assert not any(selects(selector, labels) for labels in others)


def test_a_service_monitor_finds_the_headless_service_only() -> None:
    objects = render_files(CHART / "examples" / "everything.yaml")
    selector = one(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    found = [
        o["metadata"]["name"]
        for o in every(objects, "Service")
        if selects(selector, o["metadata"]["labels"])
    ]
    assert found == ["shop-metrics"]
    headless = one(objects, "Service", "shop-metrics")["spec"]
    assert headless["clusterIP"] == "None"
    port = one(objects, "ServiceMonitor")["spec"]["endpoints"][0]["port"]
    assert [p["name"] for p in headless["ports"]] == [port] == ["admin"]


def restricted_faults(pod: Object) -> list[str]:
    """Return what Pod Security's `restricted`, and a little more, would refuse in a pod."""
    spec, faults = pod["spec"], []
    security = spec.get("securityContext", {})
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        faults.append("may run as root")
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        faults.append("has no seccomp profile")
    if spec.get("automountServiceAccountToken") is not False:
        faults.append("gets a token")
    if spec.get("enableServiceLinks") is not False:
        faults.append("gets variables of other Services")
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            faults.append(key)
    if any("hostPath" in volume for volume in spec.get("volumes", [])):
        faults.append("mounts a folder of the node")
    for container in containers(pod):
        inside = container.get("securityContext", {})
        name = container["name"]
        if inside.get("allowPrivilegeEscalation") is not False or inside.get("privileged"):
            faults.append(f"{name} may gain privileges")
        if inside.get("capabilities") != {"drop": ["ALL"]}:
            faults.append(f"{name} keeps capabilities")
        if inside.get("readOnlyRootFilesystem") is not True:
            faults.append(f"{name} may write its root filesystem")
        if {"name": "tmp", "mountPath": "/tmp"} not in container["volumeMounts"]:
            faults.append(f"{name} has no /tmp")
        if container.get("terminationMessagePolicy") != "FallbackToLogsOnError":
            faults.append(f"{name} hides its last words")
        if not container["resources"].get("requests") or not container["resources"].get("limits"):
            faults.append(f"{name} has no resources")
    return faults


@by_example
def test_every_pod_is_restricted(example: Path) -> None:
    pods = pod_templates(render_files(example))
    assert pods
    for what, pod in pods:
        assert restricted_faults(pod) == [], what


def test_the_look_for_restrictions_finds_faults() -> None:
    values = {"name": "a", "image": {"repository": "b"}, "security": {"readOnlyRoot": False}}
    [(_, deployment), *_] = pod_templates(render(values))
    assert restricted_faults(deployment) == ["a may write its root filesystem"]
    bare = {"spec": {"containers": [{"name": "c", "volumeMounts": [], "resources": {}}]}}
    assert len(restricted_faults(bare)) == 10


@by_example
def test_mounts_and_volumes_belong_together(example: Path) -> None:
    for what, pod in pod_templates(render_files(example)):
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, what


@by_example
def test_no_variable_is_given_twice(example: Path) -> None:
    for what, pod in pod_templates(render_files(example)):
        for container in containers(pod):
            names = [variable["name"] for variable in container.get("env", [])]
            assert len(set(names)) == len(names), what


def test_environments_render_as_plain_values_files() -> None:
    base = ENVIRONMENTS / "base.yaml"
    digest = ("--set", "image.digest=sha256:" + "b" * 64)
    others = [file for file in sorted(ENVIRONMENTS.glob("*.yaml")) if file != base]
    assert {file.stem for file in others} >= {"dev", "local", "prod"}
    for file in others:
        deployment = one(render_files(base, file, more=digest), "Deployment")
        assert deployment["metadata"]["name"] == "hello"


def test_a_second_account_or_an_existing_one() -> None:
    smallest = {"name": "a", "image": {"repository": "b"}}
    own = render(over(smallest, {"serviceAccount": {"name": "c", "annotations": {"x": "y"}}}))
    account = one(own, "ServiceAccount")
    assert (account["metadata"]["name"], account["metadata"]["annotations"]) == ("c", {"x": "y"})
    assert account["automountServiceAccountToken"] is False
    other = render(over(smallest, {"serviceAccount": {"create": False, "name": "d"}}))
    assert not every(other, "ServiceAccount")
    for objects, name in ((own, "c"), (other, "d")):
        assert one(objects, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == name


def test_a_foreign_image_gets_nothing_of_the_kit() -> None:
    objects = render(FOREIGN)
    container = containers(one(objects, "Deployment")["spec"]["template"])[0]
    assert "env" not in container
    assert not every(objects, "Pod")
    assert [port["name"] for port in container["ports"]] == ["http"]
