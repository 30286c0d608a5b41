"""Everything that would stop a deploy, as a list of checks; none of them changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of, left_behind
from morrow.tool.deliver.look import look_at_all
from morrow.tool.diagnose.diagnose import diagnose_once
from morrow.tool.doctor.check import Check, failed
from morrow.tool.doctor.cluster import (
    cluster_checks,
    fields_check,
    image_checks,
    kinds_check,
    namespace_checks,
)
from morrow.tool.doctor.rights import rights_checks
from morrow.tool.environment.model import Environment
from morrow.tool.rules.copies import other_versions
from morrow.tool.rules.signed import shown, unshown, verify_table
from morrow.tool.stores.store import store_of


def files(environment: Environment, wrong: list[Problem]) -> Iterator[Check]:
    """Yield what reading the environment's files has found."""
    yield from failed("environment", wrong)
    if not wrong:
        count = len(environment.config) + len(environment.secrets.keys)
        yield Check("environment", "ok", f"schema, chart and service accept its {count} settings")
    for other in other_versions(environment.project):
        yield Check("copy", "warn", f"{other.object}: {other.cause}", other)


def cluster_state(site: Site) -> Iterator[Check]:
    """Yield every check of the cluster, in the order in which they depend on each other."""
    reached = True
    for check in cluster_checks(site):
        yield check
        reached = reached and check.state != "fail"
    if not reached:
        yield Check("the rest", "skip", "needs the cluster")
        return
    yield from _guarded("kinds", lambda: kinds_check(site))
    yield from _guarded("fields", lambda: fields_check(site))
    yield from _guarded("namespace", lambda: namespace_checks(site))
    yield from _guarded("image", lambda: image_checks(site))
    yield from _guarded("signature", lambda: _signature(site))
    yield from _guarded("secrets", lambda: _secrets(site))
    if site.namespace is not None:
        yield from _guarded("release", lambda: _release(site))
        yield from _guarded("serves", lambda: _serves(site))


def _guarded(name: str, look: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Turn a failure of the look itself into lines: one broken check must not hide the others."""
    try:
        yield from look()
    except Failure as failure:
        yield from failed(name, failure.problems)


def _signature(site: Site) -> Iterator[Check]:
    wanted = verify_table(site.environment)
    if wanted:
        wrong = unshown(site.environment)
        yield from failed("signature", wrong)
        if not wrong:
            yield Check("signature", "ok", f"the digest shows {shown(site.environment)}")


def stored(site: Site) -> Iterator[Check]:
    """Yield what the store of a process says of its secrets."""
    yield from _guarded("secrets", lambda: _secrets(site))


def _secrets(site: Site) -> Iterator[Check]:
    wanted = site.environment.secrets
    if not wanted.keys:
        yield Check("secrets", "skip", "none declared")
        return
    store = store_of(site.environment)
    store.check(site)
    for note in store.notes(site):
        yield Check("secrets", "warn", f"{note.object}: {note.cause}", note)
    if not site.environment.in_cluster:
        yield Check("secrets", "ok", f"{wanted.provider}: {len(wanted.keys)} keys")
        return
    text = f"Secret {wanted.object_name}: {len(wanted.keys)} keys"
    there = site.secret is not None
    yield Check("secrets", "ok", text if there else f"{text}, made by the next `up`")


def _release(site: Site) -> Iterator[Check]:
    found = left_behind(site)
    yield from failed("release", [finding.problem for finding in found])
    if not found:
        yield Check("release", "ok", "nothing left half-way")


def _serves(site: Site) -> Iterator[Check]:
    """Ask the same judges as `up` and `status` of what runs."""
    view = look_at_all(site)
    if not view.workloads:
        return
    found = diagnose_once(view, site.place)
    yield from failed("serves", [finding.problem for finding in found])
    if not found:
        yield Check("serves", "ok", "nothing of it is broken, held or unserved")


def preflight(site: Site) -> None:
    """Raise what is wrong; nothing is touched before all of it has passed."""
    delivery_of(site.environment).check(site)
    if site.namespace and site.namespace["metadata"].get("deletionTimestamp"):
        name = site.environment.namespace
        problem = site.place.problem(
            "namespace-terminating", f"namespace {name}", "it is being deleted", what=name
        )
        raise Failure(problem, refused=True)
    kinds = [*kinds_check(site), *fields_check(site)]
    checks = [*rights_checks(site), *kinds, *image_checks(site)]
    wrong = [one.problem for one in checks if one.state == "fail" and one.problem is not None]
    wrong += unshown(site.environment)
    if wrong:
        raise Failure(*wrong, refused=True)
    store_of(site.environment).check(site)
