"""Whether all that was applied is still there, as it was applied, and in no failed condition."""

from __future__ import annotations

import json
from collections.abc import Iterator

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    KEEPERS,
    age_of,
    condition_text,
    conditions_of,
    is_of,
    names_held,
    quantity,
    spec_of,
    status_of,
    template_of,
    title,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.deployment import awaited_pods
from morrow.tool.diagnose.references import FOR, absent, lacking, lost_source
from morrow.tool.diagnose.view import DECLARED, Finding, View, patch

# What decides whether requests and runs come to the pods; () stands for all of it.
LEADING: dict[str, tuple[str, tuple[str, ...]]] = {
    "Service": ("spec", ("selector", "ports", "type")),
    "Ingress": ("spec", ("ingressClassName", "rules")),
    "NetworkPolicy": ("spec", ("podSelector", "ingress", "egress")),
    "HTTPRoute": ("spec", ("hostnames", "parentRefs")),
    "GRPCRoute": ("spec", ("hostnames", "parentRefs")),
    "CronJob": ("spec", ("schedule", "suspend")),
    "ConfigMap": ("data", ()),
}
SETTLES = 8.0  # seconds for a controller that puts it back by itself
WORKS = 60.0  # seconds for a controller that makes something first: a certificate, a bucket
ENDS = ("Job", "Pod")  # these may be gone, having done their work
# These have judges of their own, or no condition that says whether they work.
JUDGED = (*KEEPERS, *ENDS, "HorizontalPodAutoscaler", "PodDisruptionBudget", "CronJob")
GOOD = ("Ready", "Available", "Synced", "Healthy", "Programmed", "Established")
BAD = ("Failed", "Stalled", "Degraded")
OWN = ("foregroundDeletion", "orphan", "batch.kubernetes.io/")  # Kubernetes' own, which end
FREE: Json = {"metadata": {"finalizers": None}}


def declared_findings(view: View, place: Place) -> Iterator[Finding]:
    """Compare what was applied with what is there."""
    live = {_identity(item, ""): item for item in view.of(DECLARED)}
    if not live:
        return  # not asked for yet, or not allowed to look
    held = {(kind, name): item for (kind, _, name), item in live.items()}
    for wanted in view.declared:
        if FOR not in wanted:
            yield from lacking(wanted, held, place)
        kind, namespace, name = _identity(wanted, place.namespace)
        # What is the whole cluster's has no namespace, whatever was written.
        item = live.get((kind, namespace, name)) or live.get((kind, "", name))
        if FOR in wanted:
            yield from absent(wanted, place) if item is None else ()
        elif item is None:
            if wanted["kind"] not in ENDS:
                cause = "it was applied and is not there any more: somebody deletes it"
                yield Finding(place.problem("object-gone", title(wanted), cause), SETTLES, True)
        elif found := (changed := _changed(wanted, item)) or _scaled(wanted, item, view):
            found += f"; the last to change it was {_last_manager(item)}"
            problem = place.problem("release-overwritten", title(item), found)
            yield Finding(problem, SETTLES, True, fresh=not changed)
        elif wanted["kind"] not in JUDGED:
            yield from _conditions(item, place)


