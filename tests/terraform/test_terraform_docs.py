"""docs/terraform.md: its examples are planned, its sentences about files are held to the files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.terraform.fixtures import REPOSITORY, Run
from tests.terraform.test_module import ok, planned

DOCS = (REPOSITORY / "docs" / "terraform.md").read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```", DOCS, re.MULTILINE | re.DOTALL)


def example(language: str, name: str) -> str:
    (text,) = (
        text for kind, text in BLOCKS if kind == language and text.startswith(f"# example: {name}")
    )
    return text


@pytest.fixture
def published(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The repository under the address of the examples, with the tag that they name."""
    commands = ("init -q -b main", "add -A", "commit -qm one", "tag v0.1.0")
    who = {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    for command in commands:
        subprocess.run(["git", *command.split()], cwd=copy, env=os.environ | who, check=True)
    bare = tmp_path_factory.mktemp("git") / "morrow.git"
    subprocess.run(["git", "clone", "-q", "--bare", copy, bare], check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{bare}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://git.example.com/morrow.git",
    }


def test_the_module_is_used_from_another_repository(
    published: dict[str, str], tmp_path: Path, terraform: Run
) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "main.tf").write_text(example("hcl", "git"))
    (root / "shop.yaml").write_text(example("yaml", "git, shop.yaml"))
    ok(terraform(root, "init", "-input=false", **published))
    release = planned(terraform, root)
    assert release["name"] == "shop"
    assert release["description"].startswith("chart sha256:")


def test_the_module_is_used_several_times_and_with_a_provider_of_choice(
    published: dict[str, str], tmp_path: Path, terraform: Run
) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    text = example("hcl", "git").replace('provider "helm" {', 'provider "helm" {\n  alias = "prod"')
    each = 'for_each = toset(["a", "b"])\n  providers = { helm = helm.prod }\n'
    text = text.replace('module "shop" {', f'module "shop" {{\n  {each}')
    text = text.replace('"shop"\n  values', "each.key\n  values")
    (root / "main.tf").write_text(text)
    (root / "shop.yaml").write_text(example("yaml", "git, shop.yaml"))
    ok(terraform(root, "init", "-input=false", **published))
    said = ok(terraform(root, "plan", "-input=false", "-no-color"))
    assert "Plan: 2 to add" in said


def test_every_input_and_output_is_in_the_tables() -> None:
    for kind, head in (("variable", "input"), ("output", "output")):
        module = REPOSITORY / "terraform" / "modules" / "service"
        names = re.findall(rf'^{kind} "(\w+)"', (module / f"{kind}s.tf").read_text(), re.MULTILINE)
        table = DOCS.split(f"| {head} | what |")[1].split("\n\n")[0]
        assert sorted(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == sorted(names)


def test_the_module_takes_a_registry_s_chart(
    published: dict[str, str], tmp_path: Path, terraform: Run
) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "main.tf").write_text(example("hcl", "registry"))
    (root / "shop.yaml").write_text(example("yaml", "git, shop.yaml"))
    ok(terraform(root, "init", "-input=false", **published))
    ok(terraform(root, "validate"))
    # The registry of the example is nobody's: the provider asks for it, and says so.
    done = terraform(root, "plan", "-input=false", "-no-color")
    assert done.returncode == 1
    assert "oci://registry.example.com/charts/morrow" in " ".join(done.stderr.split())


def test_the_override_replaces_prod_s_backend(copy: Path, terraform: Run) -> None:
    root = copy / "terraform" / "environments" / "prod"
    (root / "backend_override.tf").write_text(example("hcl", "override"))
    ok(terraform(root, "init", "-input=false", "-reconfigure"))
    assert '"type": "local"' in (root / ".terraform" / "terraform.tfstate").read_text()
    ignored = (REPOSITORY / "terraform" / ".gitignore").read_text()
    assert "backend_override.tf" in ignored.splitlines()


def test_an_environment_is_added_as_the_page_says(copy: Path, terraform: Run) -> None:
    (command,) = (text for kind, text in BLOCKS if kind == "sh" and text.startswith("cp -r"))
    subprocess.run(["bash", "-euc", command], cwd=copy, check=True)
    shutil.copy(copy / "environments" / "dev.yaml", copy / "environments" / "qa.yaml")
    root = copy / "terraform" / "environments" / "qa"
    ok(terraform(root, "init", "-input=false"))
    assert planned(terraform, root)["name"] == "hello"


def test_every_example_is_run_here() -> None:
    names = {"git", "git, shop.yaml", "registry", "override"}
    marked = {
        match[1].split(", terraform/")[0]
        for _, text in BLOCKS
        if (match := re.match(r"# example: (.*)", text))
    }
    assert marked == names
    assert all(text.startswith("# example: ") for kind, text in BLOCKS if kind in ("hcl", "yaml"))
