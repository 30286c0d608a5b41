"""The roots: what they have in common, what they read, and what they refuse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.terraform.fixtures import REPOSITORY, Run
from tests.terraform.test_module import ROOT, ok, planned, refused, root

__all__ = ["root"]


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


def test_what_a_platform_wrote_lies_between(root: Path, copy: Path, terraform: Run) -> None:
    written = copy / "environments" / "dev.platform.yaml"
    written.write_text("image: {repository: registry.example.com/hello}\n")
    values = planned(terraform, root)["values"]
    assert len(values) == 3
    assert values[1] == written.read_text()
    assert "environment: dev" in values[2]


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("kubeconfig=", 'kubeconfig "" cannot be read'),
        ("kubeconfig=/nowhere/config", 'kubeconfig "/nowhere/config" cannot be read'),
        ("kubeconfig=a:b", "one file"),
        ("context=nix", 'context "nix" does not exist in'),
    ],
)
def test_a_place_that_is_none_is_refused(
    root: Path, terraform: Run, variable: str, said: str
) -> None:
    done = terraform(root, "plan", "-input=false", "-no-color", f"-var={variable}")
    assert said in refused(done)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("dev", "", "element 1 is no YAML table"),
        ("dev", "{", "element 1 is no YAML table"),
        ("dev", "- a", "element 1 is no YAML table"),
        ("base", "# nothing", "element 0 is no YAML table"),
        ("base", "image: {}", 'name "" is no DNS label'),
        ("dev", "target: {}", 'context "" does not exist'),
        ("dev", "target: dev", 'context "" does not exist'),
        ("dev", "target: {context: dev, namespace: Shop}", 'namespace "Shop" is no DNS label'),
        ("dev", None, "no file exists at"),
    ],
)
def test_an_environment_that_is_none_is_refused(
    root: Path, copy: Path, terraform: Run, file: str, text: str | None, said: str
) -> None:
    place = copy / "environments" / f"{file}.yaml"
    if text is None:
        place.unlink()
    else:
        place.write_text(f"{text}\n")
    assert said in refused(terraform(root, "plan", "-input=false", "-no-color"))
