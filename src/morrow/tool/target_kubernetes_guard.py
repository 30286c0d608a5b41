"""What `up` checks before it touches anything, and the namespace that it needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from morrow.tool.errors import Failure, problem
from morrow.tool.helm import Helm, require_supported
from morrow.tool.kubectl import Kubectl
from morrow.tool.terminal import terminal, typed

if TYPE_CHECKING:
    from morrow.tool.environment import Environment

LEVEL = "pod-security.kubernetes.io/enforce"
MADE_BY = "app.kubernetes.io/managed-by"


def guard(environment: Environment, confirm: str | None, command: str) -> str | None:
    """Change a protected environment only when its name is given; ask for it, and return it."""
    if not environment.protected:
        return confirm
    if environment.kind == "kubernetes":
        require_server(environment, Kubectl.of(environment))
    if confirm is None and terminal.interactive:
        terminal.say(
            f"{environment.label} is protected: {environment.context}, {environment.image}"
        )
        confirm = click.prompt(f"Type its name to go on ({environment.label})", err=True)
    if confirm != environment.label:
        said = f"{confirm!r} was given" if confirm else "nobody can be asked here"
        raise Failure(
            problem(
                "confirm-needed",
                environment.label,
                f"the environment is protected, and {said}",
                command=f"{typed()} {command}",
                environment=environment.label,
            )
        )
    return confirm


def preflight(environment: Environment, kubectl: Kubectl) -> None:
    """Run the parts of `doctor` that matter most; nothing is touched before they have passed."""
    from morrow.tool import secrets
    from morrow.tool.doctor_cluster import image_check, kinds_check, rights_checks
    from morrow.tool.target_kubernetes_apply import place_of

    if environment.delivery == "helm":
        require_supported()
    namespace = find_namespace(environment, kubectl)
    if namespace and namespace["metadata"].get("deletionTimestamp"):
        name = environment.namespace
        problem = place_of(environment).problem(
            "namespace-terminating", f"namespace {name}", "it is being deleted", what=name
        )
        raise Failure(problem, refused=True)
    lines = [
        *rights_checks(environment, kubectl),
        *kinds_check(environment, kubectl),
        image_check(environment),
    ]
    wrong = [found for _, state, _, found in lines if state == "fail" and found is not None]
    if wrong:
        raise Failure(*wrong, refused=True)
    if environment.secrets.keys:
        secrets.require_complete(environment, kubectl)


def require_server(environment: Environment, kubectl: Kubectl) -> None:
    """Refuse when the context leads to another cluster than the file says."""
    stated = str(environment.target.get("server") or "")
    view = ("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    found = kubectl.check(*view).strip()
    if stated == found:
        return
    where = environment.place("target", "server")
    cause = f"the context {environment.context} leads to {found}"
    cause += f", the file says {stated}" if stated else ", and the file does not say whether it may"
    file = environment.shown(environment.file)
    raise Failure(problem("server-unconfirmed", where, cause, file=file, server=found))


def find_namespace(environment: Environment, kubectl: Kubectl) -> dict[str, Any] | None:
    """Return the namespace; {} for one that we may not look at, but may well use."""
    try:
        return kubectl.get("namespace", environment.namespace)
    except Failure as failure:
        if failure.problems[0].code != "access-denied":
            raise
        return {}


def ensure_namespace(environment: Environment, kubectl: Kubectl) -> bool:
    """Make the namespace when it is missing, `restricted`; whether it was made."""
    name = environment.namespace
    if find_namespace(environment, kubectl) is not None:
        return False
    labels = {LEVEL: "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    labels[MADE_BY] = "morrow"
    metadata = {"name": name, "labels": labels}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    done = kubectl.run("create", "--validate=false", "-f", "-", input=json.dumps(made))
    if done.code and "already exists" in done.err:
        return False
    if done.code:
        raise kubectl.failure(done)
    terminal.say(f"  namespace {name} made, Pod Security restricted")
    return True


def pending(environment: Environment) -> str:
    """Return "pending-upgrade", … when an earlier command left the release half-way."""
    history = Helm.of(environment).history(environment.name)
    return history[-1].status if history and history[-1].status.startswith("pending") else ""
