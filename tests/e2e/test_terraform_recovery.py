"""Applies that are killed, and releases that others touched: found, named, fixed, applied."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import left_behind
from morrow.tool.deliver.terraform import ByTerraform
from morrow.tool.plan.compute import _left_behind
from morrow.tool.programs.terraform import Terraform
from morrow.tool.programs.terraform_json import Progress
from morrow.tool.recovery.recovery import Finding
from tests.terraform.fixtures import provider, release_of
from tests.terraform.lab_project import NO_IMAGE, LabProject, project

__all__ = ["project", "provider"]

pytestmark = pytest.mark.timeout(900)  # several rollouts each, on a machine that may be busy


def last(project: LabProject) -> str:
    """The status of the newest revision; nothing when there is none."""
    history = project.history()
    return str(history[-1]["status"]) if history else ""


def apply(project: LabProject) -> list[Progress]:
    told: list[Progress] = []
    Terraform.of(project.environment()).apply(on_progress=told.append)
    assert told[-1].state == "done"
    assert left_behind(Site(project.environment())) == []
    return told


def refused(project: LabProject) -> Problem:
    """What the tool says of an apply that cannot work."""
    with pytest.raises(Failure) as caught:
        Terraform.of(project.environment()).apply()
    (wrong,) = caught.value.problems
    return wrong


def found(project: LabProject, code: str) -> Finding:
    """The one thing that is wrong."""
    (finding,) = left_behind(Site(project.environment()))
    assert finding.problem.code == code
    return finding


def fix(finding: Finding) -> str:
    assert finding.fix is not None
    return finding.fix()


def test_a_killed_first_install(project: LabProject) -> None:
    project.init()
    project.kill_apply(lambda: True)  # before it did anything
    assert left_behind(Site(project.environment())) == []

    project.kill_apply(lambda: last(project) == "pending-install")
    assert refused(project).code == "release-stuck"
    finding = found(project, "release-stuck")
    assert "pending-install" in finding.problem.cause
    assert "never been deployed" in fix(finding)
    assert next(told.state for told in apply(project)) == "started"
    assert project.plans_nothing()


def test_a_killed_upgrade(project: LabProject) -> None:
    apply(project)
    project.kill_apply(lambda: last(project) == "pending-upgrade")
    assert refused_change(project).code == "release-stuck"
    assert "back at revision 1" in fix(found(project, "release-stuck"))
    assert left_behind(Site(project.environment())) == []
    assert Terraform.of(project.environment()).plan().empty

    project.kill_apply(lambda: last(project) == "pending-rollback")
    assert "pending-rollback" in found(project, "release-stuck").problem.cause
    fix(found(project, "release-stuck"))
    assert left_behind(Site(project.environment())) == []
    assert Terraform.of(project.environment()).plan().empty


def refused_change(project: LabProject) -> Problem:
    project.describe(config={"LOG_LEVEL": "DEBUG"})
    wrong = refused(project)
    project.describe()
    return wrong


def test_a_failed_first_install_and_an_object_in_the_way(project: LabProject) -> None:
    files = [f"-f={project.folder}/environments/{name}.yaml" for name in ("base", "dev")]
    done = project.cluster.command(
        *("helm", "--kube-context", project.cluster.context, "install", "hello"),
        *(str(project.folder / "chart"), "-n", project.namespace, "--wait", "--timeout=3s"),
        *(*files, f"--set=image.digest={NO_IMAGE}"),
    )
    assert done.returncode == 1
    assert last(project) == "failed"
    fix(found(project, "release-stuck"))
    assert project.history() == []

    project.cluster.kubectl(
        *("create", "service", "clusterip", "hello", "--tcp=80:80", "-n", project.namespace)
    )
    wrong = refused(project)
    assert (wrong.code, wrong.object) == ("object-in-use", "Service hello")
    fix(found(project, "object-in-use"))
    apply(project)


def test_a_release_that_others_made(project: LabProject) -> None:
    files = [f"-f={project.folder}/environments/{name}.yaml" for name in ("base", "dev")]
    project.cluster.helm(
        *("install", "hello", str(project.folder / "chart"), "-n", project.namespace, *files)
    )
    fix(found(project, "release-foreign"))
    plan = Terraform.of(project.environment()).plan()
    # And not create: max_history and clean-up are passed.
    assert release_of(plan).action == "update"
    apply(project)


def test_a_release_that_others_rolled_back(project: LabProject) -> None:
    apply(project)
    project.describe(config={"LOG_LEVEL": "DEBUG"})
    apply(project)
    project.cluster.helm("rollback", "hello", "1", "-n", project.namespace, "--wait")
    terraform = Terraform.of(project.environment())
    assert terraform.plan().empty  # what Terraform cannot see …
    finding = found(project, "release-changed")  # … is seen, and `morrow plan` says it
    (said,) = _left_behind(Site(project.environment()), "deployed")
    assert "doctor dev --fix" in said
    fix(finding)
    assert release_of(terraform.plan()).action == "update"
    apply(project)
    assert terraform.plan().empty
    assert project.history()[-1]["revision"] == 4


def test_a_release_that_the_state_forgot(project: LabProject, tmp_path: Path) -> None:
    """The provider takes a cluster that does not answer for one without the release."""
    apply(project)
    dead = tmp_path / "dead"
    kubeconfig = yaml.safe_load(project.cluster.kubeconfig.read_text())
    for one in kubeconfig["clusters"]:
        one["cluster"]["server"] = "https://127.0.0.1:1"
    dead.write_text(yaml.safe_dump(kubeconfig))
    said = project.ok("destroy", "-auto-approve", "-no-color", f"-var=kubeconfig={dead}")
    assert "0 destroyed" in said
    assert last(project) == "deployed"

    fix(found(project, "release-foreign"))
    plan = Terraform.of(project.environment()).plan()
    assert release_of(plan).action == "update"


def test_a_first_install_that_does_not_last_is_taken_away_and_nothing_else(
    project: LabProject,
) -> None:
    beside = project.root / "beside.tf"
    beside.write_text('resource "terraform_data" "kept" { input = "kept" }\n')
    apply(project)
    assert last(project) == "deployed", "the control: it is there"
    assert ByTerraform().undo_install(Site(project.environment()))
    assert project.history() == []
    terraform = Terraform.of(project.environment())
    assert terraform.release_known() is None
    actions = {change.address: change.action for change in terraform.plan().changes}
    assert actions.get("terraform_data.kept", "no-op") == "no-op", "what else the root made stays"
    assert actions["module.service.helm_release.this"] == "create"
