"""What a platform hands over to an environment: Terraform's output `platform` as a values file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from morrow.tool.base.errors import Failure, problem

SCHEMA = 1
HEAD = """\
# Written by `morrow platform write {name}` from the output `platform` of {root}. Do not edit:
# what differs for {name} belongs in {name}.yaml, which is laid over this file.
"""


def values(platform: object, service: str, root: str) -> dict[str, Any]:
    """Return the environment's values of one service."""
    if not isinstance(platform, dict) or platform.get("schema") != SCHEMA:
        schema = platform.get("schema") if isinstance(platform, dict) else None
        cause = f"its output `platform` has schema {schema}, this tool reads {SCHEMA}"
        raise Failure(problem("platform-output", root, cause, output="platform"))
    services: Mapping[str, Any] = platform["services"]
    if service not in services:
        known = ", ".join(sorted(services)) or "none"
        cause = f"it knows {known}"
        raise Failure(
            problem("platform-service", f"service {service}", cause, root=root, service=service)
        )
    own = services[service]
    cluster = platform["cluster"]
    found: dict[str, Any] = {"target": {"context": cluster["context"], "server": cluster["server"]}}
    if own.get("namespace"):
        found["target"]["namespace"] = own["namespace"]
    if own.get("repository"):
        found["image"] = {"repository": own["repository"]}
    if own.get("role_arn"):  # by IRSA, whose mark the account must carry
        mark = {"eks.amazonaws.com/role-arn": own["role_arn"]}
        found["serviceAccount"] = {"annotations": mark}
    found["route"] = _route(platform["route"], own.get("host"))
    cidrs = platform["route"].get("ingress_cidrs")
    if cidrs:
        found["network"] = {"ingress": {"cidrs": dict(cidrs)}}
    if own.get("secret"):
        store = platform["secrets"]
        found["secrets"] = {
            "provider": store["provider"],
            "external": {
                "store": store["store"],
                "storeKind": store["store_kind"],
                "key": own["secret"],
            },
        }
    return found


def _route(route: Mapping[str, Any], host: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"mode": route["mode"], "hosts": [host] if host else []}
    if route["mode"] == "ingress":
        return found | {
            "className": route["class_name"],
            "annotations": dict(route["annotations"]),
        }
    return found | {"gateway": dict(route["gateway"])}


def text(contents: Mapping[str, Any], name: str, root: str) -> str:
    """Return the file: the same values give the same bytes."""
    import yaml

    body = yaml.safe_dump(dict(contents), sort_keys=True, default_flow_style=False, width=1000)
    return HEAD.format(name=name, root=root) + body


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "") -> list[str]:
    """Name the values that differ."""
    found = []
    for key in sorted({*there, *wanted}):
        at = f"{path}.{key}" if path else str(key)
        one, other = there.get(key), wanted.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += differences(one, other, at)
        elif one != other:
            found.append(at)
    return found
