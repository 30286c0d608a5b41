"""What reads the AWS Terraform without running it: checkov and tflint."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native.conftest import Run
from tests.terraform.native.test_policies import OFFLINE
from tools.build import program
from tools.environments import BASE_PYTHON, environment

OFFLINE_CHECKS = ("--output", "json", "--compact", "--quiet", "--skip-download")
EXCEPTIONS = yaml.safe_load(Path(__file__).with_name("exceptions.yaml").read_text())

# A bucket that anybody may read, a variable without a type: what each of the two must see.
BAD = """
variable "open" { default = "open" }

resource "aws_s3_bucket_public_access_block" "open" {
  bucket                  = var.open
  block_public_acls       = false
  block_public_policy     = false
  ignore_public_acls      = false
  restrict_public_buckets = false
}
"""


def judge(tool: str, found: Iterable[tuple[str, str]]) -> None:
    """Fail for each complaint without an exception, and for each exception without one."""
    findings = sorted(set(found))
    listed = EXCEPTIONS[tool]
    for check, place in findings:
        print(f"{tool}: {check} {place}: {listed.get(check, {}).get('reason', 'NOT LISTED')}")
    assert [finding for finding in findings if finding[0] not in listed] == []
    assert set(listed) == {check for check, _ in findings}, "an exception that nothing needs"


def planned(root: Path, bare: Run) -> Path:
    """Plan a root without an account: Terraform, not the checker, works out what is made."""
    (root / "offline_override.tf").write_text(OFFLINE + 'terraform {\n  backend "local" {}\n}\n')
    for command in (("init",), ("plan", "-out=test.tfplan")):
        done = bare(root, *command, "-input=false", "-no-color")
        assert done.returncode == 0, done.stderr
    plan = json.loads(bare(root, "show", "-json", "test.tfplan").stdout)
    unknown = {one["address"]: one["change"]["after_unknown"] for one in plan["resource_changes"]}
    modules = [plan["planned_values"]["root_module"]]
    while modules:
        module = modules.pop()
        modules += module.get("child_modules", [])
        for resource in module.get("resources", []):
            # A key that is still to be made is unknown, one that nobody gave is null.
            if unknown.get(resource["address"], {}).get("kms_key_id") is True:
                resource["values"]["kms_key_id"] = "still to be made"
    file = root / f"{root.name}.json"
    file.write_text(json.dumps(plan))
    return file


def checkov(*plans: Path) -> list[tuple[str, str]]:
    made = environment(BASE_PYTHON, REPOSITORY / "requirements" / "checkov.txt")
    words = [str(made / "checkov"), "--framework", "terraform_plan", *OFFLINE_CHECKS, "--file"]
    done = subprocess.run([*words, *map(str, plans)], capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    print(f"checkov: {answer['summary']}")
    assert answer["summary"]["parsing_errors"] == 0
    return [(one["check_id"], one["resource"]) for one in answer["results"]["failed_checks"]]


@pytest.mark.timeout(900)
def test_checkov_has_nothing_unexplained(shipped: Path, bare: Run) -> None:
    """It judges plans: its own reading of the code depends on the seed of Python's hashes."""
    roots = [shipped / "platform" / name for name in ("dev", "prod", "bootstrap")]
    (roots[0] / "open.tf").write_text(BAD)
    found = checkov(*(planned(root, bare) for root in roots))
    control = [(check, place) for check, place in found if place.endswith(".open")]
    assert {"CKV_AWS_53", "CKV_AWS_54"} <= {check for check, _ in control}
    judge("checkov", [finding for finding in found if finding not in control])


def tflint(folder: Path) -> list[tuple[str, str]]:
    words = [str(program("tflint")), "--chdir", str(folder), "--recursive", "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert answer["errors"] == []
    return [(one["rule"]["name"], one["range"]["filename"]) for one in answer["issues"]]


@pytest.mark.timeout(900)  # the first run builds it
def test_tflint_has_nothing_unexplained(tmp_path: Path, shipped: Path) -> None:
    # The releases' roots read the values files.
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    judge("tflint", tflint(shipped))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "main.tf").write_text(BAD)
    assert "terraform_typed_variables" in {rule for rule, _ in tflint(tmp_path / "bad")}
