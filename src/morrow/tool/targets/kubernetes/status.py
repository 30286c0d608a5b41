"""What runs in the cluster, read from the pods: a template says only what is wanted."""

from __future__ import annotations

from typing import Any

from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import is_ending, is_ready, names_held, spec_of, title, wanted_of
from morrow.tool.cluster.place import Place
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.diagnose.containers import pod_state, restarts
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose_once
from morrow.tool.diagnose.pod import of_alone
from morrow.tool.diagnose.view import Finding, View, new_pods, own_pods
from morrow.tool.stores.age import warnings as due
from morrow.tool.targets.kubernetes.pods import process_of


def status_of(site: Site, view: View, *, just_now: bool = False) -> Outcome:
    """Say what runs: release, image, config and secrets, each pod, and what is wrong.

    `just_now`: it was deployed a moment ago, so what happened before is no matter.
    """
    environment, place = site.environment, site.place
    if not view.workloads and not view.own("CronJob", environment.name, environment.namespace):
        absent: Json = {"environment": environment.label, "state": "down", "pods": []}
        text = f"{environment.name} is down: {typed()} up {environment.label}"
        return Outcome(text, absent, ok=False)
    findings = [one for one in diagnose_once(view, place) if not (just_now and one.past)]
    history = site.history
    served = [pod for pod in own_pods(view) if is_ready(pod)] or new_pods(view)
    web = [pod for pod in served if not process_of(pod)] or served
    specs, state = [pod["spec"] for pod in web], _state(view, findings, place)
    data: dict[str, Any] = {
        "environment": environment.label,
        "state": state,
        "release": history[-1].number if history else None,
        "release_state": history[-1].status if history else None,
        "image": _joined({spec["containers"][0]["image"] for spec in specs}),
        "config": _joined({names_held(spec)["config"] for spec in specs}),
        "secrets": _joined({names_held(spec)["secrets"] for spec in specs}),
        "ready": sum(map(is_ready, own_pods(view))),
        "wanted": sum(wanted_of(one) for one in view.workloads),
        "pods": _pod_lines(view),
        "problems": [finding.problem.as_json() for finding in findings],
    }
    lines = [
        f"{environment.name} in {environment.namespace}: {state},"
        f" {data['ready']} of {data['wanted']} pods ready",
        f"  release {data['release']} ({data['release_state']}), image {data['image'] or '-'}",
        f"  config {data['config'] or '-'}, secrets {data['secrets'] or '-'}",
        *(f"  {p['name']}  {p['state']}  on {p['node']}, {p['restarts']} restarts"
          for p in data["pods"]),
    ]  # fmt: skip
    if git := delivery_of(environment).state(site):
        data["git"] = git
        lines += [_git_line(git)]
    if environment.secrets.max_age:  # else nothing more is asked of the cluster
        lines += [f"  {one}" for one in due(environment, site.secret)]
    for finding in findings:
        lines += [f"  {finding.problem.code}: {finding.problem.object}: {finding.problem.cause}"]
        lines += [f"  fix: {finding.problem.fix}"]
    return Outcome("\n".join(lines), data, ok=state == "serving")


def _state(view: View, findings: list[Finding], place: Place) -> str:
    """Serving only where every process runs what is wanted and nothing beside is wrong."""
    ready = sum(map(is_ready, own_pods(view)))
    if not ready and any(wanted_of(one) for one in view.workloads):
        return "failing"
    if any(one.beside or of_alone(one, view, place) for one in findings):
        return "degraded"
    for workload in view.workloads:
        wanted = wanted_of(workload)
        if not rolled_out(workload, view) or not (wanted or _rests(workload, view)):
            return "degraded"
        if sum(map(is_ready, new_pods(view, workload))) < wanted:
            return "degraded"
    return "serving"


def _rests(workload: Json, view: View) -> bool:
    """Whether it is to have no pods: as it was applied, or as its autoscaler says."""
    if workload["kind"] == "DaemonSet":
        return True  # no node is one of its own
    applied = [one for one in view.declared if title(one) == title(workload)]
    return bool(applied) and not spec_of(applied[0]).get("replicas")


def _git_line(git: Json) -> str:
    differs = ", ".join(git["differs"][:3])
    why = git["says"] or (f"the cluster differs in {differs}" if differs else "")
    by = f" by {git['controller']}" if git["controller"] else ""
    line = f"  {git['state']}{by}: {git['branch']} at {git['commit'][:10]}"
    return f"{line}; {why}" if why else line


def _joined(names: set[str]) -> str:
    return " and ".join(sorted(filter(None, names)))


def _pod_lines(view: View) -> list[Json]:
    current = {pod["metadata"]["name"] for pod in new_pods(view)}
    return [
        {
            "name": pod["metadata"]["name"],
            "state": "ends" if is_ending(pod) else pod_state(pod, view),
            "new": pod["metadata"]["name"] in current,
            "image": pod["spec"]["containers"][0]["image"],
            "node": pod["spec"].get("nodeName", "-"),
            "restarts": restarts(pod),
        }
        for pod in own_pods(view)
    ]
