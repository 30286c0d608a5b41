"""What a plan must not take away unless it is said by address.

A cluster, a network, a key, a zone, a bucket, a repository or a secret that is deleted takes with
it what cannot be made again. Terraform's own guard (`prevent_destroy`) cannot be lifted for one
plan; this one can.
"""

from __future__ import annotations

from collections.abc import Iterable

from morrow.tool.base.errors import Problem, problem
from morrow.tool.programs.terraform_json import Change

PROTECTED = {
    "aws_eks_cluster": "cluster",
    "aws_vpc": "network",
    "aws_kms_key": "key",
    "aws_route53_zone": "zone",
    "aws_s3_bucket": "bucket",
    "aws_ecr_repository": "repository",
    "aws_secretsmanager_secret": "secret",
}
WORDS = {"delete": "deletes", "replace": "replaces"}


def refused(changes: Iterable[Change], allowed: Iterable[str], environment: str) -> list[Problem]:
    """Return a problem for each change that is not allowed, and each permission for nothing."""
    wrong, given = [], set(allowed)
    for change in changes:
        if change.kind not in PROTECTED:
            continue
        if change.begun:  # an apply that was cut off had begun it: it holds nothing yet
            given.discard(change.address)
            continue
        if change.action in WORDS and change.address in given:
            given.remove(change.address)
        elif change.action in WORDS:
            wrong.append(
                problem(
                    "platform-guarded",
                    change.address,
                    f"the plan {WORDS[change.action]} a {PROTECTED[change.kind]}",
                    details=_because(change),
                    environment=environment,
                )
            )
        if change.kind == "aws_eks_cluster" and _leaves_auto_mode(change):
            cause = "the plan switches Auto Mode off; nobody has seen that end well"
            wrong.append(
                problem("platform-auto-mode", change.address, cause, environment=environment)
            )
    for address in sorted(given):
        cause = "the plan neither deletes nor replaces it"
        wrong.append(problem("platform-allowed", address, cause, environment=environment))
    return wrong


def _because(change: Change) -> tuple[str, ...]:
    if change.action != "replace":
        return ()
    return tuple(f"changes: {field.name}" for field in change.fields[:5])


def _leaves_auto_mode(change: Change) -> bool:
    return change.action == "update" and _auto(change.before) and not _auto(change.after)


def _auto(state: dict[str, object]) -> bool:
    blocks = state.get("compute_config")
    return bool(isinstance(blocks, list) and blocks and blocks[0].get("enabled"))
