"""Whether a pod is what its template says: rules and webhooks of a cluster rewrite pods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import spec_of, template_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.declared import plain_values, same_image
from morrow.tool.diagnose.view import Finding, View, new_pods

SETTLES = 8.0


def rewritten_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield new pods that run something else than their template says."""
    for workload in view.workloads:
        template = spec_of(template_of(workload))
        wanted = {one["name"]: one for one in template.get("containers") or []}
        for pod in new_pods(view, workload):
            pairs = ((wanted.get(one["name"]), one) for one in pod["spec"]["containers"])
            said = (_difference(before, now) for before, now in pairs if before is not None)
            if cause := next(filter(None, said), ""):
                if workload["kind"] == "ReplicaSet":
                    cause += ": a ReplicaSet of its own replaces no pod"
                    command = f"{place.kubectl} delete pod {pod['metadata']['name']}"
                    found = place.problem("rollout-paused", title(pod), cause, command=command)
                else:
                    cause += ": an admission rule or webhook of the cluster rewrites it"
                    # It stays as it was made until it is made anew, also when the rule is gone.
                    again = f"{typed()} restart {place.environment}"
                    found = place.problem("release-overwritten", title(pod), cause, up=again)
                yield Finding(found, SETTLES, True)
                return


def _difference(wanted: Json, now: Json) -> str:
    """Say in what a container is another; what was put round its command or value is no change.

    Some who hand in secrets start the command by their own; some who trace add to a variable.
    """
    image, other = str(wanted["image"]), str(now["image"])
    if not same_image(image, other):
        return f"it runs {other}, and its template says {image}"
    if _words(wanted) not in _words(now):
        said = " ".join((now.get("command") or []) + (now.get("args") or []))
        return f"it starts {said[:100]}, and its template says something else"
    values = plain_values(now)
    for name, value in plain_values(wanted).items():
        if not re.search(rf"(^|[ :,;]){re.escape(value)}($|[ :,;])", str(values.get(name, ""))):
            return f"its variable {name} is not what its template says"
    return ""


def _words(container: Json) -> str:
    """Return what it starts, as one text in which every word is whole."""
    words = (container.get("command") or []) + (container.get("args") or [])
    return "".join(f"\0{word}\0" for word in words)
