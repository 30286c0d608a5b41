"""The native tests run with Terraform alone: no cluster, no account, no answer from AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terraform import aws_provider
from tests.terraform.fixtures import REPOSITORY
from tools.build import UnavailableError

Run = Callable[..., subprocess.CompletedProcess[str]]

# Nobody's keys, and an address where nobody answers: what a test asks of AWS fails at once.
NOBODY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
}


@pytest.fixture(scope="session")
def aws_rc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a CLI configuration that takes the provider from this machine's mirror, if any."""
    if shutil.which("terraform") is None:
        raise UnavailableError("there is no `terraform` on PATH", "terraform")
    return aws_provider.configuration(tmp_path_factory.mktemp("terraform") / "terraform.rc")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the repository's Terraform, without anybody's state."""
    place = tmp_path / "terraform"
    shutil.copytree(
        REPOSITORY / "terraform",
        place,
        ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*_override.tf"),
    )
    return place


@pytest.fixture(scope="session")
def bare(aws_rc: Path) -> Run:
    """Run terraform in a folder, with nobody's keys."""

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", f"-chdir={folder}", *arguments],
            env=os.environ | NOBODY | {"TF_CLI_CONFIG_FILE": str(aws_rc), "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
