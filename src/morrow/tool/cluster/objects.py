"""What Kubernetes' objects say, as plain functions over their JSON."""

from __future__ import annotations

import hashlib
import json
import re
from copy import deepcopy
from datetime import UTC, datetime

from morrow.tool.base.outcome import Json

NAME = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
MADE_BY = "app.kubernetes.io/managed-by"
KEEPERS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")  # what keeps pods running
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


def spec_of(item: Json) -> Json:
    """Return what is wanted of an object."""
    return item.get("spec") or {}


def status_of(item: Json) -> Json:
    """Return what is said of an object's state."""
    return item.get("status") or {}


def template_of(owner: Json) -> Json:
    """Return what the pods of a workload, a Job or a CronJob are made from; {} of all else."""
    return spec_of(spec_of(owner).get("jobTemplate") or owner).get("template") or {}


def containers_of(pods: Json) -> list[Json]:
    """Return the containers of a pod's specification, those that start before the others first."""
    return [*(pods.get("initContainers") or []), *pods["containers"]]


def uid(item: Json) -> str:
    """Return what tells an object from all others, also of its name."""
    return str(item["metadata"].get("uid", ""))


def title(item: Json) -> str:
    """Return an object's kind and name, as messages name it."""
    return f"{item['kind']} {item['metadata']['name']}"


def is_of(item: Json, name: str) -> bool:
    """Return whether an object belongs to the release `name`, by the chart's label."""
    return labels_of(item).get(NAME) == name


def owned(items: tuple[Json, ...], owner: Json) -> list[Json]:
    """Return the items whose controller is `owner`."""
    return [
        item
        for item in items
        if any(o.get("uid") == uid(owner) for o in item["metadata"].get("ownerReferences") or [])
    ]


def observed(deployment: Json) -> bool:
    """Return whether what the Deployment's status says is about its present template."""
    seen: int = status_of(deployment).get("observedGeneration", 0)
    return seen >= int(deployment["metadata"].get("generation", 0))


def is_ending(pod: Json) -> bool:
    """Return whether a pod is being deleted."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def has_ended(pod: Json) -> bool:
    """Return whether a pod has run to its end, well or not."""
    return status_of(pod).get("phase") in ("Succeeded", "Failed")


def is_ready(pod: Json) -> bool:
    """Return whether a pod gets requests."""
    return is_true(pod, "Ready")


def wanted_of(workload: Json) -> int:
    """Return how many pods a workload is to have."""
    if workload.get("kind") == "DaemonSet":
        return int(status_of(workload).get("desiredNumberScheduled", 0))
    return int(spec_of(workload).get("replicas", 1))


def age_of(stamp: str) -> float:
    """Return the seconds since a time that Kubernetes wrote."""
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()


def event_time(event: Json) -> str:
    """Return when an event was last seen, in a form that sorts."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event.get("firstTimestamp")
        or ""
    )


def last_part(message: str) -> str:
    """Return the end of a chain of wrapped errors: there stands what really happened."""
    message = " ".join(message.split())
    return message if len(message) <= 300 else "..." + message[-300:]


def conditions_of(status: Json) -> dict[str, Json]:
    """Return the conditions of an object's status by their type."""
    return {one["type"]: one for one in status.get("conditions") or []}


def condition_of(item: Json, kind: str) -> Json:
    """Return one condition of an object; {} while nobody has said anything of it."""
    return conditions_of(status_of(item)).get(kind) or {}


def is_true(item: Json, kind: str) -> bool:
    """Return whether a condition of an object holds."""
    return bool(condition_of(item, kind).get("status") == "True")


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
