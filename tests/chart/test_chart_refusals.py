"""Values that cannot work together are refused, each with a sentence that names its keys."""

from __future__ import annotations

import re

import pytest

from tests.chart.reference import MARK, sentences
from tests.chart.rendering import CHART, DIGEST, FOREIGN, SMALLEST, Values, over, refusal, render
from tests.chart.wrong_network import GATEWAY, WRONG_NETWORK
from tests.chart.wrong_objects import KEY, WRONG_OBJECTS
from tests.chart.wrong_processes import WRONG_PROCESSES, process
from tests.chart.wrong_shapes import KEYS, WRONG_SHAPES
from tests.chart.wrong_strangers import WRONG_STRANGERS

PROTECTED: Values = {"target": {"protected": True}, "image": {"digest": DIGEST}}
EXTERNAL: Values = {
    "secrets": {"provider": "external", "keys": ["TOKEN"], "external": {"store": "s"}}
}


def sidecar(resources: Values) -> Values:
    return {"sidecars": {"a": {"image": "x:1", "resources": resources}}}


def toleration(entry: Values) -> Values:
    return {"pod": {"tolerations": {"a": entry}}}


def turns(key: str, *users: str) -> Values:
    rotation = {"kind": "postgres-alternating", "key": key, "users": [*users]}
    return {"secrets": {"rotation": rotation}}


