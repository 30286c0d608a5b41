"""What deserves attention in a plan, though it is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from morrow.tool.environment.model import Environment
from morrow.tool.plan.inputs import Inputs

if TYPE_CHECKING:
    from morrow.tool.plan.model import ObjectChange


def warnings(
    environment: Environment, inputs: Inputs, changes: Iterable[ObjectChange]
) -> Iterator[str]:
    """Name them, one sentence each."""
    yield from _deployments(inputs)
    if not environment.value("image", "digest"):
        yield f"the image {environment.image} has no digest: the tag can come to mean another one"
    store = environment.value("secrets", "external", "store")
    provider = environment.secrets.provider
    if store and provider != "external":
        yield (
            f"nothing is read from the SecretStore {store}: secrets.provider is {provider}"
            f" (morrow secrets move {environment.label} --to external)"
        )
    yield from _changes(changes)


def _deployments(inputs: Inputs) -> Iterator[str]:
    """Name what loses requests at a restart or a rollout."""
    autoscaled = {
        item["spec"]["scaleTargetRef"]["name"]: item["spec"]
        for key, item in inputs.new.items()
        if key.kind == "HorizontalPodAutoscaler"
    }
    for key, item in inputs.new.items():
        if key.kind != "Deployment":
            continue
        spec = item.get("spec", {})
        scaler = autoscaled.get(key.name)
        floor = scaler.get("minReplicas", 1) if scaler else spec.get("replicas", 1)
        if floor == 1:
            yield f"{key}: one replica: a restart, a drain or a rollout can lose requests"
        was = inputs.old.get(key, {}).get("spec", {})
        if scaler and "replicas" in was and "replicas" not in spec:
            now = inputs.live.get(key, {}).get("spec", {}).get("replicas", was["replicas"])
            yield (
                f"{key}: the autoscaler takes over: Helm removes `replicas`, so the Deployment"
                f" falls from {now} to 1 until it sets at least {floor}"
            )
        if spec.get("strategy", {}).get("type") == "Recreate":
            yield f"{key}: strategy Recreate: nothing serves between the old pods and the new"


def _changes(changes: Iterable[ObjectChange]) -> Iterator[str]:
    """Name what cuts connections, or is gone for good."""
    cutting = ("spec.ports", "spec.selector", "spec.type")
    for change in changes:
        cuts = any(one.field.startswith(cutting) for one in change.fields)
        if cuts and change.key.kind == "Service" and change.action == "update":
            yield f"{change.key}: who connects by the old ports or type loses the connection"
        if change.action == "delete" and change.key.kind != "ConfigMap":
            yield f"{change.key} is removed"
