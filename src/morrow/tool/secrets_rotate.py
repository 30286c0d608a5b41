"""A new revision of an environment's secrets: the Secret, its line in the file, the proof."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

from morrow.tool import secrets
from morrow.tool.environment import Environment
from morrow.tool.environment_yaml import read
from morrow.tool.errors import Failure, Problem, problem
from morrow.tool.kubectl import Kubectl
from morrow.tool.target_kubernetes import names_held
from morrow.tool.target_kubernetes_ask import ask
from morrow.tool.terminal import terminal


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
    """Put the revision into the environment's own file; every other byte stays."""
    file = environment.file
    text = file.read_text()
    changed = edited(text, revision)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(changed)
    before, after = read(file).values, read(draft).values
    table = {**(before.get("secrets") or {}), "revision": revision}
    if after != {**before, "secrets": table}:
        draft.unlink()
        cause = "its `secrets:` is written in a way that cannot be edited safely"
        shown = environment.shown(file)
        hint = f'secrets.revision: "{revision}"'
        raise Failure(problem("environment-value", shown, cause, file=shown, hint=hint))
    draft.chmod(file.stat().st_mode)
    draft.replace(file)
    terminal.say(f'  {environment.shown(file)}: secrets.revision: "{revision}"')


def edited(text: str, revision: str) -> str:
    """Return the text of a values file with that secrets.revision."""
    flow = re.search(r"^secrets:\s*\{(?P<body>[^}]*)\}", text, re.MULTILINE)
    if flow:
        body, count = re.subn(r"(\brevision:\s*)[^,}\s]+", rf'\g<1>"{revision}"', flow["body"])
        if not count:
            body = (
                f'{body.rstrip()}, revision: "{revision}"'
                if body.strip()
                else (f'revision: "{revision}"')
            )
        return text[: flow.start("body")] + body + text[flow.end("body") :]
    block = re.search(
        r"^secrets:[ \t]*(#.*)?\n(?P<body>([ \t]+.*\n?|[ \t]*#.*\n?|\n)*)", text, re.MULTILINE
    )
    if block:
        pattern = r"^([ \t]+revision:[ \t]*)(\"[^\"]*\"|'[^']*'|[^\s#]+)"
        body, count = re.subn(pattern, rf'\g<1>"{revision}"', block["body"], flags=re.MULTILINE)
        if not count:
            indent = re.match(r"[ \t]*", block["body"].lstrip("\n"))
            body = f'{indent[0] if indent else "  "}revision: "{revision}"\n{block["body"]}'
        return text[: block.start("body")] + body + text[block.end("body") :]
    return f'{text.rstrip()}\nsecrets:\n  revision: "{revision}"\n'


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
