"""The namespace of an environment: made when it is missing."""

from __future__ import annotations

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import MADE_BY
from morrow.tool.cluster.site import Site

LEVEL = "pod-security.kubernetes.io/enforce"


def ensure_namespace(site: Site) -> bool:
    """Make the namespace when it is missing, as `restricted`; return whether it was made."""
    name = site.environment.namespace
    if site.namespace is not None:
        return False
    labels = {LEVEL: "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    labels[MADE_BY] = "morrow"
    metadata = {"name": name, "labels": labels}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    done = site.kubectl.create(namespace)
    if done.code and "already exists" in done.err:
        return False
    if done.code:
        raise site.kubectl.failure(done)
    terminal.say(f"  namespace {name} made, Pod Security restricted")
    return True
