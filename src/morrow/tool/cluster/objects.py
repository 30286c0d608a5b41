"""What Kubernetes' objects say, as plain functions over their JSON."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def names_held(template: Json) -> dict[str, str]:
    """Return the ConfigMap and the Secret that a pod's specification names."""
    found = {"config": "", "secrets": ""}
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
