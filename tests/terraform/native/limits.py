"""What AWS would refuse of a plan, by botocore's models and by the pages that these leave out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml
from botocore.loaders import Loader

Resource = dict[str, Any]  # as a plan's `resource_changes` has it

OPERATIONS: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("operations.yaml").read_text()
)
# Characters that each holds, without white space: IAM's, the services' own, in their pages.
DOCUMENTS = {
    ("aws_iam_role", "assume_role_policy"): 2048,
    ("aws_iam_policy", "policy"): 6144,
    ("aws_iam_role_policy", "policy"): 10240,
    ("aws_kms_key", "policy"): 32768,
    ("aws_ecr_repository_policy", "policy"): 10240,
    ("aws_secretsmanager_secret_policy", "policy"): 20480,
}
SAID_OF_GROUPS = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")
TAG = re.compile(r"[\w .:/=+\-@]*")


@cache
def model(service: str) -> dict[str, Any]:
    """Return a service's shapes and operations."""
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return found


def by_model(resource: Resource) -> tuple[list[str], set[str]]:
    """Return what the call would refuse, and which attributes it was asked about."""
    names = dict(OPERATIONS[resource["type"]])
    service, operation = names.pop("call").split(".")
    shapes = model(service)["shapes"]
    shape = model(service)["operations"][operation]["input"]["shape"]
    look = _Look(shapes, {plain(key): plain(value) for key, value in names.items()})
    look.at(shape, resource["change"]["after"], resource["type"])
    return [f"{resource['address']}: {fault}" for fault in look.faults], look.seen


def plain(name: str) -> str:
    """Return a name without what Terraform and AWS write differently."""
    return name.replace("_", "").lower()


class _Look:
    def __init__(self, shapes: dict[str, Any], names: dict[str, str]) -> None:
        self.shapes, self.names = shapes, names
        self.faults: list[str] = []
        self.seen: set[str] = set()

    def at(self, shape: str, value: Any, path: str) -> None:
        """Compare a value with its shape, and all that is in it."""
        about = self.shapes[shape]
        if value is None or value in ([], {}, ""):  # the provider sends none of these
            return
        if about["type"] == "structure":
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):  # else a tag's value, which `written` looks at
                    self._members(about, one, path)
        elif about["type"] in ("list", "map"):
            whole = value if isinstance(value, list | dict) else [value]
            self._size(about, len(whole), path)
            inner = about.get("member") or about["value"]
            for one in whole.values() if isinstance(whole, dict) else whole:
                self.at(inner["shape"], one, path)
        else:
            self._leaf(about, value, path)

    def _members(self, about: dict[str, Any], value: dict[str, Any], path: str) -> None:
        members = {plain(name): one["shape"] for name, one in about["members"].items()}
        kind = plain(path.partition(".")[0].removeprefix("aws_"))
        for key, inner in value.items():
            name = plain(key)
            ours = (self.names.get(name, name), kind + name, f"{name}s", name.removesuffix("s"))
            found = next((members[one] for one in ours if one in members), None)
            if found:
                self.at(found, inner, f"{path}.{key}")

    def _leaf(self, about: dict[str, Any], value: Any, path: str) -> None:
        self.seen.add(path)
        if isinstance(value, bool):
            return
        self._size(about, len(value) if isinstance(value, str) else value, path)
        if "enum" in about and value not in about["enum"]:
            self.faults.append(f"{path} {value!r} is none of {about['enum']}")
        if "pattern" in about and not re.fullmatch(about["pattern"], str(value)):
            self.faults.append(f"{path} {value!r} is not {about['pattern']}")

    def _size(self, about: dict[str, Any], size: float, path: str) -> None:
        if not about.get("min", size) <= size <= about.get("max", size):
            self.faults.append(f"{path} has {size}, allowed {about.get('min')} to {about['max']}")


def by_page(resources: list[Resource]) -> list[str]:
    """Return what pages of AWS say and no model does."""
    looks = (documents, written, networks, attached)
    return [fault for look in looks for fault in look(resources)]


def documents(resources: list[Resource]) -> Iterator[str]:
    """Yield policies that are too long or not in IAM's language."""
    inline: Counter[str] = Counter()
    for one in resources:
        after = one["change"]["after"]
        for (kind, attribute), most in DOCUMENTS.items():
            text = after.get(attribute) if one["type"] == kind else None
            if text is None:
                continue
            size = len(re.sub(r"\s", "", text))
            if kind == "aws_iam_role_policy":
                inline[after["role"]] += size
            if max(size, inline[after.get("role", "")]) > most:
                yield f"{one['address']}: {size} characters, allowed {most}"
            yield from _statements(one["address"], json.loads(text)["Statement"])


def _statements(address: str, statements: list[dict[str, Any]]) -> Iterator[str]:
    sids = [one["Sid"] for one in statements if "Sid" in one]
    if len({*sids}) < len(sids) or not all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids):
        yield f"{address}: a Sid is there twice, or has more than letters and digits: {sids}"
    for one in statements:
        if any(one.get(key) == [] for key in ("Action", "Resource")):
            yield f"{address}: {one.get('Sid')} names nothing"


def written(resources: list[Resource]) -> Iterator[str]:
    """Yield descriptions, tags and ARNs with what AWS does not take in them."""
    partition = {"aws-us-gov" if "us-gov-" in json.dumps(resources) else "aws"}
    for one in resources:
        address, after = one["address"], one["change"]["after"]
        said = after.get("description")
        if "security_group" in one["type"] and said and not SAID_OF_GROUPS.fullmatch(said):
            yield f"{address}: description {said!r}"
        tags = after.get("tags_all") or {}
        for key, value in tags.items():
            if not (TAG.fullmatch(key) and TAG.fullmatch(value)) or len(value) > 256:
                yield f"{address}: tag {key}={value}"
        others = {*re.findall(r"arn:(aws[a-z-]*):", json.dumps(after))} - partition
        if others:
            yield f"{address}: an ARN of the partition {', '.join(others)}"


def networks(resources: list[Resource]) -> Iterator[str]:
    """Yield subnets that overlap, are too small or outside; and groups with too many rules."""
    ours: list[IPv4Network] = []
    whole = [
        IPv4Network(_after(one, "cidr_block")) for one in resources if one["type"] == "aws_vpc"
    ]
    for one in resources:
        if one["type"] == "aws_subnet":
            network = IPv4Network(_after(one, "cidr_block"))
            if network.prefixlen > 28 or not any(network.subnet_of(vpc) for vpc in whole):
                yield f"{one['address']}: {network} is too small or outside of the VPC"
            if any(network.overlaps(other) for other in ours):
                yield f"{one['address']}: {network} is another's"
            ours.append(network)
    rules = Counter(
        one["module_address"] for one in resources if one["type"].endswith("_ingress_rule")
    )
    yield from (
        f"{place}: {count} rules, allowed 60" for place, count in rules.items() if count > 60
    )


def attached(resources: list[Resource]) -> Iterator[str]:
    """Yield roles with more managed policies than the ten that an account allows at first."""
    attachments = (one for one in resources if one["type"] == "aws_iam_role_policy_attachment")
    roles = Counter((one.get("module_address"), _after(one, "role")) for one in attachments)
    yield from (f"{role}: {count} policies" for role, count in roles.items() if count > 10)


def _after(resource: Resource, attribute: str) -> Any:
    return resource["change"]["after"][attribute]