# What is wrong, over what is right, and what must be said. The second column alone is accepted.
CASES: list[tuple[Values, Values, str]] = [
    (KEYS, {"config": {"TOKEN": "x"}}, "TOKEN stands in config and in secrets.keys"),
    (KEYS, {"env": {"TOKEN": "x"}}, "TOKEN stands in env and in secrets.keys"),
    ({"config": {"A": "x"}}, {"env": {"A": "x"}}, "A stands in config and in env"),
    ({}, {"config": {"MORROW_PORT": "1"}}, "MORROW_PORT is set by the chart"),
    ({}, {"env": {"MORROW_DRAIN": "1"}}, "MORROW_DRAIN is set by the chart"),
    ({}, {"secrets": {"keys": ["MORROW_GRACE"]}}, "MORROW_GRACE is set by the chart"),
    (KEYS, {"secrets": {"provider": "existing"}}, "existing, and secrets.name is empty"),
    ({}, {"secrets": {"provider": "existing", "name": "s"}}, "secrets.name is s, and secrets.keys"),
    (KEYS, {"secrets": {"provider": "external"}}, "secrets.external.store is empty"),
    (KEYS, turns("TOKEN", "a"), "it needs a key, which stands in secrets.keys, and two users"),
    (KEYS, turns("OTHER", "a", "b"), "it needs a key, which stands in secrets.keys"),
    (
        {"secrets": {"keys": ["TOKEN"], "provider": "existing", "name": "s"}},
        turns("TOKEN", "a", "b"),
        "secrets.provider is existing, and secrets.rotation.kind is postgres-alternating",
    ),
    (EXTERNAL, process(kind="job"), "processes.p runs before the install"),
    (KEYS, process(kind="job", secrets=["NO"]), "processes.p.secrets names NO, which is not"),
    (PROTECTED, {"image": {"digest": ""}}, "target.protected asks for image.digest"),
    (PROTECTED, {"replicas": 1}, "asks for two pods: raise replicas"),
    (
        PROTECTED,
        {"autoscaling": {"mode": "hpa", "min": 1}},
        "asks for two pods: raise autoscaling.min",
    ),
    ({}, {"autoscaling": {"mode": "hpa", "min": 5, "max": 4}}, "min is 5, above autoscaling.max 4"),
    ({}, {"autoscaling": {"mode": "hpa", "cpu": 0}}, "autoscaling.mode is hpa without a target"),
    (
        {"autoscaling": {"mode": "hpa"}},
        {"resources": {"requests": {"cpu": None}}},
        "autoscaling.cpu is a share of resources.requests.cpu",
    ),
    ({}, {"pdb": {"maxUnavailable": 2}}, "pdb.maxUnavailable is 2 of 2 pods"),
    (
        {},
        {"rollout": {"progressDeadlineSeconds": 62}},
        "progressDeadlineSeconds is 62, and a pod may take 62 s",
    ),
    ({}, {"ports": {"admin": 5000}}, "ports.http and ports.admin are both 5000"),
    ({}, {"pod": {"labels": {"app.kubernetes.io/name": "x"}}}, "one of the chart's own labels"),
    (
        {},
        {"observability": {"monitor": {"labels": {"app.kubernetes.io/name": "x"}}}},
        "observability.monitor.labels.app.kubernetes.io/name is one",
    ),
    (
        {},
        {"resources": {"requests": {"memory": "0.5Gi"}}},
        "resources.requests.memory is 0.5Gi, above resources.limits.memory 256Mi",
    ),
    (
        sidecar({"requests": {"cpu": "2"}, "limits": {"cpu": "2000m"}}),
        sidecar({"requests": {"cpu": "2001m"}}),
        "sidecars.a.resources.requests.cpu is 2001m, above sidecars.a.resources.limits.cpu 2000m",
    ),
    (
        sidecar({"limits": {"cpu": "1"}}),
        {"autoscaling": {"mode": "hpa", "memory": 80}},
        "autoscaling.memory is a share of what all containers ask for, and sidecars.a",
    ),
    (toleration({"operator": "Exists"}), toleration({"operator": "Equal"}), "a has no key"),
    (toleration({"key": "k", "value": "v"}), toleration({"operator": "Exists"}), "has a value"),
    (
        toleration({"key": "k", "effect": "NoExecute", "tolerationSeconds": 5}),
        toleration({"effect": "NoSchedule"}),
        "pod.tolerations.a.tolerationSeconds means",
    ),
    ({}, {"config": {f"A{n}": "x" * 65536 for n in range(4)}}, "variables at most 256 KiB"),
    *WRONG_OBJECTS,
    *WRONG_NETWORK,
    (
        {"serviceAccount": {"annotations": {"a": "b"}}},
        {"serviceAccount": {"create": False}},
        "serviceAccount.annotations are stated",
    ),
    (
        {"observability": {"rules": {"enabled": True}}},
        {"ports": {"admin": None}},
        "observability.rules.enabled needs the kit's metrics",
    ),
    (
        {"observability": {"monitor": {"kind": "pod"}, "rules": {"enabled": True}}},
        {"observability": {"monitor": {"interval": "10m"}}},
        "observability.monitor.interval is 10m, and the alerts",
    ),
    (
        {"observability": {"monitor": {"kind": "pod"}, "rules": {"enabled": True}}},
        {"observability": {"rules": {"speed": 60}}},
        "observability.monitor.interval is 30s, and the alerts",
    ),
    (
        {"observability": {"rules": {"routing": {"team": "till"}}}},
        {"observability": {"rules": {"routing": {"severity": "low"}}}},
        "observability.rules.routing.severity is set by the chart",
    ),
    (
        {"observability": {"dashboard": {"enabled": True}}},
        {"ports": {"admin": None}},
        "observability.dashboard.enabled needs the kit's metrics",
    ),
    ({"test": {"command": ["x"]}}, {"ports": {"admin": None}}, "tested only with test.image"),
    ({}, {"test": {"image": "x:1"}}, "test.image is stated without test.command"),
    *WRONG_SHAPES,
    ({}, {"drain": None}, "drain is null or an empty block"),
    *WRONG_PROCESSES,
    *WRONG_STRANGERS,
    ({}, {"volumes": {"a": {"mountPath": "/x", "files": {"a": "x" * 260000}}}}, "files hold 260"),
    (
        {},
        {"volumes": {"a": {"mountPath": "/x", "subPath": "a/../../b", "source": {"emptyDir": {}}}}},
        "volumes.a.subPath is a/../../b",
    ),
    (PROTECTED, {"network": {"policy": False}}, "target.protected asks for a NetworkPolicy"),
    (PROTECTED, {"pdb": {"enabled": False}}, "target.protected asks for a disruption budget"),
    (PROTECTED, {"drain": 0}, "target.protected asks for a drain"),
    ({}, {"route": {"hosts": ["a.b"]}}, "route.hosts is stated, and route.mode is none"),
    ({}, {"autoscaling": {"max": 12}}, "autoscaling.max is 12, and autoscaling.mode is none"),
    (
        {},
        {"autoscaling": {"behavior": {"scaleUp": {"selectPolicy": "Max"}}}},
        "autoscaling.behavior is stated, and autoscaling.mode is none",
    ),
    ({}, {"replicas": None}, "replicas is null, and autoscaling.mode is none"),
    ({"autoscaling": {"mode": "hpa"}}, {"replicas": 5}, "replicas is 5, and autoscaling.mode is"),
    (GATEWAY, {"route": {"path": "/a//b"}}, "route.path is /a//b, and routes refuse //"),
    ({}, {"probes": {"liveness": {"path": "/health/ready"}}}, "which asks for readiness"),
    (
        {"probes": {"liveness": {"path": "/h"}, "readiness": {"path": "/h"}}},
        {"probes": {"liveness": {"failureThreshold": 1}}},
        "probes.liveness.path is probes.readiness.path, and it is no more patient",
    ),
    ({}, {"resources": {"limits": {"cpu": "500"}}}, "resources.limits.cpu is 500 processors"),
    ({}, {"resources": {"limits": {"memory": "900Ti"}}}, "resources.limits.memory is 900Ti"),
    (
        {},
        {"resources": {"requests": {"ephemeral-storage": "64k"}}},
        "resources.requests.ephemeral-storage is 64k, less than 1Mi",
    ),
    ({}, {"config": {"A": KEY}}, "config.A holds a private key in clear text"),
    ({}, {"env": {"A": "AKIA" + "A" * 16}}, "env.A holds an AWS access key in clear text"),
    ({}, {"args": ["--key", "AKIA" + "A" * 16]}, "args.1 holds an AWS access key in clear text"),
    (
        {"volumes": {"v": {"mountPath": "/v", "files": {"a": "b"}}}},
        {"volumes": {"v": {"files": {"a.pem": KEY}}}},
        "volumes.v.files.a.pem holds a private key in clear text",
    ),
    ({}, {"command": [""]}, "command begins with an empty word"),
    (
        {"labels": {"app.kubernetes.io/part-of": "x"}},
        {"labels": {"app.kubernetes.io/name": "x"}},
        "labels.app.kubernetes.io/name is one of the chart's own labels",
    ),
    ({}, process(kind="worker", env={"A": "ghp_" + "a" * 36}), "p.env.A holds a GitHub token"),
    (
        {"config": {"A": "postgres://db:5432/x", "B": "amqp://u:$(PW)@mq"}},
        {"config": {"A": "postgres://u:pw@db:5432/x"}},
        "config.A holds a password in a URL",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), CASES, ids=[case[2] for case in CASES])
