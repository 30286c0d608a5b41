"""What Kubernetes refuses: pods of their makers, and, in Helm's words, what is applied."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    KEEPERS,
    age_of,
    condition_of,
    event_time,
    last_part,
    owned,
    plural,
    spec_of,
    template_of,
    title,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import HEALS_OFTEN, WAIT, Finding, View, events_of, newest_replicaset
from morrow.tool.programs.kubectl import ADMISSION, UNREACHABLE, heeding
from morrow.tool.programs.runner import Result

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

# In Helm's or the API server's words: code, and what the fix names.
_HELM: tuple[tuple[str, str], ...] = (
    (r"another operation .* is in progress", "release-stuck"),
    (r"(?P<what>\w+ \"[^\"]+\") in namespace .* exists and cannot be imported", "name-taken"),
    (r'from current release manifest.* no matches for kind "(?P<what>\w+)"', "resource-kind-gone"),
    (r'no matches for kind "(?P<what>\w+)"', "resource-kind-missing"),
    (r"namespace (?P<what>\S+) because it is being terminated", "namespace-terminating"),
    (r"\bjob (?P<job>\S+) failed: \w+", "job-failed"),
    (r"\bpod (?P<pod>\S+) failed", "job-failed"),
    (r"Request entity too large|helm\.release\S+ is invalid: data: Too long", "release-too-large"),
    (r'(?P<grant>(cluster)?role(binding)?s)\S* "\S+" is forbidden: .*grant RBAC', "access-denied"),
    (r'cannot (?P<verb>\w+) resource "(?P<resource>[\w./-]+)"', "access-denied"),
    (r'(?P<kind>\S+) "\S+" is forbidden: .*custom resource definition is term', "object-ending"),
    (r"(?P<login>\bUnauthorized\b|client to provide credentials)", "cluster-login"),
    (r"values don't meet the specifications|execution error at", "release-refused"),
    (r"is invalid:|is forbidden:|denied the request|field is immutable", "release-refused"),
    (r"conversion webhook for .* failed", "webhook-unreachable"),
    (r'\b(?P<gone>[a-z]+s)(\.[a-z0-9.]+)? "(?P<name>[^"]+)" not found', "release-refused"),
)

# What the chart makes, by its resource: where one of these is gone, somebody has taken it away.
_MADE = {
    plural(kind): kind
    for kind in (
        *KEEPERS, "ConfigMap", "CronJob", "ExternalSecret", "GRPCRoute", "HTTPRoute",
        "HorizontalPodAutoscaler", "Ingress", "Job", "NetworkPolicy", "PersistentVolumeClaim",
        "PodDisruptionBudget", "PodMonitor", "PrometheusRule", "Role", "RoleBinding",
        "ScaledObject", "SecretProviderClass", "Service", "ServiceAccount", "ServiceMonitor",
        "VerticalPodAutoscaler",
    )
}  # fmt: skip

# An API server that answers, and cannot.
_AWAY = re.compile(
    r"etcdserver:|unable to handle the request|too many requests|connection reset|http2:"
)
_INVALID = re.compile(r'\b([A-Z]\w+)(?:\.[\w.]+)? "(?!sh\.helm)([^"]+)" is invalid:.*')
_FIXED = re.compile(r"immutable|Forbidden: (pod )?updates |cannot change roleRef|may not change")


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


def _not_valid(said: re.Match[str], place: Place) -> Problem:
    """Return that the API server refuses an object's fields, or their change."""
    kind, name = said[1], said[2]
    where, what = f"{kind} {name}", f"{kind.lower()} {name}"
    what += " --cascade=orphan" if kind == "StatefulSet" else ""
    # With a claim its data would go.
    fixed = _FIXED.search(said[0]) and kind != "PersistentVolumeClaim"
    # Of a whole object that is not valid the API server tells every field.
    cause = re.sub(r": Invalid value: \{.*\}: ", ": ", said[0])
    return place.problem("field-immutable" if fixed else "release-refused", where, cause, what=what)


def helm_problem(done: Result, place: Place, seconds: float) -> Problem:
    """Return what Helm itself says; that the time is over is `rollout-slow`."""
    text = done.err or done.out
    message = done.last_error
    where = f"release {place.name}"
    known = refusal(text, where, place)
    if known is not None:
        return known.problem
    if invalid := _INVALID.search(text):
        return _not_valid(invalid, place)
    for pattern, code in _HELM:
        found = re.search(pattern, text)
        if found:
            line = next(line for line in text.splitlines() if re.search(pattern, line))
            message = line.strip().removeprefix("Error: ")
            named = found.groupdict()
            if named.get("job"):  # it may be gone before anyone could look at it
                where = f"Job {named['job']}"
            if named.get("pod"):
                where = f"Pod {named['pod']}"
            # What is neither of a kind nor a name of the chart's may never have been made.
            made, name = _MADE.get(named.get("gone") or ""), str(named.get("name"))
            if made and f"{name}-".startswith(f"{place.name}-"):
                code, where = "object-gone", f"{made} {name}"
            what = (named.get("what") or "").replace('"', "")
            verb, resource = str(named.get("verb")), str(named.get("resource"))
            if grant := named.get("grant"):  # what is not held stands in the lines after
                message = " ".join(text[text.index(line) :].split())[:500]
                verb = "bind" if "binding" in grant else "escalate"
                resource = grant.replace("binding", "")
            if named.get("login"):
                where = f"context {place.context or '(current)'}"
            if kind := named.get("kind"):
                where = f"CustomResourceDefinition {kind}"
            look = f"{place.kubectl} get {kind} --all-namespaces; let go of what it shows"
            what = what.replace(" ", "/", 1).lower() if " " in what else what
            fields = {"what": what, "verb": verb, "resource": resource, "command": look}
            return place.problem(code, where, message, (), **fields)
    if re.search(r"context deadline exceeded|timed out waiting|cancelled", text):
        cause = f"not all pods were ready after {seconds:.0f} s, and none calls itself broken"
        look = f"{place.kubectl} get pods"
        return place.problem("rollout-slow", where, cause, look=look)
    if UNREACHABLE.search(text) or _AWAY.search(text):
        where = f"context {place.context or '(current)'}"
        return place.problem("cluster-unreachable", where, f"while it was applied: {message}")
    if re.search(r"cannot patch|failed to create resource|unable to build kubernetes", text):
        return place.problem("release-refused", where, message)
    return done.failure().problems[0]
