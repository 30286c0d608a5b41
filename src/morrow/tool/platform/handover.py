"""What a platform hands over to an environment: Terraform's output `platform` as a values file.

`morrow platform write` writes it beside the environment's own file, and `doctor` compares it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import typed
from morrow.tool.doctor.check import Check
from morrow.tool.environment.model import Environment
from morrow.tool.environment.yaml import read
from morrow.tool.platform.roots import Platform

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
        return found | {"className": route["class_name"], "annotations": dict(route["annotations"])}
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


def write(platform: Platform) -> Outcome:
    """Write environments/NAME.platform.yaml; the same output gives the same bytes."""
    project, name = platform.project, platform.name
    service = service_name(project, name)
    if not service:
        cause = "neither base.yaml nor its own file says `name`"
        hint, base = "add `name:`, the service's", str(project.environments / "base.yaml")
        raise Failure(problem("environment-value", "name", cause, file=base, hint=hint))
    contents = text(values(platform.handover(), service, platform.root), name, platform.root)
    file = place(project, name)
    shown = project.shown(file)
    if file.is_file() and file.read_text() == contents:
        done, steps = "unchanged", []
    else:
        with draft_of(file) as draft:
            draft.write_text(contents)
        done, steps = "written", ["", "next: commit it, then", f"  {typed()} plan {name}"]
    said = "\n".join([f"{done}: {shown}", *steps])
    return Outcome(said, {"platform": name, "file": shown, "result": done})


def place(project: Project, name: str) -> Path:
    """Return the file that lies between base.yaml and the environment's own."""
    return project.environments / f"{name}.platform.yaml"


def service_name(project: Project, name: str) -> str:
    """Return the service's name, which the environment's own files say; "" where none does."""
    for file in (project.environments / f"{name}.yaml", project.environments / "base.yaml"):
        stated = read(file).values.get("name") if file.is_file() else None
        if isinstance(stated, str):
            return stated
    return ""


def compare(environment: Environment) -> Iterator[Check]:
    """Yield the doctor's line: whether the written file is what the platform says now."""
    project, name = environment.project, environment.label
    platform, file = Platform(project, name), place(project, name)
    if not file.is_file() or not (platform.folder / "main.tf").is_file():
        return
    shown = project.shown(file)
    try:
        found = values(platform.handover(), environment.name, platform.root)
    except Failure as failure:
        for one in failure.problems:
            yield Check("platform", "warn", f"cannot be compared: {one.object}: {one.cause}", one)
        return
    differing = differences(read(file).values, found)
    if differing:
        cause = f"it differs from the platform in {', '.join(differing[:5])}"
        yield Check("platform", "fail", cause, problem("platform-stale", shown, cause, name=name))
    else:
        yield Check("platform", "ok", f"{shown} is what {platform.root} says")
