"""A new environment is made from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.environment import new as environment_new
from morrow.tool.environment.new import make, renamed_terraform, renamed_values, require_name
from tests.environments import load
from tests.unit.tool.command import morrow


def test_a_new_environment_has_the_others_shape(project_folder: Path) -> None:
    root = project_folder / "tf" / "dev"
    (root / ".terraform").mkdir(parents=True)
    (root / "terraform.tfstate").write_text("{}")
    (root / "main.tf").write_text('environment = "dev"\n# dev\nkey = "shop/dev.tfstate"\n')
    made = make(Project.find(), "qa", "dev")
    assert made == ["environments/qa.yaml", "tf/qa/main.tf"]
    assert (project_folder / "tf" / "qa" / "main.tf").read_text() == (
        'environment = "qa"\n# dev\nkey = "shop/qa.tfstate"\n'
    )
    assert not (project_folder / "tf" / "qa" / "terraform.tfstate").exists()
    new = load(Project.find(), "qa")
    assert new.target["kind"] == "kubernetes"
    assert new.config["LEVEL"] == "DEBUG"
    assert (new.context, new.namespace) == ("qa", "shop-qa")
    with pytest.raises(Failure) as caught:
        make(Project.find(), "qa", "dev")
    assert caught.value.problems[0].code == "environment-exists"
    files = sorted(project_folder.rglob("*"))
    for wrong, proper in (("base", "qa"), ("Q A", "q-a"), ("../x", "x"), ("-x", "x"), ("", "qa")):
        with pytest.raises(Failure) as caught:
            make(Project.find(), wrong, "dev")
        (found,) = caught.value.problems
        assert (found.code, caught.value.exit_code) == ("environment-unnamable", 2)
        assert found.fix == f"morrow env new {proper} --from dev"
    assert sorted(project_folder.rglob("*")) == files


@pytest.mark.parametrize(
    ("target", "namespace"),
    [
        ("{kind: kubernetes, context: dev}", "shop-qa"),
        ("{kind: kubernetes, namespace: shops}", "shops-qa"),
        ("{kind: kubernetes, namespace: dev}", "qa"),
        ("\n  kind: kubernetes\n  namespace: shops  # of all\n", "shops-qa"),
        ("\n  kind: kubernetes\n", "shop-qa"),
    ],
)
def test_a_new_environment_is_never_the_old_ones_release(
    project_folder: Path, target: str, namespace: str
) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(f"# What dev is for.\nenvironment: dev\ntarget: {target.strip(' ')}\n# kept\n")
    make(Project.find(), "qa", "dev")
    new = load(Project.find(), "qa", "one-context-for-all")
    assert (new.namespace, new.name) == (namespace, "shop")
    text = (project_folder / "environments" / "qa.yaml").read_text()
    assert text.startswith("# Made from dev: say here what it is for.\nenvironment: qa\n")
    assert "What dev is for" not in text
    assert "# kept" in text
    assert ("# of all" in text) is ("# of all" in target)


def test_a_new_environment_that_was_cut_off_can_be_made_again(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project_folder / "tf" / "dev"
    root.mkdir(parents=True)
    (root / "main.tf").write_text('name = "dev"\n')

    rename = Path.rename

    def cut_off(*words: object) -> str:
        raise KeyboardInterrupt

    def cut_off_at_the_end(self: Path, target: Path) -> Path:
        return rename(self, target) if target.suffix != ".yaml" else Path(cut_off())

    for place, name, stop in (
        (environment_new, "renamed_terraform", cut_off),
        (Path, "rename", cut_off_at_the_end),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(place, name, stop)
            with pytest.raises(KeyboardInterrupt):
                make(Project.find(), "qa", "dev")
        assert Project.find().environment_names() == ["dev"]
    assert make(Project.find(), "qa", "dev") == ["environments/qa.yaml", "tf/qa/main.tf"]
    assert (project_folder / "tf" / "qa" / "main.tf").read_text() == 'name = "qa"\n'
    assert not list(project_folder.rglob("*.part"))


def test_names_are_replaced_only_where_they_are_names() -> None:
    text = "environment: dev\ntarget:\n  context: dev-eu\n  namespace: shop\nconfig: {X: dev}\n"
    assert renamed_values(text, "dev", "qa") == (
        "# Made from dev: say here what it is for.\n"
        "environment: qa\ntarget:\n  context: qa-eu\n  namespace: shop\nconfig: {X: dev}\n"
    )
    assert renamed_terraform('x = "developer" y = "dev"', "dev", "qa") == (
        'x = "developer" y = "qa"'
    )


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [("dev", "dev"), ("Dev", "dev"), ("my env", "my-env"), ("9", "qa"), ("base", "qa")],
)
def test_a_name_that_is_refused_is_never_proposed(
    project_folder: Path, typed: str, proposed: str
) -> None:
    told = morrow("platform", "plan", typed, "--json", folder=project_folder)
    assert told.problem["fix"].startswith(f"morrow env new {proposed} "), told
    require_name(proposed, "--on aws")
