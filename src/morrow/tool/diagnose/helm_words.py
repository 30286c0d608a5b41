"""From what Helm or the API server says of a release that failed to one named cause."""

from __future__ import annotations

import re

from morrow.tool.base.errors import Problem
from morrow.tool.cluster.objects import KEEPERS, plural
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.refused import refusal
from morrow.tool.programs.kubectl import UNREACHABLE
from morrow.tool.programs.runner import Result

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
