"""What each controller may do, against what its makers publish that it needs.

What is missing would be denied in an account; what is more than that needs a reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.terraform.native.documents import listed
from tests.terraform.native.releases import MODULE, pins

HERE = Path(__file__).resolve().parent
PUBLISHED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "published.yaml").read_text())
POLICIES: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "policies.yaml").read_text())
ADDRESS = 'module.identity.aws_iam_role_policy.controller["{}"]'


def allowed(name: str) -> set[str]:
    """Return a controller's actions, as the table of policies has them."""
    return {
        action
        for statement in POLICIES[ADDRESS.format(name)]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


def faults(about: dict[str, Any], ours: set[str]) -> list[str]:
    """Name the actions that are missing, too many, or excused for nothing."""
    published = {f"{service}:{one}" for service, some in about["actions"].items() for one in some}
    without = {one for some in about["left_out"].values() for one in some}
    added = {one for some in about["added"].values() for one in some}
    found = {
        "would be denied": published - without - ours,
        "is more than is needed": ours - published - added,
        "is left out, and there or never asked": (without - published) | (without & ours),
        "is added, and not there or asked anyway": (added - ours) | (added & published),
    }
    return [f"{fault}: {one}" for fault, some in found.items() for one in sorted(some)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_controller_may_what_its_makers_say_that_it_needs(name: str) -> None:
    assert faults(PUBLISHED[name], allowed(name)) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_was_read_at_the_version_that_is_pinned(name: str) -> None:
    assert pins()[name][0] == PUBLISHED[name]["version"], "read what it needs again"


def test_karpenter_knows_the_kubernetes_that_a_cluster_gets() -> None:
    known = PUBLISHED["karpenter"]["kubernetes"]
    text = (MODULE.parent / "cluster" / "locals.tf").read_text()
    assert f'karpenter_until = "{known}"' in text, "a newer one is refused by this"
    text = (MODULE.parent / "cluster" / "variables.tf").read_text()
    default = re.search(r'variable "kubernetes_version" \{.*?default += "1\.(\d+)"', text, re.S)
    assert default
    assert int(default[1]) <= int(known.removeprefix("1."))


def test_every_controller_with_a_policy_of_ours_is_compared() -> None:
    prefix = ADDRESS.split("{")[0]
    ours = {address.split('"')[1] for address in POLICIES if address.startswith(prefix)}
    assert ours == set(PUBLISHED)


def test_a_right_too_few_and_one_too_many_are_seen() -> None:
    about, ours = PUBLISHED["external-dns"], allowed("external-dns")
    lost = "route53:ListHostedZones"
    assert faults(about, ours - {lost}) == [f"would be denied: {lost}"]
    more = "route53:DeleteHostedZone"
    assert faults(about, ours | {more}) == [f"is more than is needed: {more}"]
    asked = "route53:ListTagsForResources"
    assert len(faults(about, ours | {asked})) == 1
