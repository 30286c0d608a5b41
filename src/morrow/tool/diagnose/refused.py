"""Pods that Kubernetes refuses to make."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    age_of,
    condition_of,
    event_time,
    last_part,
    owned,
    spec_of,
    template_of,
    title,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import HEALS_OFTEN, WAIT, Finding, View, events_of, newest_replicaset
from morrow.tool.programs.kubectl import ADMISSION, heeding

LAST_TIME = 5.0  # seconds in which its controller takes back what it said of the template before

# In the message of a FailedCreate event: what it means, and how long it must last.
_REFUSALS: tuple[tuple[str, str, float], ...] = (
    (r"exceeded quota: (?P<what>[^,]+)", "quota-exceeded", HEALS_OFTEN),
    (r"failed quota: (?P<what>[^:]+)", "quota-exceeded", HEALS_OFTEN),
    (r"insufficient quota to match these scopes(?P<what>)", "quota-exceeded", HEALS_OFTEN),
    (r"(?P<what>max limit to request ratio per)", "limit-range-refused", 0),
    # Asked for more than is allowed: a template that says so is refused itself, so a default did.
    (
        r"(?s)\A(?!.*\.template\.spec).*(?P<what>must be less than or equal to \w+ limit)",
        "limit-range-refused",
        0,
    ),
    (r'violates PodSecurity "(?P<what>[^"]+)"', "pod-security-refused", 0),
    (r'serviceaccount "(?P<what>[^"]+)" not found', "service-account-missing", HEALS_OFTEN),
    (r"no PriorityClass with name (?P<what>\S+)", "priority-class-missing", 0),
    (r"(?P<what>(maximum|minimum) \S+ usage per \S+ is)", "limit-range-refused", 0),
    *(
        (pattern, code, HEALS_OFTEN * (code == "webhook-unreachable"))
        for code, pattern in ADMISSION
    ),
)


def refusal(message: str, where: str, place: Place) -> Finding | None:
    """Return the finding for the message with which the API refused an object, if it is known."""
    for pattern, code, hold in _REFUSALS:
        found = re.search(pattern, message)
        if found:
            lines = [line.strip(" \t*") for line in message.splitlines()]
            told = next((line for line in lines if re.search(pattern, line)), message)
            do = heeding(found, place.file, place.kubectl)
            problem = place.problem(code, where, _shorten(told), what=found["what"], do=do)
            return Finding(problem, hold)
    return None


def owner_findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield why the makers of new pods cannot make them."""
    for workload in view.workloads:
        yield from _unmade(workload, place)
        newest = newest_replicaset(view, workload)
        owner = newest if workload.get("kind") == "Deployment" else workload
        if owner is not None and uid(owner) not in known:
            for found in refused_findings(owner, events_of(view, owner), place):
                full = found.problem.code == "quota-exceeded" and _makes_room(view, workload)
                yield dataclasses.replace(found, hold=WAIT) if full else found


def _makes_room(view: View, workload: Json) -> bool:
    """Whether an old pod was told to end just now: it counts in a quota until it is gone.

    As long as it was in the way, its controller waits before it tries again.
    """
    pods = spec_of(template_of(workload))
    patience = HEALS_OFTEN + 2 * pods.get("terminationGracePeriodSeconds", 30)
    told = [event for one in owned(view.replicasets, workload) for event in events_of(view, one)]
    ends = [event_time(one) for one in told if one.get("reason") == "SuccessfulDelete"]
    return any(age_of(one) < patience for one in ends)


def _unmade(deployment: Json, place: Place) -> Iterator[Finding]:
    """Yield why a Deployment's controller cannot even make the ReplicaSet of the new template."""
    progress = condition_of(deployment, "Progressing")
    if progress.get("reason") == "ReplicaSetCreateError":
        where, message = title(deployment), str(progress.get("message"))
        unknown = Finding(place.problem("pod-refused", where, last_part(message)), HEALS_OFTEN)
        found = refusal(message, where, place) or unknown
        yield dataclasses.replace(found, hold=max(found.hold, LAST_TIME))


def refused_findings(owner: Json, events: list[Json], place: Place) -> Iterator[Finding]:
    """Yield why a ReplicaSet or Job cannot make its pods: from its latest event only."""
    reasons = ("FailedCreate", "SuccessfulCreate")
    latest = next((event for event in events if event.get("reason") in reasons), None)
    if latest is None or latest["reason"] != "FailedCreate":
        return
    wanted = spec_of(owner).get("replicas", 1)
    if owner.get("kind") == "ReplicaSet" and owner["status"].get("replicas", 0) >= wanted:
        return
    where = f"{owner['kind']} {owner['metadata']['name']}"
    message = latest.get("message") or ""
    unknown = place.problem("pod-refused", where, _shorten(message))
    yield refusal(message, where, place) or Finding(unknown, HEALS_OFTEN)


def _shorten(message: str) -> str:
    """Leave out the generated names with which the API server begins."""
    message = re.sub(r"^(\(combined from similar events\): )?Error creating: ", "", message)
    return re.sub(r'^pods "[^"]*" is forbidden: ', "", message)
