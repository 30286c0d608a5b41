"""The namespace of an environment: found, or made when it is missing."""

from __future__ import annotations

import json
from typing import Any

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl

LEVEL = "pod-security.kubernetes.io/enforce"


MADE_BY = "app.kubernetes.io/managed-by"


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
