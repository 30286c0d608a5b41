"""Apply a release by Helm or Terraform while its rollout is watched."""

from __future__ import annotations

from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.place import Place
from morrow.tool.deliver.failed import PATIENCE, deployed, failed
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.settle import settle
from morrow.tool.deliver.take_back import choose, take_back
from morrow.tool.deliver.terraform import apply_terraform
from morrow.tool.diagnose.helm_words import helm_problem
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm
from morrow.tool.programs.kubectl import Kubectl


def apply(
    environment: Environment,
    kubectl: Kubectl,
    place: Place,
    *,
    timeout: float | None = None,
    terraform_plan: Path | None = None,
) -> None:
    """Install or upgrade and wait until it serves; a failure says what serves now."""
    settle(environment)
    history = Helm.of(environment).history(environment.name)
    before = deployed(history)
    seconds = round(timeout or PATIENCE)
    by_helm = environment.delivery == "helm"
    late = None
    with Rollout(kubectl, place, interrupt=by_helm) as rollout:
        try:
            if by_helm:
                told = _by_helm(environment, place, seconds)
            else:
                told = apply_terraform(environment, terraform_plan, timeout)
            if told is None:
                told = late = rollout.settled(seconds)
        except Failure:
            if rollout.fault is None:  # else the watcher has seen more than who applies can tell
                raise
            told = rollout.fault
    back = late is None or _take_back(environment, kubectl, timeout, fresh=not history)
    if told is not None:
        raise failed(environment, rollout.fault or told, rollout.waiting, before, back=back)


def _take_back(
    environment: Environment, kubectl: Kubectl, timeout: float | None, *, fresh: bool
) -> bool:
    """Undo what was applied well and did not last; say whether that is done."""
    if not fresh:
        return take_back(environment, lambda: choose(environment, kubectl, None), timeout)
    if environment.delivery == "terraform":
        return False  # its state has it, and `morrow down` takes it away
    helm = Helm.of(environment)
    return helm.run("uninstall", environment.name, "--wait", timeout=330).code == 0


def _by_helm(environment: Environment, place: Place, seconds: int) -> Problem | None:
    """Run helm to its end; return what it says when it failed."""
    helm = Helm.of(environment)
    chart, values = environment.project.chart, environment.files
    arguments = ("--atomic", "--cleanup-on-fail", "--wait", "--wait-for-jobs")
    done = helm.upgrade(
        environment.name,
        chart,
        values,
        arguments=(*arguments, "--history-max", "10", "--timeout", f"{seconds}s"),
    )
    return helm_problem(done, place, seconds) if done.code else None
