"""Fixtures: a provider for Terraform, and a copy of the repository's Terraform to work in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from morrow.tool.programs.terraform_json import Change, Plan
from tests.terraform import helm_provider
from tests.terraform.helm_provider import Provider

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = ("terraform", "environments", "chart")

PROPERTY = "terraform provider"

# Nobody answers there: what is planned here asks no cluster.
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {}}]
contexts:
  - {name: dev, context: {cluster: nowhere, user: nobody}}
  - {name: prod, context: {cluster: nowhere, user: nobody}}
  - {name: qa, context: {cluster: nowhere, user: nobody}}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Provider:
    """The provider hashicorp/helm, found once for all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return helm_provider.find(shared / "terraform-provider")


def release_of(plan: Plan) -> Change:
    """What a plan does to its one release."""
    return next(one for one in plan.changes if one.kind == "helm_release")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which provider the tests used."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            if name == PROPERTY:
                terminalreporter.write_line(f"terraform: provider hashicorp/helm was {value}")
                return


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the repository ships for Terraform, without anybody's state."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    for name in SHIPPED:
        shutil.copytree(
            REPOSITORY / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*_override.tf"),
        )
    return tmp_path


@pytest.fixture
def terraform(provider: Provider, request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Run terraform in a folder."""
    request.node.user_properties.append((PROPERTY, provider.name))

    def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", f"-chdir={folder}", *arguments],
            env=os.environ
            | provider.environment
            | {"TF_IN_AUTOMATION": "1", "TF_VAR_kubeconfig": str(tmp_path / "kubeconfig")}
            | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
