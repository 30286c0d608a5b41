"""OpenTofu on the same files: what Terraform takes and refuses, it does too."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.terraform import aws_provider
from tests.terraform.fixtures import REPOSITORY
from tests.terraform.helm_provider import Provider
from tests.terraform.native import test_inputs
from tests.terraform.native.conftest import NOBODY, Run
from tests.terraform.test_module import ok
from tools.build import program

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

TERRAFORM = REPOSITORY / "terraform"
ROOTS = sorted(
    str(file.parent.relative_to(TERRAFORM)) for file in TERRAFORM.glob("[cep]*/*/main.tf")
)


@pytest.fixture(scope="session")
def tofu(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Run:
    """Run OpenTofu in a folder, with nobody's keys."""
    folder = tmp_path_factory.mktemp("opentofu")
    aws_provider.configuration(folder / "terraform.rc")
    # The helm provider lies where Terraform's tests found it; here it is laid beside the other.
    own = Path(provider.environment["TF_CLI_CONFIG_FILE"]).read_text()
    mirror = re.search(r"path = (\".*?\")", own)
    assert mirror
    for built in Path(json.loads(mirror[1])).glob("*/hashicorp/helm/*/*/"):
        link = folder / "opentofu/registry.opentofu.org" / Path(*built.parts[-4:])
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(built)
    text = (folder / "terraform.rc").read_text()
    (folder / "terraform.rc").write_text(
        text.replace(str(aws_provider.OPENTOFU), str(aws_provider.OPENTOFU.with_name("*")))
    )

    def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        own = {"TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"), "TF_IN_AUTOMATION": "1"}
        return subprocess.run(
            [str(program("tofu")), f"-chdir={place}", *arguments],
            env=os.environ | provider.environment | NOBODY | own,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ROOTS)
def test_every_root_is_valid(name: str, copy: Path, tofu: Run) -> None:
    root = copy / "terraform" / name
    ok(tofu(root, "init", "-backend=false", "-input=false", "-no-color"))
    ok(tofu(root, "validate", "-no-color"))
    with (root / "main.tf").open("a") as file:
        file.write('\noutput "control" {\n  value = module.not_there\n}\n')
    assert tofu(root, "validate", "-no-color").returncode == 1


def test_it_finds_nothing_to_format(tofu: Run) -> None:
    ok(tofu(TERRAFORM, "fmt", "-check", "-diff", "-recursive"))


@pytest.mark.parametrize("name", test_inputs.MODULES)
def test_it_refuses_the_same_inputs(name: str, tmp_path: Path, tofu: Run) -> None:
    test_inputs.test_every_rule_is_broken_by_its_input(name, tmp_path, tofu)
