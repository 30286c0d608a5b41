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
    assert said.count("... pass") >= 60


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
    chart = copy / "chart"
    (chart / ".helmignore").write_text("# editors\n*.swp\n*~\n\ndrafts/\n/notes\nfiles/old-*\n")
    before = planned(terraform, root)["description"]
    out = (
        *("templates/.service.yaml", "files/a.swp", "values.yaml~", "drafts/old/a.yaml"),
        *("notes", "files/old-a"),
    )
    for name in out:
        (chart / name).parent.mkdir(parents=True, exist_ok=True)
        (chart / name).write_text("left behind")
    assert planned(terraform, root)["description"] == before
    for name in ("files/notes", "templates/old-a.txt", "files/drafts"):  # another place, no folder
        (chart / name).write_text("control")
        assert planned(terraform, root)["description"] != before, name
        (chart / name).unlink()


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout
    return " ".join(done.stderr.replace("│", " ").split())


def test_a_chart_whose_files_cannot_be_seen_is_refused(copy: Path, terraform: Run) -> None:
    module = copy / MODULE
    ok(terraform(module, "init", "-input=false"))
    given = ("-var=name=hello", "-var=namespace=hello", '-var=values=["name: hello\\n"]')

    def plan(*more: str) -> subprocess.CompletedProcess[str]:
        return terraform(module, "plan", "-input=false", "-no-color", *given, *more)

    for name in ("{a}", "[c]hart"):
        shutil.copytree(copy / "chart", copy / name)
        done = plan(f"-var=chart={copy / name}")
        assert "cannot be read file by file" in refused(done)
    shutil.rmtree(copy / "chart")
    said = refused(plan())
    assert "came without the chart of its repository: write //" in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("probes: {startup: [a]}", "startup"),
        ('probes: {startup: {failureThreshold: "25"}}', "failureThreshold"),
        ("replicas: many", "replicas"),
        ("unknown: 1", "unknown"),
    ],
)
def test_a_rule_of_the_chart_speaks_in_the_plan(
    root: Path, copy: Path, terraform: Run, text: str, place: str
) -> None:
    file = copy / "environments" / "dev.yaml"
    file.write_text(f"{file.read_text()}{text}\n")
    said = refused(terraform(root, "plan", "-input=false", "-no-color"))
    assert "Lint Error" in said
    assert place in said


def test_the_files_are_passed_as_they_are(root: Path, copy: Path, terraform: Run) -> None:
    release = planned(terraform, root, "-var=secrets_revision=7")
    files = [(copy / "environments" / f"{name}.yaml").read_text() for name in ("base", "dev")]
    assert release["values"][:2] == files
    assert len(release["values"]) == 3
    for name in ("set", "set_list", "set_sensitive", "set_wo", "set_wo_revision"):
        assert release.get(name) is None


def test_without_an_override_nothing_is_added(root: Path, terraform: Run) -> None:
    assert len(planned(terraform, root)["values"]) == 2
