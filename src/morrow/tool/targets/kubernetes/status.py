"""What a release in a cluster looks like, from one look at its objects."""

from __future__ import annotations

from typing import Any

from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import names_held
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.rollout import pod_state
from morrow.tool.diagnose.diagnose import diagnose_once
from morrow.tool.diagnose.view import Json, View, new_pods, newest_replicaset, owned


def status_of(site: Site, view: View) -> Outcome:
    """Say what runs: release, image, config and secrets, each pod, and what is wrong."""
    environment = site.environment
    if view.deployment is None:
        absent: Json = {"environment": environment.label, "state": "down", "pods": []}
        text = f"{environment.name} is down: {typed()} up {environment.label}"
        return Outcome(text, absent, ok=False)
    findings = diagnose_once(view, site.place)
    history = site.history
    template = view.deployment["spec"]["template"]["spec"]
    ready = (view.deployment.get("status") or {}).get("readyReplicas", 0)
    wanted = view.deployment["spec"].get("replicas", 0)
    updated = newest_replicaset(view)
    current = {pod["metadata"]["name"] for pod in new_pods(view)}
    serves = ready >= wanted > 0 and updated is not None and len(current) >= wanted
    data: dict[str, Any] = {
        "environment": environment.label,
        "state": "serving" if serves else "degraded" if ready else "failing",
        "release": history[-1].number if history else None,
        "release_state": history[-1].status if history else None,
        "image": template["containers"][0]["image"],
        **names_held(template),
        "ready": ready,
        "wanted": wanted,
        "pods": [_pod_line(pod, view, current) for pod in _own_pods(view)],
        "problems": [finding.problem.as_json() for finding in findings],
    }
    lines = [
        f"{environment.name} in {environment.namespace}: {data['state']},"
        f" {ready} of {wanted} pods ready",
        f"  release {data['release']} ({data['release_state']}), image {data['image']}",
        f"  config {data['config'] or '-'}, secrets {data['secrets'] or '-'}",
        *(f"  {p['name']}  {p['state']}  on {p['node']}, {p['restarts']} restarts"
          for p in data["pods"]),
    ]  # fmt: skip
    lines += [f"  {p['code']}: {p['cause']}\n  fix: {p['fix']}" for p in data["problems"]]
    return Outcome("\n".join(lines), data, ok=serves)


def _own_pods(view: View) -> list[Json]:
    mine = owned(view.replicasets, view.deployment) if view.deployment else []
    return [pod for replicaset in mine for pod in owned(view.pods, replicaset)]


def _pod_line(pod: Json, view: View, current: set[str]) -> Json:
    name = pod["metadata"]["name"]
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    ends = bool(pod["metadata"].get("deletionTimestamp"))
    return {
        "name": name,
        "state": "ends" if ends else pod_state(pod, view),
        "new": name in current,
        "node": pod["spec"].get("nodeName", "-"),
        "restarts": sum(status.get("restartCount", 0) for status in statuses),
    }
