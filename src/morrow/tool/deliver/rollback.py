"""Go back to an earlier release: its chart, its values, its config and its secrets."""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.place import place_of
from morrow.tool.cluster.protection import guard
from morrow.tool.deliver.failed import PATIENCE, failed, serving
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.settle import settle
from morrow.tool.deliver.smoke import smoke
from morrow.tool.deliver.take_back import Goal, bring_back, choose, goal_of, take_back
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm_storage import records
from morrow.tool.programs.kubectl import Kubectl


def roll_back(environment: Environment, to: int | None, confirm: str | None) -> Outcome:
    """Go back one good release, or to the one named, and wait until it serves."""
    guard(environment, confirm, f"rollback {environment.label}")
    kubectl = Kubectl.of(environment)
    with lock.held(environment, f"morrow rollback {environment.label}"):
        settle(environment)
        goal = choose(environment, kubectl, to)
        before = serving(environment)
        terminal.say(f"{environment.name}: release {before} → as release {goal.revision} was")
        terminal.say(f"  image {goal.image}")
        terminal.say(f"  config {goal.config or '-'}, secrets {goal.secret or '-'}")
        _apply(environment, kubectl, goal, before)
    smoke(environment, kubectl)
    data = {
        "environment": environment.label,
        "from": before,
        "to": goal.revision,
        "release": serving(environment),
        "image": goal.image,
        "config": goal.config,
        "secrets": goal.secret,
    }
    text = (
        f"{environment.name} serves as release {goal.revision} did: {goal.image}\n"
        f"the files still say what was left: {typed()} plan {environment.label}"
    )
    return Outcome(text, data)


def _apply(environment: Environment, kubectl: Kubectl, goal: Goal, before: int | None) -> None:
    place = place_of(environment)
    kept = records(kubectl, environment.name)
    left = None if before is None else goal_of(before, kept[before], environment.name)

    def begun() -> bool:
        return max(records(kubectl, environment.name)) > max(kept)

    with Rollout(kubectl, place, interrupt=environment.delivery == "helm") as rollout:
        try:
            told = bring_back(environment, goal)
            if told is None:
                told = rollout.settled(PATIENCE)
        except Failure as failure:
            told = failure.problems[0]
            if rollout.fault is None and (told.code == "interrupted" or not begun()):
                raise
    if told is not None:
        back = begun() and left is not None and take_back(environment, lambda: left)
        raise failed(environment, rollout.fault or told, rollout.waiting, before, back=back)
