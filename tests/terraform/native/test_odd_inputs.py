"""Inputs that are odd but legal are planned; those that would clash in the cluster are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.native.conftest import Run
from tests.terraform.native.test_policies import OFFLINE
from tests.terraform.test_module import ok, refused

LONGEST = "a2345678901234567890123456789012345678"
ENDPOINTS = '["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]'
MANAGED = r'mode = "managed_nodes".*max = 4'
KARPENTER = 'mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 3'
Told = Callable[..., Any]

NOTHING = {  # no service, no way to the internet, the smallest network, a private API alone
    r'cidr  = "[^"]+"': 'cidr  = "10.20.16.0/20"',
    r'nat   = "one"': f'nat = "none"\n  endpoints = {ENDPOINTS}',
    r"endpoint +=.*": "",
    r"services = .*": "",
    r"access   = .*": "",
}
LONG = {  # the longest names, in a zone that is there already, by a Gateway and by IRSA
    r'name = "dev"': f'name = "{LONGEST}"',
    MANAGED: KARPENTER,
    r"endpoint +=.*": "irsa = true",
    r'zone = \{ name = "dev.example.com", create = true \}': (
        'zone = { name = "example.com", id = "Z1" }\n  suffix = "a.b.example.com"\n'
        '  route = "gateway"\n  waf = {}'
    ),
    r"services = .*": 'services = { service-of-17-ltr = {}, plain = { namespace = "others" } }',
}


@pytest.fixture
def told(shipped: Path, bare: Run) -> Told:
    """Plan the root of dev with its values changed; return what Terraform said."""
    root = shipped / "platform" / "dev"
    (root / "offline_override.tf").write_text(OFFLINE + 'terraform {\n  backend "local" {}\n}\n')
    ok(bare(root, "init", "-input=false", "-no-color"))
    values = root / "terraform.tfvars"
    written = values.read_text()

    def plan(changes: dict[str, str]) -> Any:
        text = written
        for pattern, value in changes.items():
            text, times = re.subn(pattern, value, text)
            assert times == 1, pattern
        values.write_text(text)
        return bare(root, "plan", "-input=false", "-no-color", "-out=test.tfplan")

    return plan


def planned(told: Told, bare: Run, shipped: Path, changes: dict[str, str]) -> dict[str, Any]:
    ok(told(changes))
    shown = ok(bare(shipped / "platform" / "dev", "show", "-json", "test.tfplan"))
    return {one["address"]: one["change"]["after"] for one in json.loads(shown)["resource_changes"]}


def test_a_platform_of_nothing_is_planned(told: Told, bare: Run, shipped: Path) -> None:
    found = planned(told, bare, shipped, NOTHING)
    (reached,) = found["module.cluster.aws_eks_cluster.this"]["vpc_config"]
    assert reached["endpoint_public_access"] is False
    blocks = {one["cidr_block"] for at, one in found.items() if ".aws_subnet." in at}
    assert {block.split("/")[1] for block in blocks} == {"24", "26", "28"}
    assert not [at for at in found if "aws_nat_gateway" in at or "secretsmanager_secret" in at]


def test_a_wrong_word_is_refused_by_its_rule_alone(told: Told) -> None:
    said = refused(told({r'nat   = "one"': 'nat = "two"'}))
    assert 'nat "two" is none of none, one, per_zone' in said
    assert said.count("Error:") == 1


def test_the_longest_names_are_planned(told: Told, bare: Run, shipped: Path) -> None:
    found = planned(told, bare, shipped, LONG)
    names = {one["name"] for at, one in found.items() if ".aws_iam_role." in at}
    assert max(len(name) for name in names) == 64
    associations = [at for at in found if "aws_eks_pod_identity_association" in at]
    assert associations == [], "IRSA's way"
    assert "module.edge.aws_wafv2_web_acl.this[0]" in found


@pytest.mark.full
def test_platforms_of_one_account_have_no_name_in_common(
    told: Told, bare: Run, shipped: Path
) -> None:
    """Names that AWS wants to be an account's only ones; those within another object are not."""
    within = re.compile(r"aws_iam_role_policy\.|aws_route53_(zone|record)|aws_security_group")
    sets = []
    for name in ("dev", "dev2", "test"):
        changes = {r'name = "dev"': f'name = "{name}"', MANAGED: KARPENTER}
        found = planned(told, bare, shipped, changes)
        sets.append(
            {
                (at.split("[")[0].rsplit(".", 2)[-2], one["name"])
                for at, one in found.items()
                if one.get("name") and not within.search(at)
            }
        )
    assert all(len(one) == len(sets[0]) > 20 for one in sets)
    assert len(set.union(*sets)) == sum(map(len, sets))


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ("{ external-dns = {} }", "the namespace external-dns is not a service's"),
        ('{ hello = { namespace = "kube-system" } }', "the namespace kube-system is not"),
    ],
)
def test_a_service_where_the_cluster_s_own_live_is_refused(
    told: Told, services: str, said: str
) -> None:
    answer = refused(told({r"services = .*": f"services = {services}"}))
    assert said in " ".join(answer.replace("│", " ").split())
