"""Find what a killed or foreign command left behind, and put it right by one step each.

How others use it:

    for finding in find(site):
        finding.problem        what is wrong, as everywhere
        finding.fix            a function that does it and returns what was done; None: by hand

Run `fix` only while holding the environment's lock: a release that looks abandoned may be one
that another command is just changing. `find` changes nothing. Fixing twice is harmless.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import (
    HOOK,
    MADE_BY,
    RELEASE,
    RELEASE_NAMESPACE,
    annotations_of,
    labels_of,
    parse,
)
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.programs import runner
from morrow.tool.programs.helm import Helm, rolled_back_to, served

HELM_ENDS = 600.0  # seconds for a helm that a killed command left at work
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
    for entry in site.kubectl.there(own) if own else ():
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


def finish_earlier_command(site: Site) -> None:
    """Wait for a helm that a killed command left at work; put right what one left half-way.

    The lock is ours, so no other `morrow` is at it; a helm of this machine that still runs
    ends by itself.
    """
    if not _pending(site):
        return
    terminal.say(f"  an earlier command left the release {_pending(site)}")
    deadline = time.monotonic() + HELM_ENDS
    while _pending(site) and _helm_runs(site.environment) and time.monotonic() < deadline:
        terminal.status("  its helm still works; waiting for it")
        time.sleep(2)
        site.forget_release()
    if not _pending(site):
        return
    for finding in find(site):
        if finding.problem.code == "release-stuck" and finding.fix is not None:
            terminal.say(f"  fixed: {finding.fix()}")
            site.forget_release()


def _pending(site: Site) -> str:
    """Return "pending-upgrade", … when an earlier command left the release half-way."""
    status = site.history[-1].status if site.history else ""
    return status if status.startswith("pending") else ""


def _helm_runs(environment: Environment) -> bool:
    """Whether a helm process of this machine works on the release."""
    listing = runner.run("ps", "-axww", "-o", "args=").out
    words = (f" {environment.name} ", f"--namespace {environment.namespace}")
    return any("helm" in line and all(w in line for w in words) for line in listing.splitlines())
