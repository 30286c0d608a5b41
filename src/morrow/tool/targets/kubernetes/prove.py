"""Ask every pod which secrets it holds."""

from __future__ import annotations

import json

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.cluster.objects import NAME, names_held
from morrow.tool.cluster.site import Site
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask


def prove(site: Site) -> list[dict[str, str]]:
    """Ask every pod which secrets it holds; raise when one holds others."""
    environment, kubectl = site.environment, site.kubectl
    wanted = environment.secrets
    label = f"{NAME}={environment.name}"
    deployment = kubectl.get("deployment", environment.name)
    if deployment is None:
        raise Failure(
            problem(
                "release-missing",
                f"release {environment.name}",
                "nothing is deployed",
                environment=environment.label,
            )
        )
    found: list[dict[str, str]] = []
    wrong: list[Problem] = []
    admin = (environment.values.get("ports") or {}).get("admin")
    for pod in kubectl.json("get", "pods", "-l", label)["items"]:
        owners = pod["metadata"].get("ownerReferences") or [{}]
        if pod["metadata"].get("deletionTimestamp") or owners[0].get("kind") != "ReplicaSet":
            continue
        name = pod["metadata"]["name"]
        named = names_held(pod["spec"])["secrets"]
        told = _told(kubectl, name, int(admin)) if admin else ""
        found.append({"pod": name, "secret": named, "revision": told})
        if named != wanted.object_name or (admin and told != wanted.revision):
            cause = f"it holds {named or 'no Secret'}, and says its revision is {told or 'unknown'}"
            wrong.append(
                problem("secret-not-rolled", f"Pod {name}", cause, environment=environment.label)
            )
    if wrong:
        raise Failure(*wrong)
    return found


def _told(kubectl: Kubectl, pod: str, port: int) -> str:
    answer = ask(kubectl, f"pod/{pod}", port, "/info")
    try:
        return str(json.loads(answer.body).get("secrets_revision", ""))
    except ValueError:
        return ""
