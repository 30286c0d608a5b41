"""Everything that would stop a deploy, as a list of checks; none of them changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import left_behind
from morrow.tool.doctor.cluster import cluster_checks, image_check, kinds_check, namespace_checks
from morrow.tool.doctor.programs import program_checks
from morrow.tool.environment.model import Environment
from morrow.tool.stores.store import store_of


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    state: str  # ok | warn | fail | skip
    text: str
    problem: Problem | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        found = {"name": self.name, "state": self.state, "text": self.text}
        return {**found, "problem": self.problem.as_json() if self.problem else None}


def files(environment: Environment, wrong: list[Problem]) -> Iterator[Check]:
    """Yield what reading the environment's files has found."""
    yield from _each("environment", wrong)
    if not wrong:
        count = len(environment.config) + len(environment.secrets.keys)
        yield Check("environment", "ok", f"schema, chart and service accept its {count} settings")


def programs(needed: Iterable[str]) -> Iterator[Check]:
    """Yield one line for each program that the environment needs."""
    return _lines(program_checks(needed))


def cluster_state(site: Site) -> Iterator[Check]:
    """Yield every check of the cluster, in the order in which they depend on each other."""
    reached = True
    for line in cluster_checks(site):
        yield Check(*line)
        reached = reached and line[1] != "fail"
    if not reached:
        yield Check("the rest", "skip", "needs the cluster")
        return
    yield from _guarded("kinds", lambda: _lines(kinds_check(site)))
    yield from _guarded("namespace", lambda: _lines(namespace_checks(site)))
    yield from _guarded("image", lambda: _lines([image_check(site)]))
    yield from _guarded("secrets", lambda: _secrets(site))
    if site.namespace is not None:
        yield from _guarded("release", lambda: _release(site))


def _lines(lines: Any) -> Iterator[Check]:  # noqa: ANN401 - any iterable of lines
    return (Check(*line) for line in lines)


def _each(name: str, problems: Iterable[Problem]) -> Iterator[Check]:
    for found in problems:
        yield Check(name, "fail", f"{found.object}: {found.cause}", found)


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Turn a failure of the look itself into lines: one broken check must not hide the others."""
    try:
        yield from look()
    except Failure as failure:
        yield from _each(name, failure.problems)


def _secrets(site: Site) -> Iterator[Check]:
    wanted = site.environment.secrets
    if not wanted.keys:
        yield Check("secrets", "skip", "none declared")
        return
    store_of(site.environment).check(site)
    text = f"Secret {wanted.object_name}: {len(wanted.keys)} keys"
    there = site.secret is not None
    yield Check("secrets", "ok", text if there else f"{text}, made by the next `up`")


def _release(site: Site) -> Iterator[Check]:
    found = left_behind(site)
    yield from _each("release", [finding.problem for finding in found])
    if not found:
        yield Check("release", "ok", "nothing left half-way")
