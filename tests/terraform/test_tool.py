"""The tool's wrapper without a cluster: plans, what is refused, the prod root and its lock."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.environment.load import read
from morrow.tool.environment.model import Environment
from morrow.tool.programs.terraform import Terraform
from morrow.tool.recovery import terraform as recovery_terraform
from morrow.tool.recovery.terraform import state_lock
from tests.environments import load
from tests.terraform import bucket as bucket_module
from tests.terraform.bucket import Bucket
from tests.terraform.fixtures import REPOSITORY, release_of
from tests.terraform.helm_provider import Provider

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture
def project(copy: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the repository in which the tool finds the provider."""
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    for name, value in provider.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KUBECONFIG", str(copy / "kubeconfig"))
    return Project.find(copy)


def dev(project: Project) -> Environment:
    return load(project, "dev")


def with_digest(project: Project, digest: str) -> Terraform:
    """The root of dev with the module's own variable for a digest."""
    terraform = Terraform.of(dev(project))
    return replace(terraform, variables={**terraform.variables, "image_digest": digest})


def refused(terraform: Terraform) -> Problem:
    with pytest.raises(Failure) as caught:
        terraform.plan()
    (wrong,) = caught.value.problems
    return wrong


def test_a_plan_is_read(project: Project) -> None:
    plan = with_digest(project, DIGEST).plan()
    assert not plan.empty
    assert plan.file.exists()
    assert release_of(plan).action == "create"
    fields = {field.name: field.after for field in release_of(plan).fields}
    assert fields["description"].startswith("chart sha256:")
    assert DIGEST in fields["values"][2]


def test_there_is_no_state_before_the_first_apply(project: Project) -> None:
    terraform = Terraform.of(dev(project))
    assert terraform.release_known() is None
    assert terraform.output() == {}
    assert terraform.lock() is None


def test_a_missing_root_is_named(project: Project) -> None:
    shutil.rmtree(project.terraform / "dev")
    with pytest.raises(Failure) as caught:
        Terraform.of(dev(project))
    (wrong,) = caught.value.problems
    assert wrong.code == "terraform-root-missing"
    assert "terraform/environments/dev" in wrong.fix


def test_a_rule_of_the_chart_is_named_with_its_sentence(project: Project) -> None:
    file = project.environments / "dev.yaml"
    file.write_text(file.read_text() + "  protected: true\nreplicas: 1\n")
    wrong = refused(Terraform.of(read(project, "dev")))
    assert wrong.code == "chart-invalid"
    assert wrong.cause.startswith("target.protected asks for image.digest")
    assert wrong.details[0].startswith("target.protected asks for two pods")


def test_an_input_that_the_module_refuses_is_named(project: Project) -> None:
    wrong = refused(with_digest(project, "v1"))
    assert wrong.code == "terraform-input"
    assert 'image_digest "v1" is not sha256:' in wrong.cause


def test_a_missing_provider_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    config = tmp_path / "empty.rc"
    mirror = f'filesystem_mirror {{ path = "{tmp_path}/nothing" }}'
    config.write_text(f"provider_installation {{\n  {mirror}\n}}\n")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(config))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)
    wrong = refused(Terraform.of(dev(project)))
    assert wrong.code == "terraform-provider-missing"
    assert wrong.object == "provider hashicorp/helm"
    assert "terraform -chdir=terraform/environments/dev init" in wrong.fix


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket on loopback, which the S3 backend finds by the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with bucket_module.serving() as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.address)
        yield served


def prod(project: Project) -> Terraform:
    """The root of prod, unchanged, with what stands for the checks of a real account."""
    file = project.environments / "prod.yaml"
    file.write_text(file.read_text() + f'image: {{digest: "{DIGEST}"}}\n')
    # Written as text: only Terraform reads it here.
    terraform = Terraform.of(read(project, "prod"))
    skips = ("credentials_validation", "requesting_account_id", "metadata_api_check")
    terraform.init(
        "-backend-config=use_path_style=true",
        *(f"-backend-config=skip_{name}=true" for name in skips),
    )
    return terraform


def test_prod_keeps_its_state_in_the_bucket_and_a_dead_holder_s_lock_is_named_and_removed(
    project: Project, bucket: Bucket
) -> None:
    terraform = prod(project)
    assert terraform.lock() is None
    assert terraform.release_known() is None

    bucket.hold.clear()
    holder = subprocess.Popen(
        ["terraform", f"-chdir={terraform.folder}", "plan", "-input=false"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    ends = time.monotonic() + 60
    while "hello/prod.tfstate.tflock" not in bucket.objects:
        assert holder.poll() is None
        assert time.monotonic() < ends
        time.sleep(0.05)
    (alive,) = state_lock(terraform)
    assert alive.fix is None  # its holder works
    os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()
    bucket.hold.set()
    dead = bucket.objects["hello/prod.tfstate.tflock"]

    wrong = refused(terraform)
    assert wrong.code == "terraform-locked"
    lock = terraform.lock()
    assert lock is not None
    assert lock.who in wrong.cause
    assert lock.created in wrong.cause
    assert f"force-unlock {lock.identity}" in wrong.fix

    bucket.objects["hello/prod.tfstate.tflock"] = dead.replace(b'"Who":"', b'"Who":"ann@laptop, ')
    (other,) = state_lock(terraform)
    assert other.fix is None  # somebody else's: not ours to judge
    bucket.objects["hello/prod.tfstate.tflock"] = dead
    (ours,) = state_lock(terraform)
    assert ours.fix is not None
    ours.fix()
    assert terraform.lock() is None
    assert list(state_lock(terraform)) == []


def test_a_state_that_could_not_be_saved_is_named_and_saved(
    project: Project, bucket: Bucket
) -> None:
    terraform = prod(project)
    bucket.full = True
    with pytest.raises(Failure) as caught:
        terraform.apply()
    codes = [wrong.code for wrong in caught.value.problems]
    assert codes == ["cluster-unreachable", *["terraform-state-unsaved"] * 2]  # why, and where
    assert "AccessDenied" in caught.value.problems[1].cause
    assert "hello/prod.tfstate" not in bucket.objects
    bucket.full = False
    site = Site(read(project, "prod"))
    (unsaved,) = recovery_terraform.find(site, broken=True)
    assert unsaved.problem.code == "terraform-state-unsaved"
    assert unsaved.fix is not None
    unsaved.fix()
    assert "hello/prod.tfstate" in bucket.objects
    assert list(recovery_terraform.find(site, broken=True)) == []
