"""Find what a killed or foreign command left behind, and put it right by one step each.

How others use it:

    for finding in find(site):
        finding.problem        what is wrong, as everywhere
        finding.fix            a function that does it and returns what was done; None: by hand

Run `fix` only while holding the environment's lock: a release that looks abandoned may be one
that another command is just changing. `find` changes nothing. Fixing twice is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Problem, problem
from morrow.tool.cluster.objects import (
    HOOK,
    MADE_BY,
    RELEASE,
    RELEASE_NAMESPACE,
    annotations_of,
    as_list,
    labels_of,
    parse,
)
from morrow.tool.cluster.site import Site
from morrow.tool.programs.helm import Helm, rolled_back_to, served
from morrow.tool.programs.kubectl import parse_stream

ABANDONED = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")


@dataclass(frozen=True)
class Finding:
    """One thing that was left behind."""

    problem: Problem
    fix: Callable[[], str] | None


def find(site: Site) -> list[Finding]:
    """Look at the release, and at what stands in its way."""
    return list(_release(site)) or list(_objects(site))


def _release(site: Site) -> Iterator[Finding]:
    """A release that its last command left half-way, or whose first install failed."""
    environment, helm, history = site.environment, site.helm, site.history
    if not history:
        return
    last = history[-1]
    good = served(history)
    # A rollback that was cut off goes on: what it leaves may be just what did not last.
    goal = [rolled_back_to(last)] if last.status == "pending-rollback" else []
    if last.status not in ABANDONED and not (last.status == "failed" and not good):
        return
    what = f"release {environment.name} in {environment.namespace}"
    cause = f"revision {last.number} is {last.status} since {last.updated}"

    def back() -> str:
        number = next((one for one in goal if one in good), good[-1])
        _do(helm, "rollback", environment.name, str(number), "--wait", "--timeout=120s")
        return f"{what} is back at revision {number}"

    def away() -> str:
        _do(helm, "uninstall", environment.name, "--wait", "--timeout=120s")
        return f"{what} is gone; it had never been deployed"

    returns = bool(good) and last.status != "uninstalling"
    wrong = problem("release-stuck", what, cause, environment=environment.label)
    yield Finding(wrong, back if returns else away)


def _objects(site: Site) -> Iterator[Finding]:
    """Objects that the release would make and that are there without belonging to it."""
    if site.rendered.code:
        raise site.rendered.failure()
    record = site.records.get(site.deployed or 0)
    # Helm asks only of what it would make anew whether it is its own.
    kept = {_name(one) for one in parse(record["manifest"])} if record else set()
    own = [
        entry
        for entry in site.objects
        if HOOK not in annotations_of(entry) and _name(entry) not in kept
    ]
    if not own:
        return
    done = site.kubectl.live(as_list(own))
    if done.code:
        raise site.kubectl.failure(done)
    for entry in parse_stream(done.out):
        finding = _ownership(site, entry)
        if finding is not None:
            yield finding


def _ownership(site: Site, entry: dict[str, Any]) -> Finding | None:
    environment, kubectl = site.environment, site.kubectl
    owner, space = (annotations_of(entry).get(note) for note in (RELEASE, RELEASE_NAMESPACE))
    managed = labels_of(entry).get(MADE_BY) == "Helm"
    if owner == environment.name and space == environment.namespace and managed:
        return None
    kind, name = _name(entry)
    if owner and (owner, space) != (environment.name, environment.namespace):
        cause = f"it belongs to the release {owner} in namespace {space}"
        what = f"{kind.lower()} {name}"
        wrong = site.place.problem("name-taken", f"{kind} {name}", cause, what=what)
        return Finding(wrong, None)

    def adopt() -> str:
        where = f"{kind.lower()}/{name}"
        notes = (f"{RELEASE}={environment.name}", f"{RELEASE_NAMESPACE}={environment.namespace}")
        kubectl.check("label", where, "--overwrite", f"{MADE_BY}=Helm")
        kubectl.check("annotate", where, "--overwrite", *notes)
        return f"{kind} {name} belongs to the release {environment.name} now"

    cause = "it was not made by a release, so Helm refuses to touch it"
    wrong = problem("object-in-use", f"{kind} {name}", cause, environment=environment.label)
    return Finding(wrong, adopt)


def _name(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["kind"], entry["metadata"]["name"]


def _do(helm: Helm, *arguments: str) -> None:
    done = helm.run(*arguments, timeout=180)
    if done.code:
        raise done.failure()
