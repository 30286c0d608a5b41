"""What `up` would change, computed as Helm will act.

How others use it: `plan = compute(site)`; then `plan.changes`, `plan.drift`,
`plan.warnings`, `plan.empty`. `plan_show` prints it, `plan_file` binds it to a file.

Old release's manifest, new manifest and live object go through Helm's own merge
(`plan_merge`). The API server's dry run of the result says whether it is accepted and what
defaults it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from morrow.tool.base.errors import Problem, problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of, left_behind
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences
from morrow.tool.plan.drift import drift
from morrow.tool.plan.inputs import RUNS, Inputs, comparable, gather, hook_of
from morrow.tool.plan.merge import patched
from morrow.tool.plan.model import Drift, ObjectChange, Plan
from morrow.tool.plan.objects import Key, Object, clean
from morrow.tool.plan.objects import key as identity
from morrow.tool.plan.warnings import warnings

KEEP = "helm.sh/resource-policy"
# The cluster chooses these when nobody does; which value it will be, nobody can know.
ASSIGNED = ("nodePort", "clusterIP", "healthCheckNodePort")
UNKNOWN = "(chosen by the cluster)"


def compute(site: Site) -> Plan:
    """Compute the plan of an environment in a cluster; change nothing."""
    environment, found = site.environment, gather(site)
    changes = tuple(sorted(_changes(found), key=lambda change: change.key))
    runs = [one for one in found.hooks if one["kind"] in RUNS]
    return Plan(
        environment=environment,
        revision=found.revision,
        status=found.status,
        changes=changes,
        drift=tuple(_drifts(found, changes)),
        hooks=tuple(f"{identity(one, '')} ({hook_of(one)})" for one in runs),
        restarts=tuple(str(change.key) for change in changes if change.restarts),
        warnings=(*_left_behind(site, found.status), *warnings(environment, found, changes)),
        config=tuple(_config(environment, found)),
        secrets=_secrets(environment, found),
        secret=found.secret,
        problems=tuple(_rejections(environment, changes)),
        watched=tuple(found.watched),
        live={key: comparable(item, found.new.get(key)) for key, item in found.live.items()},
        manifest=found.manifest,
        cluster=found.home,
        terraform=found.delivery,
    )


def _changes(found: Inputs) -> Iterator[ObjectChange]:
    for key, item in found.new.items():
        if key not in found.live:
            yield _created(key, item, found.refused.get(key, ""))
        elif change := _updated(key, found):
            yield change
    for key, item in found.old.items():
        if key not in found.new and key in found.live and not hook_of(item):
            yield _gone(key, found.live[key])


def _created(key: Key, item: Object, rejected: str) -> ObjectChange:
    fields = differences({"apiVersion": item.get("apiVersion"), "kind": key.kind}, clean(item))
    return ObjectChange(key, "create", tuple(fields), rejected)


def _updated(key: Key, found: Inputs) -> ObjectChange | None:
    live, rejected = found.live[key], found.refused.get(key, "")
    after = differences(clean(live), clean(found.accepted[key]))
    fields = tuple(_settled(one, found.new[key]) for one in after)
    return ObjectChange(key, "update", fields, rejected) if fields or rejected else None


def _settled(change: Change, new: Object) -> Change:
    """Say of a value that the cluster will choose that it is not known."""
    if new.get("kind") != "Service" or not change.path:
        return change
    name = change.path[-1]
    if name in ASSIGNED and change.before is None and change.after is not None:
        return Change(change.path, None, UNKNOWN)
    if isinstance(change.after, dict) and change.before is None and "nodePort" in change.after:
        stated = {port.get("port"): port for port in new.get("spec", {}).get("ports", [])}
        if "nodePort" not in stated.get(change.after.get("port"), {}):
            return Change(change.path, None, {**change.after, "nodePort": UNKNOWN})
    return change


def _gone(key: Key, live: Object) -> ObjectChange:
    annotations = live["metadata"].get("annotations") or {}
    return ObjectChange(key, "keep" if annotations.get(KEEP) == "keep" else "delete")


def _drifts(found: Inputs, changes: Iterable[ObjectChange]) -> Iterator[Drift]:
    planned = {change.key: change for change in changes}
    for key, item in sorted(found.old.items()):
        if key not in found.live:
            if item["kind"] not in RUNS:
                yield Drift(key, (), missing=True)
            continue
        live = found.live[key]
        fields = tuple(drift(found.expected.get(key) or patched(item, item, live), live))
        if fields:
            touched = {one.field for one in planned[key].fields} if key in planned else set()
            yield Drift(key, fields, tuple(one.field for one in fields if one.field in touched))


def _rejections(environment: Environment, changes: Iterable[ObjectChange]) -> Iterable[Problem]:
    for change in changes:
        if change.rejected:
            file = environment.shown(environment.file)
            yield problem("plan-rejected", str(change.key), change.rejected, file=file)


def _config(environment: Environment, found: Inputs) -> Iterator[Change]:
    if found.revision:
        was = {"config": found.given.get("config") or {}}
        yield from differences(was, {"config": environment.config})


def _secrets(environment: Environment, found: Inputs) -> str:
    """Say in a line that the pods will get other secrets; no value, no length."""
    secrets = environment.secrets
    was = str((found.given.get("secrets") or {}).get("revision", ""))
    changed = bool(was) and was != secrets.revision
    if not secrets.keys or (found.secret and found.revision and not changed):
        return ""
    made = "will be made" if secrets.provider == "generated" else "is missing"
    state = "is there" if found.secret else made
    what = f"revision {was} -> {secrets.revision}" if changed else f"revision {secrets.revision}"
    return f"{what}: Secret {secrets.object_name} {state}"


def _left_behind(site: Site, status: str) -> Iterator[str]:
    """Say what the plan would not show; nothing is asked where nothing can be wrong."""
    if delivery_of(site.environment).keeps_state or status not in ("", "deployed"):
        for finding in left_behind(site):
            wrong = finding.problem
            yield f"{wrong.object}: {wrong.cause}: {wrong.fix}"
