"""An earlier release brought back: found in Helm's storage, applied by whoever delivers."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import KEEPERS, names_held, parse
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.deliver.failed import NOT_BACK, PATIENCE
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.programs.helm import Record, manifest_of, served


@dataclass(frozen=True)
class Goal:
    """The release to go back to, and what it runs."""

    revision: int
    image: str
    config: str
    secret: str
    record: Record


def choose(site: Site, to: int | None = None) -> Goal:
    """Return the release to go back to; refuse one whose Secret is gone."""
    environment, kept = site.environment, site.records
    if not kept:
        where = f"release {environment.name}"
        cause = f"nothing is deployed in the namespace {environment.namespace}"
        raise Failure(problem("release-missing", where, cause, environment=environment.label))
    current = site.deployed or max(kept)
    # A release that holds the same as the present one is no goal: a rollback leaves such twins.
    same = ("", kept[current]["manifest"])
    earlier = (number for number in served(site.history) if number < current)
    good = [number for number in earlier if kept[number]["manifest"] not in same]
    wanted = to if to is not None else (good[-1] if good else None)
    if wanted is None or wanted not in kept or wanted == current:
        told = ", ".join(map(str, good)) or "none"
        what = f"revision {to}" if to else "earlier revision"
        cause = f"there is no {what} to go back to from {current}; good ones: {told}"
        release = shlex.join((environment.name, *site.helm.where))
        where = f"release {environment.name}"
        raise Failure(problem("revision-missing", where, cause, release=release))
    goal = goal_of(wanted, kept[wanted], environment.name)
    if goal.secret and site.kubectl.get("secret", goal.secret) is None:
        where, label = f"Secret {goal.secret}", environment.label
        cause = f"release {wanted} reads it, and it is not in {environment.namespace} any more"
        raise Failure(problem("revision-secret-gone", where, cause, environment=label))
    return goal


def goal_of(number: int, record: Record, name: str) -> Goal:
    """Return what a revision runs, from its record."""
    for item in parse(record["manifest"]):
        if item["kind"] in KEEPERS and item["metadata"]["name"] == name:
            template: dict[str, Any] = item["spec"]["template"]["spec"]
            held = names_held(template)
            image = template["containers"][0]["image"]
            return Goal(number, image, held["config"], held["secrets"], record)
    return Goal(number, "-", "", "", record)


def put_back(site: Site, before: int | None, timeout: float | None = None) -> bool | None:
    """Take back what was applied over `before`; None where that was the same: nothing would help.

    Only a release of before could be chosen then, which nobody has asked for.
    """
    kept, now = site.records, site.deployed
    if before in kept and now in kept and kept[before]["manifest"] == kept[now]["manifest"]:
        return None
    return take_back(site, choose, timeout)


def take_back(site: Site, find: Callable[[Site], Goal], timeout: float | None = None) -> bool:
    """Bring back what served before something broken; say so when it does not come."""
    terminal.say("  taking it back")
    try:
        delivery, record = delivery_of(site.environment), find(site).record
        if not (unawaited := delivery.unawaited(parse(manifest_of(record)))):
            told = delivery.bring_back(site, record, timeout)
        else:  # it looks before they are applied, to know what was there already
            with Rollout(
                site.kubectl, site.place, interrupt=False, applied=lambda: unawaited
            ) as rollout:
                told = delivery.bring_back(site, record, timeout) or rollout.settled(PATIENCE)
    except Failure as failure:
        told = failure.problems[0]
    if told is not None:
        terminal.warn(NOT_BACK + told.cause)
    return told is None
