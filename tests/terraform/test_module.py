"""The module: its form, its validations, and what a plan of it says of the chart and the values."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.fixtures import REPOSITORY, Run

MODULE = "terraform/modules/service"
ROOT = "terraform/environments/dev"


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def planned(terraform: Run, root: Path, *arguments: str) -> dict[str, Any]:
    """Plan a root and return what the release would be."""
    ok(terraform(root, "plan", "-input=false", "-out=test.tfplan", *arguments))
    plan = json.loads(ok(terraform(root, "show", "-json", "test.tfplan")))
    (release,) = plan["resource_changes"]
    after: dict[str, Any] = release["change"]["after"]
    return after


@pytest.fixture
def root(copy: Path, terraform: Run) -> Path:
    """The root of dev in a copy of the repository, initialised."""
    root = copy / ROOT
    ok(terraform(root, "init", "-input=false"))
    return root


def test_everything_is_formatted(terraform: Run) -> None:
    ok(terraform(REPOSITORY / "terraform", "fmt", "-check", "-diff", "-recursive"))


def test_the_module_is_valid_and_its_tests_pass(copy: Path, terraform: Run) -> None:
    module = copy / MODULE
    ok(terraform(module, "init", "-input=false"))
    ok(terraform(module, "validate"))
    said = ok(terraform(module, "test", "-no-color"))
    assert "0 failed" in said
    assert said.count("... pass") >= 49


def test_the_module_s_tests_can_fail(copy: Path, terraform: Run) -> None:
    module = copy / MODULE
    variables = (module / "variables.tf").read_text()
    assert "var.timeout <= 3600" in variables
    (module / "variables.tf").write_text(variables.replace("<= 3600", "<= 36000"))
    tests = (module / "tests" / "inputs.tftest.hcl").read_text()
    head, last = tests.split('run "accepts_the_least"')[0], "refuses_timeout_of_more_than_an_hour"
    (run,) = (part for part in tests.split("\nrun ") if part.startswith(f'"{last}"'))
    (module / "tests" / "inputs.tftest.hcl").write_text(f"{head}\nrun {run}")
    (module / "tests" / "plan.tftest.hcl").unlink()
    ok(terraform(module, "init", "-input=false"))
    done = terraform(module, "test", "-no-color")
    assert done.returncode == 1
    assert f'run "{last}"... fail' in done.stdout


def test_every_input_has_a_failing_test() -> None:
    module = REPOSITORY / MODULE
    rules = (module / "variables.tf").read_text()
    tests = (module / "tests" / "inputs.tftest.hcl").read_text()
    names = [line.split('"')[1] for line in rules.splitlines() if line.startswith("variable ")]
    assert len(names) == 8
    for name in names:
        assert f"expect_failures = [var.{name}]" in tests
    preconditions = (module / "main.tf").read_text().count("precondition {")
    assert tests.count("expect_failures = [helm_release.this]") >= preconditions


def test_no_secret_s_way_leads_through_terraform() -> None:
    text = "".join(file.read_text() for file in sorted(REPOSITORY.glob("terraform/**/*.tf")))
    for word in ("set_sensitive", "set_wo", "kubernetes_secret", "type = any", "any)"):
        assert word not in text.replace("  ", " ")


def test_one_changed_byte_in_a_template_is_a_diff_and_none_is_none(
    root: Path, copy: Path, terraform: Run
) -> None:
    before = planned(terraform, root)
    assert planned(terraform, root)["description"] == before["description"]

    template = copy / "chart" / "templates" / "service.yaml"
    template.write_text(template.read_text() + "\n")
    changed = planned(terraform, root)["description"]
    assert changed != before["description"]

    moved = template.with_name("service2.yaml")
    template.rename(moved)
    assert planned(terraform, root)["description"] not in (changed, before["description"])


def test_what_helm_leaves_out_of_a_chart_is_no_change_of_it(
    root: Path, copy: Path, terraform: Run
) -> None:
    ignore = copy / "chart" / ".helmignore"
    ignore.write_text("# editors\n*.swp\n*~\n\ndrafts/\n")
    before = planned(terraform, root)["description"]
    (copy / "chart" / "drafts" / "old").mkdir(parents=True)
    for name in ("templates/.service.yaml.swp", "values.yaml~", "drafts/old/a.yaml"):
        (copy / "chart" / name).write_text("left behind")
    assert planned(terraform, root)["description"] == before
    (copy / "chart" / "templates" / "more.txt").write_text("control")
    assert planned(terraform, root)["description"] != before


def test_the_files_are_passed_as_they_are(root: Path, copy: Path, terraform: Run) -> None:
    release = planned(terraform, root, "-var=secrets_revision=7")
    files = [(copy / "environments" / f"{name}.yaml").read_text() for name in ("base", "dev")]
    assert release["values"][:2] == files
    assert len(release["values"]) == 3
    for name in ("set", "set_list", "set_sensitive", "set_wo", "set_wo_revision"):
        assert release.get(name) is None


def test_a_rule_of_the_chart_speaks_in_the_plan(root: Path, copy: Path, terraform: Run) -> None:
    file = copy / "environments" / "dev.yaml"
    file.write_text(file.read_text() + "replicas: many\n")
    done = terraform(root, "plan", "-input=false", "-no-color")
    assert done.returncode == 1
    assert "Lint Error" in done.stderr
    assert "replicas" in done.stderr


def test_without_an_override_nothing_is_added(root: Path, terraform: Run) -> None:
    assert len(planned(terraform, root)["values"]) == 2


def test_both_roots_differ_only_in_their_backend() -> None:
    roots = [REPOSITORY / "terraform" / "environments" / name for name in ("dev", "prod")]
    texts = [(root / "environment.tf").read_text() for root in roots]
    assert texts[0] == texts[1]
    mains = [(root / "main.tf").read_text().split('provider "helm"') for root in roots]
    assert mains[0][1] == mains[1][1]
    assert mains[0][0] != mains[1][0]


def test_a_root_reads_the_environment_of_its_folder(copy: Path, terraform: Run) -> None:
    qa = copy / "terraform" / "environments" / "qa"
    shutil.copytree(copy / ROOT, qa)
    (copy / "environments" / "qa.yaml").write_text(
        "environment: qa\ntarget: {kind: kubernetes, context: qa, namespace: hello-qa}\n"
    )
    ok(terraform(qa, "init", "-input=false"))
    release = planned(terraform, qa)
    assert release["namespace"] == "hello-qa"
    assert "environment: qa" in release["values"][1]
