"""What Kubernetes' objects say, as plain functions over their JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

Json = dict[str, Any]

NAME = "app.kubernetes.io/name"
MADE_BY = "app.kubernetes.io/managed-by"


def names_held(template: Json) -> dict[str, str]:
    """Return what a pod's specification holds: a mark of its settings, and its Secret's name."""
    found = {"config": settings_mark(template), "secrets": ""}
    for volume in template.get("volumes") or []:
        if "secret" in volume:
            found["secrets"] = volume["secret"]["secretName"]
    for container in template["containers"]:
        for source in container.get("envFrom") or []:
            if "configMapRef" in source:
                found["config"] = source["configMapRef"]["name"]
        for variable in container.get("env") or []:
            key = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if key and not found["secrets"]:
                found["secrets"] = key["name"]
    return found


def settings_mark(template: Json) -> str:
    """Return a mark of the plain settings in a pod's template: equal marks, equal settings."""
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