def ending_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what is being deleted and held: it vanishes as soon as it is let go."""
    items = {one["metadata"].get("uid"): one for one in (*view.workloads, *view.of(DECLARED))}
    for item in items.values():
        meta = item["metadata"]
        if not meta.get("deletionTimestamp") or item["kind"] in ENDS:
            continue
        holders = ", ".join(meta.get("finalizers") or []) or "what it owns"
        cause = f"it is being deleted since {meta['deletionTimestamp']}, held by {holders}"
        # Nothing new is made of a workload that ends.
        yield Finding(_let_go(item, cause, place), SETTLES, item["kind"] not in KEEPERS)
    jobs = (one for one in view.jobs if is_of(one, place.name))
    for item in (*awaited_pods(view), *jobs):
        meta = item["metadata"]
        foreign = [one for one in meta.get("finalizers") or [] if not one.startswith(OWN)]
        ended = meta.get("deletionTimestamp")
        if ended and foreign and age_of(ended) > 0:
            cause = f"it is being deleted since {ended}, held by {', '.join(foreign)},"
            cause += " and a new one is made only when it is gone"
            yield Finding(_let_go(item, cause, place), SETTLES)


def _let_go(item: Json, cause: str, place: Place) -> Problem:
    command = patch(place, f"{item['kind'].lower()} {item['metadata']['name']}", FREE)
    return place.problem("object-ending", title(item), cause, command=command)


def _identity(item: Json, namespace: str) -> tuple[str, str, str]:
    meta = item["metadata"]
    return item["kind"], meta.get("namespace") or namespace, meta["name"]


def _changed(wanted: Json, item: Json) -> str:
    """Say in what an object is not as it was applied, where that decides what users get."""
    if wanted["kind"] in KEEPERS:
        return difference(wanted, item)
    part, keys = LEADING.get(wanted["kind"], ("", ()))
    before, now = wanted.get(part) or {}, item.get(part) or {}
    for key in keys or before:
        if before.get(key) is not None and not _holds(before[key], now.get(key)):
            return f"its {key} is {json.dumps(now.get(key))}, not {json.dumps(before[key])}"
    return ""


def _scaled(wanted: Json, item: Json, view: View) -> str:
    """Say that there are fewer pods than were applied, or other bounds: of that moment a fault."""
    before, now = spec_of(wanted), spec_of(item)
    if wanted["kind"] == "HorizontalPodAutoscaler":
        for key in ("minReplicas", "maxReplicas"):
            if before.get(key) not in (None, now.get(key)):
                return f"its {key} is {now.get(key)}, not {before[key]}"
    if "HorizontalPodAutoscaler" not in view.around:
        return ""  # not allowed to look: one of them may have done it
    aims = (spec_of(one)["scaleTargetRef"] for one in view.of("HorizontalPodAutoscaler"))
    own = (wanted["kind"], wanted["metadata"]["name"])
    if wanted["kind"] in KEEPERS and own not in [(aim["kind"], aim["name"]) for aim in aims]:
        count, live = before.get("replicas") or 0, now.get("replicas", 1)
        if live < count:
            return f"it is scaled to {live} pods, and {count} were applied"
    return ""


def _holds(wanted: object, now: object) -> bool:
    """Whether all that was applied is there; what was added to it is left alone."""
    if isinstance(wanted, dict):
        table = now if isinstance(now, dict) else {}
        return all(_holds(value, table.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        row = now if isinstance(now, list) else []
        return len(wanted) <= len(row) and all(
            any(_holds(one, other) for other in row) for one in wanted
        )
    return str(wanted) == str(now) or not (wanted or now)


def difference(wanted: Json, item: Json) -> str:
    """Say in what a workload is not as it was applied; what was only added is left alone."""
    count, now = spec_of(wanted).get("replicas"), spec_of(item).get("replicas")
    if count and now == 0:
        return f"it is scaled to no pods, and {count} were applied"
    if found := other_image(wanted, item):
        return found
    pods, there = template_of(wanted)["spec"], template_of(item)["spec"]
    containers = {one["name"]: one for one in there["containers"]}
    for one in pods["containers"]:
        name, other = one["name"], containers.get(one["name"])
        if other is None:
            return f"it has no container {name} any more"
        for key in ("command", "args"):
            if one.get(key) and one[key] != other.get(key):
                return f"its container {name} has the {key} {other.get(key)}, not {one[key]}"
        if less := _less(one, other):
            return f"its container {name} has {less}"
        now_set = plain_values(other)
        for variable, value in plain_values(one).items():
            if now_set.get(variable) != value:
                return f"its container {name} has another {variable} than was applied"
    if lost := lost_source(pods, there):
        return lost
    held = names_held(pods)["secrets"]
    if held and f'"{held}"' not in json.dumps(there):
        return f"it does not hold {held} any more"
    return ""


def other_image(wanted: Json, item: Json) -> str:
    """Say which container of a workload has another image than was applied."""
    there = {one["name"]: one for one in template_of(item)["spec"]["containers"]}
    for one in template_of(wanted)["spec"]["containers"]:
        now = there.get(one["name"], one)
        if not same_image(str(one["image"]), str(now["image"])):
            return f"its container {one['name']} has the image {now['image']}, not {one['image']}"
    return ""


def _less(wanted: Json, now: Json) -> str:
    """Say of what a container has less than was applied; some clusters give more.

    Others let no container have more than it requests: then its limit is its request.
    """
    mine, own = wanted.get("resources") or {}, now.get("resources") or {}
    asked, given = mine.get("requests") or {}, own.get("requests") or {}
    for kind, amounts in mine.items():
        there = own.get(kind) or {}
        for key, amount in amounts.items() if isinstance(amounts, dict) else ():
            if kind == "limits" and key in asked and there.get(key) == given.get(key):
                continue
            if quantity(str(there.get(key, amount))) < quantity(str(amount)):
                return f"{kind}.{key} of {there[key]}, not {amount}"
    return ""


def same_image(wanted: str, now: str) -> bool:
    """Whether both are the same content: clusters rewrite registries and tags to what they mean."""
    (name, _, digest), (other, _, found) = wanted.partition("@"), now.partition("@")
    if digest and found:
        return digest == found
    last = other.rpartition("/")[2]
    return last == name.rpartition("/")[2] or (not digest and bool(found) and ":" not in last)


def plain_values(container: Json) -> Json:
    """Return the plain variables; an empty value is left out by the API server."""
    return {
        one["name"]: one.get("value", "")
        for one in container.get("env") or []
        if "valueFrom" not in one
    }


def _last_manager(item: Json) -> str:
    fields = [
        one
        for one in item["metadata"].get("managedFields") or []
        if one.get("subresource") != "status"
    ]
    last: Json = max(fields, key=lambda one: str(one.get("time", "")), default={})
    return f"{last.get('manager', 'unknown')} at {last.get('time', 'an unknown time')}"


def _conditions(item: Json, place: Place) -> Iterator[Finding]:
    for kind, condition in conditions_of(status_of(item)).items():
        bad = (kind in GOOD and condition["status"] == "False") or (
            kind in BAD and condition["status"] == "True"
        )
        seen = condition.get("observedGeneration", item["metadata"].get("generation", 0))
        if not bad or seen < item["metadata"].get("generation", 0):
            continue
        cause = condition_text(condition)
        what = f"{item['kind'].lower()} {item['metadata']['name']}"
        problem = place.problem("object-not-ready", title(item), cause, what=what)
        yield Finding(problem, WORKS, True)
        return
