"""Everything that the fake holds, as one set of words: what is new or left shows by comparing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from tests.terraform.aws.fake.state import ACCOUNT, Region

# Made before the first look, so that an account's own defaults (VPC, keys) count as old.
SERVICES = (
    *("acm", "ec2", "ecr", "elbv2", "events", "kms", "logs", "secretsmanager", "sqs", "ssm"),
    *("autoscaling", "cloudwatch", "sns", "wafv2"),
)
# What nobody made: AWS's own policies (in every partition), and notes that moto keeps of tags
# when their resource has gone.
NOTHING = {("iam", "aws_managed_policies"), ("iam", "managed_policies"), ("ec2", "tags")}
GLOBAL = ("iam", "route53", "s3", "sts")


def prepare(regions: list[str]) -> None:
    """Make the backends of the regions in use."""
    for region in regions:
        for service in SERVICES:
            get_backend(service)[ACCOUNT][region]
    for service in GLOBAL:
        get_backend(service)[ACCOUNT]["aws"]


def everything(regions: dict[str, Region]) -> list[str]:
    """Name all that there is: service/region/collection/key…"""
    found = set(_of_eks(regions))
    for backends in list(BackendDict._instances):
        for account in list(backends.values()):
            for region, backend in list(account.items()):
                service = type(backend).__module__.split(".")[1]
                if service == "iam":
                    own = [one for one in backend.managed_policies if ":iam::aws:" not in one]
                    found |= {f"iam/{region}/policies/{arn}" for arn in own}
                for name, value in vars(backend).items():
                    if (service, name) not in NOTHING:
                        found |= set(_words(f"{service}/{region}/{name}", value, 2))
    return sorted(found)


def _words(path: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if depth > 1 and isinstance(inner, dict):
                yield from _words(f"{path}/{key}", inner, depth - 1)
            else:
                yield f"{path}/{key}{_state(inner)}"
    elif isinstance(value, list | set | tuple) and value and depth == 2:
        for inner in value:
            name = getattr(inner, "id", None) or getattr(inner, "name", None) or str(inner)[:80]
            yield f"{path}/{name}"


def _state(thing: Any) -> str:
    """Say of a thing that AWS keeps for a while that it is going."""
    if getattr(thing, "deleted_date", None):  # a secret in its window
        return " (deleted)"
    state = getattr(thing, "key_state", None) or getattr(thing, "state", None)
    if isinstance(state, str) and state.lower() in ("pendingdeletion", "deleted", "terminated"):
        return f" ({state})"
    return ""


def _of_eks(regions: dict[str, Region]) -> Iterator[str]:
    for region in regions.values():
        for cluster in region.clusters.values():
            yield f"eks/{region.name}/clusters/{cluster.name}"
            for kind in ("groups", "addons", "entries", "associations", "profiles", "providers"):
                for key in getattr(cluster, kind):
                    yield f"eks/{region.name}/{kind}/{cluster.name}/{key}"
