"""What `up` would change, computed as Helm will act.

How others use it: `plan = compute(site)`; then `plan.changes`, `plan.drift`,
`plan.warnings`, `plan.empty`. `plan.show` prints it, `plan.file` writes it as a file.

Old release's manifest, new manifest and live object go through Helm's own merge
(`plan.merge`). The API server's dry run of the result says whether it is accepted and what
defaults it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import is_kept
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of, left_behind
from morrow.tool.environment.model import Environment
from morrow.tool.plan.diff import Change, differences, drift
from morrow.tool.plan.inputs import RUNS, Inputs, comparable, gather, hook_of
from morrow.tool.plan.merge import patched
from morrow.tool.plan.model import Drift, ObjectChange, Plan
from morrow.tool.plan.objects import Key, clean
from morrow.tool.plan.objects import key as identity
from morrow.tool.rules.copies import other_versions
from morrow.tool.stores.age import warnings as due
from morrow.tool.stores.store import store_of

# The cluster chooses these where nobody sets them; the value cannot be known before.
ASSIGNED = ("nodePort", "clusterIP", "healthCheckNodePort")
UNKNOWN = "(chosen by the cluster)"


def compute(site: Site) -> Plan:
    """Compute the plan of an environment in a cluster; change nothing."""
    environment, inputs = site.environment, gather(site)
    changes = tuple(sorted(_changes(inputs), key=lambda change: change.key))
    runs = [one for one in inputs.hooks if one["kind"] in RUNS]
    return Plan(
        environment=environment,
        revision=inputs.revision,
        status=inputs.status,
        changes=changes,
        drift=tuple(_drifts(inputs, changes)),
        hooks=tuple(f"{identity(one, '')} ({hook_of(one)})" for one in runs),
        restarts=tuple(str(change.key) for change in changes if change.restarts),
        warnings=(
            *_left_behind(site, inputs.status),
            *(f"{one.object}: {one.cause}" for one in other_versions(environment.project)),
            *warnings(environment, inputs, changes),
            *(due(environment, site.secret) if environment.secrets.max_age else ()),
        ),
        config=tuple(_config(environment, inputs)),
        secrets=_secrets(environment, inputs),
        secret=inputs.secret,
        problems=tuple(_rejections(environment, changes)),
        watched=tuple(inputs.watched),
        live={key: comparable(item, inputs.new.get(key)) for key, item in inputs.live.items()},
        manifest=inputs.manifest,
        cluster=inputs.namespace_id,
        terraform=inputs.delivery,
    )


def _changes(inputs: Inputs) -> Iterator[ObjectChange]:
    for key, item in inputs.new.items():
        if key not in inputs.live:
            yield _created(key, item, inputs.refused.get(key, ""))
        elif change := _updated(key, inputs):
            yield change
    for key, item in inputs.old.items():
        if key not in inputs.new and key in inputs.live and not hook_of(item):
            yield _gone(key, inputs.live[key])


def _created(key: Key, item: Json, rejected: str) -> ObjectChange:
    fields = differences({"apiVersion": item.get("apiVersion"), "kind": key.kind}, clean(item))
    return ObjectChange(key, "create", tuple(fields), rejected)


def _updated(key: Key, inputs: Inputs) -> ObjectChange | None:
    live, rejected = inputs.live[key], inputs.refused.get(key, "")
    after = differences(clean(live), clean(inputs.accepted[key]))
    fields = tuple(_settled(one, inputs.new[key]) for one in after)
    return ObjectChange(key, "update", fields, rejected) if fields or rejected else None


def _settled(change: Change, new: Json) -> Change:
    """Mark a value that the cluster will choose as unknown."""
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


def _gone(key: Key, live: Json) -> ObjectChange:
    return ObjectChange(key, "keep" if is_kept(live) else "delete")


def _drifts(inputs: Inputs, changes: Iterable[ObjectChange]) -> Iterator[Drift]:
    planned = {change.key: change for change in changes}
    for key, item in sorted(inputs.old.items()):
        if key not in inputs.live:
            if item["kind"] not in RUNS:
                yield Drift(key, (), missing=True)
            continue
        live = inputs.live[key]
        fields = tuple(drift(inputs.expected.get(key) or patched(item, item, live), live))
        if fields:
            touched = {one.field for one in planned[key].fields} if key in planned else set()
            yield Drift(key, fields, tuple(one.field for one in fields if one.field in touched))


def _rejections(environment: Environment, changes: Iterable[ObjectChange]) -> Iterable[Problem]:
    for change in changes:
        if change.rejected:
            file = environment.shown(environment.file)
            yield problem("plan-rejected", str(change.key), change.rejected, file=file)


def _config(environment: Environment, inputs: Inputs) -> Iterator[Change]:
    if inputs.revision:
        was = {"config": inputs.stored_values.get("config") or {}}
        yield from differences(was, {"config": environment.config})


def _secrets(environment: Environment, inputs: Inputs) -> str:
    """Say in one line that the pods get other secrets, without values or lengths."""
    secrets = environment.secrets
    was = str((inputs.stored_values.get("secrets") or {}).get("revision", ""))
    changed = bool(was) and was != secrets.revision
    if not secrets.keys or (inputs.secret and inputs.revision and not changed):
        return ""
    absent = "is missing" if store_of(environment).in_place else "will be made"
    state = "is there" if inputs.secret else absent
    what = f"revision {was} -> {secrets.revision}" if changed else f"revision {secrets.revision}"
    return f"{what}: Secret {secrets.object_name} {state}"


def _left_behind(site: Site, status: str) -> Iterator[str]:
    """Yield what an earlier command left half done, which the plan itself would not show."""
    if delivery_of(site.environment).keeps_state or status not in ("", "deployed"):
        for finding in left_behind(site):
            wrong = finding.problem
            yield f"{wrong.object}: {wrong.cause}: {wrong.fix}"


def warnings(
    environment: Environment, inputs: Inputs, changes: Iterable[ObjectChange]
) -> Iterator[str]:
    """Name what deserves attention in a plan, though it is allowed, one sentence each."""
    yield from _risks(inputs)
    if not environment.value("image", "digest"):
        yield f"the image {environment.image} has no digest: the tag can come to mean another one"
    store = environment.value("secrets", "external", "store")
    provider = environment.secrets.provider
    if store and provider != "external":
        yield (
            f"nothing is read from the SecretStore {store}: secrets.provider is {provider}"
            f" (morrow secrets move {environment.label} --to external)"
        )
    yield from _losses(changes)


def _risks(inputs: Inputs) -> Iterator[str]:
    """Name what loses requests at a restart or a rollout."""
    autoscaled = {
        item["spec"]["scaleTargetRef"]["name"]: item["spec"]
        for key, item in inputs.new.items()
        if key.kind == "HorizontalPodAutoscaler"
    }
    for key, item in inputs.new.items():
        if key.kind != "Deployment":
            continue
        spec = item.get("spec", {})
        scaler = autoscaled.get(key.name)
        floor = scaler.get("minReplicas", 1) if scaler else spec.get("replicas", 1)
        if floor == 1:
            yield f"{key}: one replica: a restart, a drain or a rollout can lose requests"
        was = inputs.old.get(key, {}).get("spec", {})
        if scaler and "replicas" in was and "replicas" not in spec:
            now = inputs.live.get(key, {}).get("spec", {}).get("replicas", was["replicas"])
            yield (
                f"{key}: the autoscaler takes over: Helm removes `replicas`, so the Deployment"
                f" falls from {now} to 1 until it sets at least {floor}"
            )
        if spec.get("strategy", {}).get("type") == "Recreate":
            yield f"{key}: strategy Recreate: nothing serves between the old pods and the new"


def _losses(changes: Iterable[ObjectChange]) -> Iterator[str]:
    """Name what cuts connections, or is gone for good."""
    cutting = ("spec.ports", "spec.selector", "spec.type")
    for change in changes:
        cuts = any(one.field.startswith(cutting) for one in change.fields)
        if cuts and change.key.kind == "Service" and change.action == "update":
            yield f"{change.key}: who connects by the old ports or type loses the connection"
        if change.action == "delete" and change.key.kind != "ConfigMap":
            yield f"{change.key} is removed"
