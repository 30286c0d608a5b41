"""From a project that has no Terraform to the plan of its AWS, and the six commands of the page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.terraform import aws_provider
from tests.terraform.fixtures import REPOSITORY
from tests.terraform.native.conftest import NOBODY
from tests.terraform.native.test_policies import OFFLINE
from tests.unit.frame.skips import cannot
from tests.unit.tool.command import MORROW, morrow

LOCAL = 'terraform {\n  backend "local" {}\n}\n'


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    (tmp_path / "morrow.toml").write_text("")
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "base.yaml").write_text("name: my-shop\nimage: {repository: example.com/shop}\n")
    return tmp_path


def test_an_empty_project_gets_all_roots_and_a_plan_with_its_price(stranger: Path) -> None:
    if shutil.which("terraform") is None:
        cannot("a plan of AWS", "it is not on PATH", "terraform")
    rc = aws_provider.configuration(stranger / "terraform.rc")
    told = morrow("env", "new", "prod", "--on", "aws", "--json", folder=stranger)
    assert told.code == 0, told.err
    made = set(told.answer["made"])
    assert {"environments/prod.yaml", "terraform/platform/prod/main.tf"} <= made
    assert {"terraform/platform/bootstrap", "terraform/modules/cluster"} <= made
    assert "terraform/cluster/prod/main.tf" in made
    assert list(stranger.rglob("*.part")) == []
    root = stranger / "terraform" / "platform" / "prod"
    values = (root / "terraform.tfvars").read_text()
    assert 'name      = "prod"' in values
    assert "services = { my-shop = {} }" in values, "the service is the project's own"
    # Nobody's account is planned: the provider is told to ask none, and the state is a file.
    (root / "offline_override.tf").write_text(OFFLINE + LOCAL)
    given = {**NOBODY, "TF_CLI_CONFIG_FILE": str(rc)}
    told = morrow("platform", "plan", "prod", "--json", folder=stranger, **given)
    assert told.code == 0, told.err
    counts = {one["group"]: one["counts"] for one in told.answer["groups"]}
    assert {tuple(found) for found in counts.values()} == {("create",)}
    assert {"network", "cluster", "firewall", "secrets", "images", "names"} <= set(counts)
    assert 700 < told.answer["month"]["usd"] < 900, "prod's size, not dev's"

    told = morrow("env", "new", "prod", "--on", "aws", "--json", folder=stranger)
    assert (told.code, told.problem["code"]) == (2, "environment-exists")
    told = morrow("env", "new", "dev", "--on", "aws", "--json", folder=stranger)
    assert told.code == 0, told.err
    text = (stranger / "terraform/platform/dev/terraform.tfvars").read_text()
    assert "protected = true" in text, "the second is a copy of the project's own first"


def test_every_file_with_somebody_else_s_bucket_or_account_is_to_be_edited(stranger: Path) -> None:
    told = morrow("env", "new", "prod", "--on", "aws", folder=stranger)
    assert told.code == 0, told.err
    named = set(re.findall(r"^  edit (\S+):", told.out, re.MULTILINE))
    others = {
        str(file.relative_to(stranger))
        for file in (stranger / "terraform").rglob("*.tf*")
        if "modules" not in file.parts
        if re.search("example-terraform-state|111122223333", file.read_text())
    }
    assert {"terraform/platform/bootstrap/terraform.tfvars"} < others
    assert named == others | {"terraform/cluster/prod/terraform.tfvars"}, "which says the region"


def test_the_account_s_own_root_is_no_environment(stranger: Path) -> None:
    told = morrow("env", "new", "bootstrap", "--on", "aws", "--json", folder=stranger)
    assert (told.code, told.problem["code"]) == (2, "environment-unnamable")
    assert not (stranger / "terraform").exists()


def test_the_first_deployment_is_six_commands_that_exist() -> None:
    page = (REPOSITORY / "docs" / "aws.md").read_text()
    typed = re.findall(r"^\| \d \| `([^`]+)` \|", page, re.MULTILINE)
    assert 3 <= len(typed) <= 6
    ours = [line.split()[1:] for line in typed if line.startswith("morrow ")]
    assert ["up", "live"] in ours
    for words in ours:
        verbs = [word for word in words if not word.startswith("-")][:2]
        known = verbs if verbs[0] in ("env", "platform") else verbs[:1]
        done = subprocess.run([*MORROW, *known, "--help"], capture_output=True, check=False)
        assert done.returncode == 0, words
    control = subprocess.run([*MORROW, "platform", "over", "--help"], capture_output=True)
    assert control.returncode != 0
