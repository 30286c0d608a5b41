"""A new revision of an environment's secrets: the Secret, its line in the file, the proof."""

from __future__ import annotations

import json
from collections.abc import Mapping

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import names_held
from morrow.tool.environment import edit as environment_edit
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask
from morrow.tool.stores import secrets


def next_revision(environment: Environment, kubectl: Kubectl) -> str:
    """Return the first free revision after the present one."""
    present = environment.secrets.revision
    number = int(present) if present.isdigit() else 0
    stem = "" if present.isdigit() or not present else f"{present}-"
    while True:
        number += 1
        revision = f"{stem}{number}"
        if environment.secrets.provider == "existing" or not kubectl.get(
            "secret", secret_name(environment, revision)
        ):
            return revision


def secret_name(environment: Environment, revision: str) -> str:
    """Return the name of the Secret of another revision."""
    wanted = environment.secrets
    if wanted.provider == "existing":
        return wanted.object_name
    return f"{wanted.name or environment.name}-{revision}"


def make_revision(
    environment: Environment, kubectl: Kubectl, revision: str, given: Mapping[str, bytes]
) -> None:
    """Make the next Secret: what is given, what the present one holds, else a random value."""
    held = secrets.made(kubectl, environment.secrets.object_name) or {}
    values = {key: held.get(key) or secrets.fresh() for key in environment.secrets.keys}
    name = secret_name(environment, revision)
    secrets.create(environment, kubectl, name, {**values, **given})
    terminal.say(f"  Secret {name} made")


def write_revision(environment: Environment, revision: str) -> None:
    """Put the revision into the environment's own file."""
    environment_edit.write(environment, "secrets", "revision", revision)
    shown = environment.shown(environment.file)
    terminal.say(f'  {shown}: secrets.revision: "{revision}"')


def prove(environment: Environment, kubectl: Kubectl) -> list[dict[str, str]]:
    """Ask every pod which secrets it holds; raise when one holds others."""
    wanted = environment.secrets
    label = f"{secrets.NAME}={environment.name}"
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
