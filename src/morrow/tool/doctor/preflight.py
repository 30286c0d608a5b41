"""What `up` checks before it touches anything."""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.cluster.namespace import find_namespace
from morrow.tool.cluster.place import place_of
from morrow.tool.doctor.cluster import image_check, kinds_check, rights_checks
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import require_supported
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.stores import secrets


def preflight(environment: Environment, kubectl: Kubectl) -> None:
    """Run the parts of `doctor` that matter most; nothing is touched before they have passed."""
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
