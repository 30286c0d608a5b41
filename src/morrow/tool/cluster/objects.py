"""What Kubernetes' objects say, as plain functions over their JSON."""

from __future__ import annotations

import hashlib
import json
import re
from copy import deepcopy

from morrow.tool.base.outcome import Json

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
MADE_BY = "app.kubernetes.io/managed-by"
TASK = "morrow-task"  # the component of what `morrow task` runs: no part of a release

HOOK = "helm.sh/hook"  # what has it runs at a step of the release, and is no part of it
# Helm's notes on what it makes.
RELEASE = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"


def labels_of(item: Json) -> dict[str, str]:
    """Return an object's labels, none where it has no such table."""
    return item["metadata"].get("labels") or {}


def annotations_of(item: Json) -> dict[str, str]:
    """Return an object's annotations, none where it has no such table."""
    return item["metadata"].get("annotations") or {}


def is_kept(item: Json) -> bool:
    """Return whether Helm leaves the object in place when its release goes."""
    return annotations_of(item).get("helm.sh/resource-policy") == "keep"


def conditions_of(status: Json) -> dict[str, Json]:
    """Return the conditions of an object's status by their type."""
    return {one["type"]: one for one in status.get("conditions") or []}


def plural(kind: str) -> str:
    """Return a kind's resource, as all kinds of the chart are named."""
    name = kind.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def condition_text(condition: Json) -> str:
    """Return what a condition says, its controller's own words last."""
    text = f"{condition['type']} is {condition['status']}, {condition.get('reason')}"
    return f"{text}: {condition['message']}" if condition.get("message") else text


def owned_by_helm(item: Json, release: str, namespace: str) -> Json:
    """Return an object with the marks that Helm adds to what it applies."""
    marked = deepcopy(item)
    metadata = marked.setdefault("metadata", {})
    notes = {RELEASE: release, RELEASE_NAMESPACE: namespace}
    metadata["labels"] = {**(metadata.get("labels") or {}), MADE_BY: "Helm"}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **notes}
    return marked


def parse(manifest: str) -> list[Json]:
    """Return the objects of a manifest; documents that are empty are left out."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    objects = []
    for document in yaml.load_all(manifest, loader):
        if not document:
            continue
        items = document.get("items", []) if document.get("kind") == "List" else [document]
        # Dates that a manifest leaves unquoted are text to Kubernetes.
        objects += [json.loads(json.dumps(one, default=str)) for one in items]
    return objects


def names_held(template: Json) -> dict[str, str]:
    """Return what a pod's specification holds: a mark of its settings, and its Secret's name."""
    names = {"config": settings_mark(template), "secrets": ""}
    for volume in template.get("volumes") or []:
        if "secret" in volume:
            names["secrets"] = volume["secret"]["secretName"]
    for container in template["containers"]:
        for source in container.get("envFrom") or []:
            if "configMapRef" in source:
                names["config"] = source["configMapRef"]["name"]
        for variable in container.get("env") or []:
            key = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if key and not names["secrets"]:
                names["secrets"] = key["name"]
    return names


def settings_mark(template: Json) -> str:
    """Return a hash of the plain settings in a pod's template."""
    variables = template["containers"][0].get("env") or []
    plain = {
        one["name"]: one.get("value", "")
        for one in variables
        if "valueFrom" not in one and not one["name"].startswith("MORROW_")
    }
    text = json.dumps(plain, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10] if plain else ""


def with_settings(template: Json, change: dict[str, str]) -> Json:
    """Return a pod's template whose service has other settings."""
    own, *others = template["spec"]["containers"]
    kept = [one for one in own.get("env") or [] if one["name"] not in change]
    env = [*kept, *({"name": name, "value": value} for name, value in change.items())]
    return {**template, "spec": {**template["spec"], "containers": [{**own, "env": env}, *others]}}


_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3}
_UNITS |= {unit: 1000.0**power for power, unit in enumerate("kMGTPE", 1)}
_UNITS |= {f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", 1)}


def quantity(text: str) -> float:
    """Return a Kubernetes quantity as a number."""
    parts = re.fullmatch(r"([\d.]+(?:[eE][-+]?\d+)?)([a-zA-Z]*)", text.strip())
    if parts is None:
        return 0.0
    return float(parts[1]) * _UNITS.get(parts[2], 1)
