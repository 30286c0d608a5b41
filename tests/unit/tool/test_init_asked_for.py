"""What `morrow init` writes on request: the workflow, the Terraform roots."""

from __future__ import annotations

from pathlib import Path

import yaml

from morrow.tool.base.project import Project
from morrow.tool.environment.load import read
from tests.unit.tool.command import morrow
from tests.unit.tool.test_init import WSGI, fill

WORKFLOWS = Path(__file__).resolve().parents[3] / ".github" / "workflows"


def test_the_workflow_calls_ours_as_ours_want_to_be_called(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI)
    assert morrow("init", "--yes", "--ci", "github", folder=tmp_path).code == 0
    file = tmp_path / ".github" / "workflows" / "morrow.yml"
    assert len(file.read_text().splitlines()) <= 10
    (job,) = yaml.safe_load(file.read_text())["jobs"].values()
    name = job["uses"].partition("@")[0].rpartition("/")[2]
    called = yaml.safe_load((WORKFLOWS / name).read_text())
    wants = called[True]["workflow_call"]  # YAML 1.1 reads `on` so
    assert set(job["with"]) <= set(wants["inputs"])
    assert set(job["secrets"]) == set(wants["secrets"])
    assert job["with"]["environment"] in Project.find(tmp_path).environment_names()
    needed: dict[str, str] = {}
    for one in called["jobs"].values():
        needed |= one.get("permissions", {})
    assert needed.items() <= job["permissions"].items()
    file.write_text("theirs\n")
    assert morrow("init", "--yes", "--ci", "github", folder=tmp_path).code == 0
    assert file.read_text() == "theirs\n"


def test_terraform_gets_the_module_and_a_root_for_each_cluster(tmp_path: Path) -> None:
    fill(tmp_path, wsgi_py=WSGI)
    told = morrow("init", "--yes", "--terraform", folder=tmp_path)
    assert told.code == 0, told.err
    project = Project.find(tmp_path)
    assert read(project, "prod").values["target"]["delivery"] == "terraform"
    made = {one.name for one in project.terraform.iterdir()}
    assert made == {"dev", "prod"}
    assert (
        'source           = "../../modules/service"'
        in (project.terraform / "dev/main.tf").read_text()
    )
    assert (project.terraform / "../modules/service/main.tf").is_file()
    root = project.terraform / "prod" / "main.tf"
    root.write_text("# theirs\n")
    assert "made" not in morrow("init", "--yes", "--terraform", folder=tmp_path).out
    assert root.read_text() == "# theirs\n"
