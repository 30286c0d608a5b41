"""Objects of one's own that stand in the way of the chart's."""

from __future__ import annotations

from tests.chart.rendering import Values

OURS = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/component": "service"}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "same"}}
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----"


def workload(kind: str, labels: Values) -> Values:
    """An object of one's own whose pods carry labels."""
    pod: Values = {"metadata": {"labels": labels}}
    spec = {"jobTemplate": {"spec": {"template": pod}}} if kind == "CronJob" else {"template": pod}
    return {"extra": {"x": {"apiVersion": "apps/v1", "kind": kind, "spec": spec}}}


def scaler(kind: str, name: str) -> Values:
    target = {"scaleTargetRef": {"name": name}}
    return {"extra": {"x": {"apiVersion": "x/v1", "kind": kind, "spec": target}}}


def budget(name: str) -> Values:
    spec = {"selector": {"matchLabels": {"app.kubernetes.io/name": name}}}
    kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    return {"extra": {"x": {**kind, "spec": spec}}}


# As in test_chart_refusals: what is right, what is wrong over it, and what must be said.
WRONG_OBJECTS: list[tuple[Values, Values, str]] = [
    ({}, {"extra": {"s": {"apiVersion": "v1", "kind": "Secret"}}}, "extra.s is a Secret"),
    ({}, {"extra": {"s": {"apiVersion": "v1", "kind": "List"}}}, "extra.s is a List"),
    ({}, {"extra": {"shop": {"apiVersion": "v1", "kind": "Service"}}}, "extra.shop is a Service"),
    (
        {"extra": {"x": {"apiVersion": "v1", "kind": "Service"}}},
        {"extra": {"x": {"metadata": {"name": "shop"}}}},
        "extra.x is a Service by the name shop, which the chart uses itself",
    ),
    ({"extra": {"a": CONFIG_MAP}}, {"extra": {"b": CONFIG_MAP}}, "b is a ConfigMap called same"),
    (
        workload("Deployment", {**OURS, "app.kubernetes.io/component": "x"}),
        workload("Deployment", OURS),
        "extra.x makes pods with the labels of the service",
    ),
    ({}, workload("CronJob", OURS), "extra.x makes pods with the labels of the service"),
    (
        {"extra": {"x": CONFIG_MAP}},
        {"extra": {"x": {"data": {"a": KEY}}}},
        "extra.x.data.a holds a private key in clear text",
    ),
    (
        scaler("HorizontalPodAutoscaler", "other"),
        scaler("HorizontalPodAutoscaler", "shop"),
        "extra.x scales the service, whose number of pods replicas sets",
    ),
    (
        scaler("ScaledObject", "other"),
        scaler("ScaledObject", "shop"),
        "extra.x scales the service",
    ),
    (budget("other"), budget("shop"), "extra.x is a second budget for the service's pods"),
]