def test_refused(right: Values, wrong: Values, sentence: str) -> None:
    told = refusal(over(over(SMALLEST, right), wrong))
    assert "These values cannot work together" in told
    assert sentence in told


def test_each_case_is_right_without_its_fault() -> None:
    rights = {repr(right): right for right, _, _ in CASES}
    for right in rights.values():
        assert render(over(SMALLEST, right))


def test_every_sentence_has_a_case() -> None:
    """Each line of prose in the template is told by some case."""
    patterns = [
        re.compile(".*?".join(re.escape(part) for part in re.split(MARK, sentence)))
        for sentence in sentences()
    ]
    assert len(patterns) >= 30
    told = "\n".join(refusal(over(over(SMALLEST, right), wrong)) for right, wrong, _ in CASES)
    # One asks the cluster for the Secret: tests/e2e/test_chart_release.py sees it told.
    patterns = [one for one in patterns if "is\\ not\\ in\\ the\\ namespace" not in one.pattern]
    silent = [pattern.pattern for pattern in patterns if not pattern.search(told)]
    assert silent == []


def test_all_problems_are_told_at_once() -> None:
    told = refusal(over(FOREIGN, {"route": {"mode": "gateway"}, "pdb": {"maxUnavailable": 9}}))
    assert len(re.findall(r"^- ", told, re.M)) == 3


def test_the_chart_knows_no_setting_of_a_service() -> None:
    """What a protected environment must not say, the service's own declaration says."""
    assert render(over(over(SMALLEST, PROTECTED), {"config": {"REVEAL_SECRETS": "true"}}))
    held = [file for file in CHART.rglob("*") if file.is_file() and "REVEAL" in file.read_text()]
    assert held == []


@pytest.mark.parametrize("version", ["1.29.9", "1.25.0"])
def test_an_old_kubernetes_is_refused(version: str) -> None:
    assert "kubeVersion" in refusal(SMALLEST, "--kube-version", version)


@pytest.mark.parametrize("version", ["1.30.0", "1.30.2-eks-1a2b3c", "v1.36.3+k3s1"])
def test_a_clouds_kubernetes_is_taken(version: str) -> None:
    assert render(SMALLEST, "--kube-version", version)
