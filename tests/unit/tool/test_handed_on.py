"""What a deploy hands on: the bound plan under the lock, its time to Terraform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.cluster import lock
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.terraform import ByTerraform
from morrow.tool.environment.model import Environment
from morrow.tool.stores.generated import Generated
from morrow.tool.targets.kubernetes import target as target_kubernetes
from morrow.tool.targets.target import UpOptions
from tests.environments import load
from tests.unit.tool.stub import stub


def test_a_bound_plan_is_checked_under_the_lock(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = load(Project.find(), "dev")
    order: list[str] = []

    class Stale:
        terraform_plan = None

        def __init__(self) -> None:
            self.site = Site(environment)

        def require(self, *, namespace_made: bool) -> None:
            order.append(f"checked, made: {namespace_made}")
            raise Failure(problem("plan-stale", "x", "moved", environment="dev", file="x"))

    @contextmanager
    def held(_: Environment, purpose: str) -> Iterator[None]:
        order.append(f"locked for {purpose}")
        try:
            yield
        finally:
            order.append("released")

    def touched(*_: object, **__: object) -> None:
        order.append("touched")

    monkeypatch.setattr(target_kubernetes, "open_plan", lambda *_: Stale())
    monkeypatch.setattr(lock, "held", held)
    for name in ("preflight", "require_own"):
        monkeypatch.setattr(target_kubernetes, name, lambda *_: None)
    monkeypatch.setattr(target_kubernetes, "ensure_namespace", lambda *_: False)
    for name in ("make", "sweep"):
        monkeypatch.setattr(Generated, name, touched)
    monkeypatch.setattr(target_kubernetes, "apply", touched)
    with pytest.raises(Failure) as caught:
        target_kubernetes.Kubernetes().up(Site(environment), UpOptions(plan=Path("x")))
    assert caught.value.problems[0].code == "plan-stale"
    assert order == ["locked for morrow up dev", "checked, made: False", "released"]


def test_terraform_gets_the_time_that_up_was_given(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project_folder / "tf" / "dev"
    root.mkdir(parents=True)
    (root / "main.tf").touch()
    code = "import pathlib, sys; pathlib.Path({told!r}).write_text(' '.join(sys.argv))"
    told = stub(project_folder, "terraform", code, monkeypatch)
    environment = load(Project.find(), "dev")
    for timeout, given in ((None, False), (90.0, True)):
        assert ByTerraform().apply(Site(environment), timeout, None) is None
        assert ("-var=timeout=90" in told.read_text()) is given
