"""An earlier release brought back: found in Helm's storage, applied by whoever delivers."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import names_held
from morrow.tool.cluster.place import place_of
from morrow.tool.deliver.failed import PATIENCE, serving
from morrow.tool.deliver.terraform import roll_back
from morrow.tool.diagnose.helm_words import helm_problem
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, require_supported
from morrow.tool.programs.helm_storage import Record, records, write_chart
from morrow.tool.programs.kubectl import Kubectl


@dataclass(frozen=True)
class Goal:
    """The release to go back to, and what it runs."""

    revision: int
    image: str
    config: str
    secret: str
    record: Record


def choose(environment: Environment, kubectl: Kubectl, to: int | None) -> Goal:
    """Return the release to go back to; refuse one whose Secret is gone."""
    kept = records(kubectl, environment.name)
    if not kept:
        where = f"release {environment.name}"
        cause = f"nothing is deployed in the namespace {environment.namespace}"
        raise Failure(problem("release-missing", where, cause, environment=environment.label))
    current = serving(environment) or max(kept)
    # What is superseded has served once; what failed never did. A release that holds the same
    # as the present one (one that failed and was rolled back leaves such twins) is no goal.
    good = [
        number
        for number, record in sorted(kept.items())
        if record["info"]["status"] in ("superseded", "deployed")
        and number < current
        and not _same(record, kept[current])
    ]
    wanted = to if to is not None else (good[-1] if good else None)
    if wanted is None or wanted not in kept or wanted == current:
        told = ", ".join(map(str, good)) or "none"
        helm = Helm.of(environment)
        raise Failure(
            problem(
                "revision-missing",
                f"release {environment.name}",
                f"there is no {f'revision {to}' if to else 'earlier revision'} to go back to"
                f" from {current}; good ones: {told}",
                release=shlex.join((environment.name, *helm.where)),
            )
        )
    goal = goal_of(wanted, kept[wanted], environment.name)
    if goal.secret and kubectl.get("secret", goal.secret) is None:
        raise Failure(
            problem(
                "revision-secret-gone",
                f"Secret {goal.secret}",
                f"release {wanted} reads it, and it is not in {environment.namespace} any more",
                environment=environment.label,
            )
        )
    return goal


def _same(one: Record, other: Record) -> bool:
    return bool(one["manifest"] == other["manifest"])


def goal_of(number: int, record: Record, name: str) -> Goal:
    """Return what a revision runs, from its record."""
    import yaml

    for item in yaml.safe_load_all(record["manifest"]):
        if item and item["kind"] == "Deployment" and item["metadata"]["name"] == name:
            template: dict[str, Any] = item["spec"]["template"]["spec"]
            held = names_held(template)
            image = template["containers"][0]["image"]
            return Goal(number, image, held["config"], held["secrets"], record)
    return Goal(number, "-", "", "", record)


def take_back(
    environment: Environment, find: Callable[[], Goal], timeout: float | None = None
) -> bool:
    """Bring back what served before something broken; say so when it does not come."""
    terminal.say("  taking it back")
    try:
        told = bring_back(environment, find(), timeout)
    except Failure as failure:
        told = failure.problems[0]
    if told is not None:
        terminal.warn(f"it was not taken back: {told.cause}")
    return told is None


def bring_back(
    environment: Environment, goal: Goal, timeout: float | None = None
) -> Problem | None:
    """Apply what a release holds; return what helm says when it failed."""
    if environment.delivery == "terraform":
        _by_terraform(environment, goal.record, timeout)
        return None
    return _by_helm(environment, goal.revision)


def _by_helm(environment: Environment, revision: int) -> Problem | None:
    require_supported()
    helm = Helm.of(environment)
    arguments = ("--wait", "--wait-for-jobs", "--cleanup-on-fail", "--history-max", "10")
    seconds = round(PATIENCE)
    done = helm.run(
        "rollback",
        environment.name,
        str(revision),
        *arguments,
        f"--timeout={seconds}s",
        timeout=PATIENCE + 60,
    )
    return helm_problem(done, place_of(environment), seconds) if done.code else None


def _by_terraform(environment: Environment, record: Record, timeout: float | None) -> None:
    with tempfile.TemporaryDirectory(prefix="morrow-rollback-") as folder:
        chart = write_chart(record, Path(folder) / "chart")
        values = Path(folder) / "values.yaml"
        values.write_text(json.dumps(record.get("config") or {}, indent=2))
        roll_back(environment, chart, values, timeout)
