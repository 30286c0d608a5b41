"""The longest inputs that the rules take make nothing that AWS refuses.

Every planned value is held to botocore's model of the call that would make it (lengths, numbers,
patterns, enumerations) and to the pages for what no model says. All of it in GovCloud, so that an
ARN which says `aws` by itself is seen.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native import limits
from tests.terraform.native.conftest import Run
from tests.terraform.native.limits import Resource
from tests.terraform.native.test_policies import OFFLINE
from tests.terraform.test_module import ok

HERE = Path(__file__).resolve().parent
# What joins two ids, or is looked at by a page's rule or the table of policies.
JOINED = {
    *("aws_acm_certificate_validation", "aws_default_security_group", "aws_internet_gateway"),
    *("aws_route", "aws_route_table", "aws_route_table_association", "aws_sqs_queue_policy"),
    *("aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls"),
    *("aws_s3_bucket_policy", "aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning"),
    *("aws_s3_bucket_server_side_encryption_configuration", "aws_route53_record"),
    *("aws_vpc_endpoint_route_table_association", "aws_vpc_security_group_egress_rule"),
    *("aws_vpc_security_group_ingress_rule", "aws_wafv2_web_acl_logging_configuration"),
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, bare: Run) -> list[Resource]:
    """Plan every module with its longest inputs."""
    top = tmp_path_factory.mktemp("limits")
    root = top / "tests" / "terraform" / "native" / "limits"
    shutil.copytree(HERE / "limits", root)
    shutil.copytree(
        REPOSITORY / "terraform", top / "terraform", ignore=shutil.ignore_patterns(".terraform*")
    )
    (top / "terraform/platform/bootstrap/offline_override.tf").write_text(OFFLINE)
    for command in (("init",), ("plan", "-out=test.tfplan")):
        ok(bare(root, *command, "-input=false", "-no-color"))
    plan = json.loads(ok(bare(root, "show", "-json", "test.tfplan")))
    return [one for one in plan["resource_changes"] if one["change"]["actions"] == ["create"]]


def test_every_value_is_one_that_its_call_takes(planned: list[Resource]) -> None:
    faults, seen = [], set()
    for resource in planned:
        if resource["type"] in limits.OPERATIONS:
            wrong, asked = limits.by_model(resource)
            faults += wrong
            seen |= asked
    assert faults == []
    assert {one.partition(".")[0] for one in seen} == {*limits.OPERATIONS}
    assert len(seen) > 130


def test_no_page_of_aws_refuses_it(planned: list[Resource]) -> None:
    assert limits.by_page(planned) == []


def test_every_kind_is_looked_at(planned: list[Resource]) -> None:
    kinds = {one["type"] for one in planned}
    assert kinds - limits.OPERATIONS.keys() == JOINED


@pytest.mark.parametrize(
    ("kind", "attribute", "value"),
    [
        ("aws_iam_role", "name", "a" * 65),
        ("aws_iam_role", "description", "a → b"),
        ("aws_ecr_repository", "name", "Dev/hello"),
        ("aws_ecr_repository", "image_tag_mutability", "NEVER"),
        ("aws_eks_cluster", "name", "-dev"),
        ("aws_eks_cluster", "name", "a" * 101),
        ("aws_eks_node_group", "ami_type", "AL2024"),
        ("aws_cloudwatch_event_rule", "name", "a" * 65),
        ("aws_secretsmanager_secret", "name", "a" * 513),
        ("aws_wafv2_web_acl", "name", "a.b"),
        ("aws_wafv2_web_acl", "scope", "GLOBAL"),
        ("aws_cloudwatch_log_group", "name", "a b"),
        ("aws_kms_alias", "name", "alias/a b"),
        ("aws_acm_certificate", "domain_name", "a_b.example.com"),
    ],
)
def test_a_value_that_no_call_takes_is_seen(
    planned: list[Resource], kind: str, attribute: str, value: str
) -> None:
    spoiled = copy.deepcopy(next(one for one in planned if one["type"] == kind))
    assert limits.by_model(spoiled)[0] == []
    spoiled["change"]["after"][attribute] = value
    assert len(limits.by_model(spoiled)[0]) == 1


LONG = json.dumps({"Statement": [{"Sid": "A", "Action": ["a:b"], "Resource": ["r" * 10240]}]})
EMPTY = json.dumps({"Statement": [{"Sid": "A", "Action": ["a:b"], "Resource": []}]})


@pytest.mark.parametrize(
    ("kind", "spoiled"),
    [
        ("aws_iam_role_policy", {"policy": LONG}),
        ("aws_iam_role_policy", {"policy": EMPTY}),
        ("aws_security_group", {"description": "it's ours"}),
        ("aws_vpc", {"tags_all": {"Name": "a*b"}}),
        ("aws_subnet", {"cidr_block": "10.99.0.0/24"}),
        ("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/Some"}),
    ],
)
def test_what_a_page_refuses_is_seen(
    planned: list[Resource], kind: str, spoiled: dict[str, Any]
) -> None:
    changed = copy.deepcopy(planned)
    next(one for one in changed if one["type"] == kind)["change"]["after"].update(spoiled)
    assert len(limits.by_page(changed)) == 1
