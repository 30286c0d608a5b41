"""`morrow platform` with a real Terraform and a root that needs no account.

The root is made of Terraform's own `terraform_data`, so it says nothing of AWS: the roots that the
repository ships are applied in tests/terraform/aws. Here the command is tried: what it prints, how
it ends, what it writes and what it refuses.
"""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.fixtures import REPOSITORY
from tests.unit.frame.skips import cannot
from tests.unit.tool.command import Told, morrow
from tools.environments import BASE_PYTHON

ROOT = """\
terraform {
  backend "local" {}
}
variable "protected" {
  type    = bool
  default = false
}
variable "nodes" {
  type    = number
  default = 2
}
variable "size" {
  type    = string
  default = "a"
}
resource "terraform_data" "thing" {
  input = var.nodes
}
output "platform" {
  value = jsondecode(file("${path.module}/platform.json"))
}
output "sizing" {
  value = {
    schema = 1, region = "us-east-1", kubernetes_version = "1.34", zones = 2
    compute = {
      mode = "managed_nodes", instance_type = "t4g.medium", nodes = var.nodes, disk_gb = 50
    }
    nat_gateways = 1, endpoints = 0, keys = 2, secrets = 6, hosted_zones = 1, waf_rules = null
    usage = { load_balancers = 1, nat_gb = 20, log_gb = 5, image_gb = 5, out_gb = 10 }
  }
}
"""
PLATFORM: dict[str, Any] = {
    "schema": 1,
    "name": "dev",
    "aws": {"account": "123456789012", "region": "us-east-1", "partition": "aws"},
    "compute": {"mode": "managed_nodes", "karpenter": None},
    "cluster": {
        "name": "dev",
        "version": "1.34",
        "context": "arn:aws:eks:us-east-1:123456789012:cluster/dev",
        "server": "https://dev.example.com",
    },
    "route": {
        "mode": "ingress",
        "class_name": "alb",
        "gateway": {"name": "public", "namespace": "gateway"},
        "annotations": {},
        "ingress_cidrs": {},
    },
    "secrets": {"provider": "external", "store": "platform", "store_kind": "ClusterSecretStore"},
    "services": {
        "hello": {"namespace": "hello", "host": "hello.example.com", "secret": None}
        | {"repository": "123456789012.dkr.ecr.us-east-1.amazonaws.com/dev/hello"}
    },
}
# Answers what the command asks of the account; the real program is tried in tests/terraform/aws.
AWS = """#!{python}
import json, sys
words = sys.argv[1:]
if words[:2] == ["eks", "describe-cluster"]:
    print(json.dumps({{"cluster": {{"status": "ACTIVE", "version": "1.34"}}}}))
elif words[:2] == ["eks", "describe-cluster-versions"]:
    version = {{"endOfStandardSupportDate": "2026-12-02T00:00:00"}}
    print(json.dumps({{"clusterVersions": [version]}}))
else:
    sys.exit("ExpiredToken: the token is old")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    if shutil.which("terraform") is None:
        cannot("morrow platform", "it is not on PATH", "terraform")
    root = tmp_path / "terraform" / "platform" / "dev"
    root.mkdir(parents=True)
    (root / "main.tf").write_text(ROOT)
    (root / "terraform.tfvars").write_text("# `morrow platform plan dev`\n")
    (root / "platform.json").write_text(json.dumps(PLATFORM))
    folder = tmp_path / "environments"
    folder.mkdir()
    (tmp_path / "pyproject.toml").write_text(f'[tool.morrow]\nchart = "{REPOSITORY / "chart"}"\n')
    (folder / "base.yaml").write_text("name: hello\nimage: {repository: example.com/hello}\n")
    (folder / "dev.yaml").write_text("environment: dev\ntarget: {kind: kubernetes}\n")
    aws = tmp_path / "aws"
    aws.write_text(AWS.format(python=BASE_PYTHON))
    aws.chmod(aws.stat().st_mode | stat.S_IEXEC)
    return tmp_path


def platform(project: Path, *words: str, **variables: str) -> Told:
    """Run it without an address of the Terraform registry: the root needs no provider."""
    variables = {"MORROW_AWS": str(project / "aws"), "TF_CLI_CONFIG_FILE": "", **variables}
    return morrow("platform", *words, folder=project, **variables)


def test_from_plan_to_the_environments_file(project: Path) -> None:
    told = platform(project, "plan", "dev", "--detailed-exitcode")
    assert told.code == 2, told.err
    assert "handover: 1 to create" in told.out
    assert "a month: 199.99 USD at list prices of 2026-11-28" in told.out
    assert "49.06  2 of t4g.medium" in told.out
    assert "2.40~ 6 secrets" in told.out
    assert "leaves standard support on 2026-12-02" in told.err

    assert platform(project, "status", "dev").code == 1, "nothing was made"
    told = platform(project, "write", "dev", "--json")
    assert (told.code, told.problem["code"]) == (2, "platform-down")

    told = platform(project, "up", "dev")
    assert told.code == 0, told.err
    assert "a month: 199.99 USD" in told.err, "the price is said before anything is made"
    file = project / "environments" / "dev.platform.yaml"
    assert "written: environments/dev.platform.yaml" in told.out
    file.unlink()
    assert platform(project, "plan", "dev", "--detailed-exitcode").code == 0

    told = platform(project, "plan", "dev", "--json", TF_VAR_nodes="3")
    assert told.answer["difference_usd"] == 28.52  # 73.58 + 150 x 0.08, each to the cent
    assert told.answer["groups"] == [
        {
            "group": "handover",
            "counts": {"update": 1},
            "changes": [
                {
                    "address": "terraform_data.thing",
                    "type": "terraform_data",
                    "action": "update",
                }
            ],
        }
    ]

    told = platform(project, "write", "dev")
    assert told.code == 0, told.err
    first = file.read_bytes()
    assert b"context: arn:aws:eks:us-east-1:123456789012:cluster/dev" in first
    assert platform(project, "write", "dev", "--json").answer["result"] == "unchanged"
    assert file.read_bytes() == first
    shown = morrow("env", "show", "dev", "--json", folder=project)
    origin = shown.answer["origin"]["image.repository"]
    assert origin.startswith("environments/dev.platform.yaml:")

    told = platform(project, "status", "dev", "--json")
    assert (told.code, told.answer["standard_support_ends"]) == (0, "2026-12-02")

    told = platform(project, "down", "dev", "--json")
    assert (told.code, told.problem["code"]) == (2, "confirm-needed")


def test_a_protected_platform_asks_for_its_name(project: Path) -> None:
    told = platform(project, "up", "dev", "--json", TF_VAR_protected="true")
    assert (told.code, told.problem["code"]) == (2, "confirm-needed")
    assert not (project / "terraform" / "platform" / "dev" / "terraform.tfstate").exists()
    told = platform(project, "up", "dev", "--confirm", "dev", TF_VAR_protected="true")
    assert told.code == 0, told.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan", "nowhere"), 2, "platform-missing"),
        (("up", "dev", "--allow-replace", "module.x"), 2, "platform-allowed"),
        (("plan", "dev", "--allow-replace", "module.x"), 2, "platform-allowed"),
        (("plan", "dev", "--detailed-exitcode", "--allow-replace", "x"), 1, "platform-allowed"),
    ],
)
def test_what_is_refused(project: Path, words: tuple[str, ...], code: int, said: str) -> None:
    told = platform(project, *words, "--json")
    assert told.code == code
    assert [one["code"] for one in told.answer["problems"]] == [said]
    assert not (project / "terraform" / "platform" / "dev" / "terraform.tfstate").exists()


def test_keys_that_terraform_would_leave_out_are_refused_before_it_runs(project: Path) -> None:
    values = project / "terraform" / "platform" / "dev" / "terraform.tfvars"
    values.write_text("protected = false\nprotectd = true\n")
    told = platform(project, "up", "dev", "--json")
    assert (told.code, told.problem["code"]) == (2, "terraform-key-unknown")
    assert told.problem["object"] == "terraform/platform/dev/terraform.tfvars:2"
    assert not (values.parent / ".terraform").exists(), "Terraform was not asked"
    values.write_text("protected = false\nnodes = \n")
    assert platform(project, "plan", "dev", "--json").problem["code"] == "terraform-input"


def test_a_name_that_is_none_is_refused_with_the_one_that_is_near(project: Path) -> None:
    for name in ("DEV", "deev", "../dev", ""):
        told = platform(project, "plan", name, "--json")
        assert (told.code, told.problem["code"]) == (2, "platform-missing")
        assert ("did you mean 'dev'?" in told.problem["cause"]) == bool(name), name
    wrong = morrow("env", "new", "Prod", "--on", "aws", "--json", folder=project)
    assert wrong.problem["fix"].endswith("env new prod --on aws")


def test_a_platform_without_the_service_names_those_that_it_has(project: Path) -> None:
    assert platform(project, "up", "dev").code == 0
    base = project / "environments" / "base.yaml"
    base.write_text("name: other\nimage: {repository: example.com/other}\n")
    told = platform(project, "write", "dev", "--json")
    assert told.problem["code"] == "platform-service"
    assert told.problem["cause"] == "it knows hello"


def test_a_new_environment_on_aws_gets_its_file_and_its_roots(project: Path) -> None:
    made = morrow("env", "new", "live", "--on", "aws", "--json", folder=project)
    assert made.code == 0, made.err
    assert made.answer["made"] == [
        "environments/live.yaml",
        "terraform/platform/live/main.tf",
        "terraform/platform/live/platform.json",
        "terraform/platform/live/terraform.tfvars",
    ]
    root = project / "terraform" / "platform" / "live"
    assert (root / "terraform.tfvars").read_text() == "# `morrow platform plan live`\n"
    again = morrow("env", "new", "live", "--on", "aws", "--json", folder=project)
    assert (again.code, again.problem["code"]) == (2, "environment-exists")
    shutil.rmtree(root)
    mended = morrow("env", "new", "live", "--on", "aws", "--json", folder=project)
    assert len(mended.answer["made"]) == 3, "what is missing is made, what is there is kept"
    assert platform(project, "plan", "live").code == 0
    listed = morrow("env", "new", "more", "--on", "aws", folder=project).out
    steps = ["edit terraform/platform/more/terraform.tfvars: account", "platform up bootstrap"]
    places = [listed.index(step) for step in [*steps, "platform up more"]]
    assert places == sorted(places), "what only people know comes first"
    wrong = morrow("env", "new", "x", folder=project)
    assert wrong.code == 2
    assert "--on aws" in wrong.err
