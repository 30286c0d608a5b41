"""The platform's roots: alike but for their values, planned without an account."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native.conftest import Run
from tests.terraform.native.documents import CARRIERS
from tests.terraform.native.test_policies import OFFLINE
from tests.terraform.test_module import refused

HERE = Path(__file__).resolve().parent
TERRAFORM = REPOSITORY / "terraform"
OWN = {"backend.tf", "terraform.tfvars"}  # what may differ from root to root


@pytest.mark.parametrize("kind", ["platform", "cluster"])
def test_roots_differ_only_in_their_values(kind: str) -> None:
    roots = [TERRAFORM / kind / name for name in ("dev", "prod")]
    files = [{file.name: file.read_text() for file in root.glob("*.tf*")} for root in roots]
    assert set(files[0]) == set(files[1])
    for name in set(files[0]) - OWN:
        assert files[0][name] == files[1][name], name
    for name in OWN:
        assert files[0][name] != files[1][name], name


def test_the_platform_s_root_is_planned_without_an_account(shipped: Path, bare: Run) -> None:
    root = shipped / "platform" / "prod"
    (root / "offline_override.tf").write_text(OFFLINE + 'terraform {\n  backend "local" {}\n}\n')
    registry = 'registry={caches={quay="quay.io"}}'
    for command in (("init",), ("plan", "-out=test.tfplan", f"-var={registry}")):
        done = bare(root, *command, "-input=false", "-no-color")
        assert done.returncode == 0, done.stderr
    plan = json.loads(bare(root, "show", "-json", "test.tfplan").stdout)
    sizing = plan["planned_values"]["outputs"]["sizing"]["value"]  # known, though nothing is made
    assert (sizing["nat_gateways"], sizing["compute"]["nodes"], sizing["waf_rules"]) == (3, 6, 4)
    guards = [c for c in plan["resource_changes"] if c["address"] == "terraform_data.guard[0]"]
    assert len(guards) == 1
    # Another platform in the account's region may keep the same registry's images.
    (cache,) = (c for c in plan["resource_changes"] if "pull_through" in c["type"])
    assert cache["change"]["after"]["ecr_repository_prefix"] == "prod/quay"
    (images,) = (c for c in plan["resource_changes"] if "policy.images" in c["address"])
    assert "repository/prod/quay/*" in images["change"]["after"]["policy"]
    # Who takes a subnet is gone before the way out of it is.
    network = plan["configuration"]["root_module"]["module_calls"]["network"]["module"]
    waits = set(network["outputs"]["subnets"]["depends_on"])
    assert {"aws_nat_gateway.this", "aws_route.private", "aws_route.public"} <= waits
    # A policy that names a key that is still to be made is the only kind that a plan cannot show.
    hidden = {
        change["address"]
        for change in plan["resource_changes"]
        if change["type"] in CARRIERS
        and change["change"]["after_unknown"].get(CARRIERS[change["type"]]) is True
    }
    assert hidden == {
        'module.identity.aws_iam_role_policy.controller["external-dns"]',
        'module.identity.aws_iam_role_policy.controller["external-secrets"]',
        'module.identity.aws_iam_role_policy.controller["load-balancer"]',
        'module.identity.aws_iam_role_policy.service["hello"]',
    }


def test_without_nat_it_warns_of_an_endpoint_that_a_controller_calls(
    shipped: Path, bare: Run
) -> None:
    root = shipped / "platform" / "dev"
    (root / "offline_override.tf").write_text(OFFLINE + 'terraform {\n  backend "local" {}\n}\n')
    assert bare(root, "init", "-input=false", "-no-color").returncode == 0
    values = root / "terraform.tfvars"
    text = values.read_text().replace(
        'mode = "managed_nodes", instance_types = ["t4g.medium"]',
        'mode = "karpenter", instance_types = ["m7g.large"]',
    )
    joins = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]

    def warned(*more: str) -> str:
        given = f'"none"\n  endpoints = {json.dumps([*joins, *more])}'
        values.write_text(text.replace('"one"', given))
        done = bare(root, "plan", "-input=false", "-no-color")
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    missing = "reaches elasticloadbalancing, secretsmanager, sqs, ssm by no endpoint"
    assert missing in " ".join(re.sub(r"[│\n]", " ", warned()).split())
    assert "by no endpoint" not in warned("elasticloadbalancing", "secretsmanager", "sqs", "ssm")


def test_inputs_that_do_not_fit_together_are_refused(shipped: Path, bare: Run) -> None:
    root = shipped.parent / "tests" / "terraform" / "native" / "refusals"
    shutil.copytree(HERE / "refusals", root)
    assert bare(root, "init", "-input=false").returncode == 0
    said = refused(bare(root, "plan", "-input=false", "-no-color"))
    assert "cluster one-zone: subnets in 1 zone(s). EKS needs two" in said
    assert "addons: coredns, eks-pod-identity-agent, kube-proxy, vpc-cni not pinned for" in said
    assert "names: a.hello.dev.example.com, hello.example.org is not covered" in said
    assert said.count("Resource precondition failed") == 3  # and nothing else is


def test_no_root_of_a_platform_needs_its_cluster() -> None:
    """A provider of a cluster that is still to be made asks localhost, or cannot reach it."""
    for root in (TERRAFORM / "platform").iterdir():
        text = "".join(file.read_text() for file in root.glob("*.tf"))
        assert re.findall(r'^provider "(\w+)"', text, re.MULTILINE) == ["aws"], root.name
    control = (TERRAFORM / "cluster" / "dev" / "main.tf").read_text()
    assert re.findall(r'^provider "(\w+)"', control, re.MULTILINE) == ["aws", "helm"]


@pytest.mark.full
@pytest.mark.parametrize("name", ["cluster", "edge"])
def test_the_modules_own_tests_of_it_pass(name: str, shipped: Path, bare: Run) -> None:
    module = shipped / "modules" / name
    assert bare(module, "init", "-input=false").returncode == 0
    done = bare(module, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    said = (module / "tests" / "preconditions.tftest.hcl").read_text()
    text = "".join(file.read_text() for file in module.glob("*.tf"))
    refusals = said.count('run "refuses') + said.count('run "warns')
    assert refusals >= len(re.findall(r"^ +precondition \{|^check ", text, re.MULTILINE))


def test_modules_are_what_they_promise() -> None:
    modules = [folder for folder in (TERRAFORM / "modules").iterdir() if folder.name != "service"]
    assert len(modules) == 8
    for module in modules:
        text = "\n".join(file.read_text() for file in module.glob("*.tf"))
        for kind in ("data", "provider", "module"):
            assert not re.search(rf'^{kind} "', text, re.MULTILINE), f"{module.name} has a {kind}"
        assert not re.search(r"\bany\b(?=[,)\n])", re.sub(r"#.*", "", text)), module.name
        for block in re.findall(r'^variable "\w+" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
            assert "  type" in block, module.name
            assert "  description" in block, module.name
    for root in TERRAFORM.glob("*/*/*.tf"):
        assert "\n  depends_on" not in "".join(
            re.findall(r'^module "\w+" \{\n.*?^\}', root.read_text(), re.MULTILINE | re.DOTALL)
        ), f"{root}: a module that waits for another reads all of its data anew"
        code = [line for line in root.read_text().splitlines() if line.split("#")[0].strip()]
        assert len(code) <= 250, root
