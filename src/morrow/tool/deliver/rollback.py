"""Go back to an earlier release: its chart, its values, its config and its secrets.

Guard, lock, finish what an earlier command left; choose the release (`take_back.choose`); bring it
back (`Delivery.bring_back`) while `Rollout` watches; ask it once (`smoke`). At a fault the release
that served before comes back, and the cause is raised.
"""

from __future__ import annotations

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.objects import parse
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.deliver.failed import PATIENCE, changed_already, failed
from morrow.tool.deliver.ownership import require_own
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.deliver.smoke import smoke
from morrow.tool.deliver.take_back import Goal, choose, goal_of, take_back
from morrow.tool.diagnose.awaited import AFTER_ROLLBACK
from morrow.tool.diagnose.view import View
from morrow.tool.programs.helm import manifest_of
from morrow.tool.recovery.recovery import finish_earlier_command


def roll_back(site: Site, to: int | None, confirm: str | None) -> Outcome:
    """Go back one good release, or to the one named, and wait until it serves."""
    environment = site.environment
    guard(site, confirm, f"rollback {environment.label}")
    with lock.held(environment, f"morrow rollback {environment.label}"):
        require_own(site)  # what is read before the lock is ours can be old
        finish_earlier_command(site)
        goal, before = choose(site, to), site.deployed
        left = before or max(site.records)
        terminal.say(f"{environment.name}: release {left} → as release {goal.revision} was")
        terminal.say(f"  image {goal.image}")
        terminal.say(f"  config {goal.config or '-'}, secrets {goal.secret or '-'}")
        view = _apply(site, goal, before)
    with changed_already():
        smoke(site, view)
        now = site.deployed
    data = {
        "environment": environment.label,
        "from": before,
        "to": goal.revision,
        "release": now,
        "image": goal.image,
        "config": goal.config,
        "secrets": goal.secret,
    }
    text = f"{environment.name} serves as release {goal.revision} did: {goal.image}"
    if not delivery_of(environment).changes_files:
        text += f"\nthe files still say what was left: {typed()} plan {environment.label}"
    return Outcome(text, data)


def _apply(site: Site, goal: Goal, before: int | None) -> View:
    delivery, newest = delivery_of(site.environment), max(site.records)
    left = None
    if before is not None:
        left = goal_of(before, site.records[before], site.environment.name)

    def begun() -> bool:
        site.forget_release()
        with changed_already():  # it may have been, when nobody may look any more
            return max(site.records) > newest

    objects = parse(manifest_of(goal.record))
    unawaited, awaited = delivery.unawaited(objects), delivery.awaited(objects, AFTER_ROLLBACK)
    with Rollout(
        site.kubectl,
        site.place,
        interrupt=delivery.stoppable,
        applied=lambda: unawaited,
        awaited=lambda: awaited,
    ) as rollout:
        try:
            told = delivery.bring_back(site, goal.record, None)
            if told is None:
                told = rollout.settled(PATIENCE)
        except Failure as failure:
            told = failure.problems[0]
            # One that waits may be applied yet: what the old pods say is no reason to undo it.
            seen = rollout.fault is not None
            if failure.waits or (not seen and (failure.interrupted or not begun())):
                raise
    if told is not None:
        with changed_already():
            back = begun() and left is not None and take_back(site, lambda _: left)
        raise failed(site, rollout.fault or told, rollout.waiting, before, back=back)
    return rollout.view
