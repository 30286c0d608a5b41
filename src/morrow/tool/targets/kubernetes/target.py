"""The target `kubernetes`: a release in a cluster, brought up, taken down, shown."""

from __future__ import annotations

import sys
import time
from typing import Any

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.namespace import MADE_BY, ensure_namespace, find_namespace
from morrow.tool.cluster.objects import names_held
from morrow.tool.cluster.place import place_of
from morrow.tool.cluster.protection import guard
from morrow.tool.deliver.apply import apply
from morrow.tool.deliver.rollout import KINDS, pod_state
from morrow.tool.deliver.smoke import smoke
from morrow.tool.diagnose.diagnose import diagnose_once
from morrow.tool.diagnose.view import Json, View, new_pods, newest_replicaset, owned, view_of
from morrow.tool.doctor.preflight import preflight
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.stores import secrets
from morrow.tool.targets.target import DownOptions, LogsOptions, UpOptions

PATIENCE_END = 180.0  # seconds for the end of a namespace


def up(environment: Environment, options: UpOptions) -> Outcome:
    """Check, lock, make namespace and secrets, apply, watch, and ask the service once."""
    place, bound = place_of(environment), None
    if options.plan is not None:
        from morrow.tool.plan.file import open_plan

        bound = open_plan(environment.project, environment.label, options.plan, options.context)
        environment = bound.environment
    guard(environment, options.confirm, f"up {environment.label}")
    where = f"namespace {environment.namespace}, context {environment.context or 'as it is'}"
    terminal.say(f"{environment.name} → {where}, by {environment.delivery}")
    kubectl = Kubectl.of(environment)
    preflight(environment, kubectl)
    made = ensure_namespace(environment, kubectl)
    with lock.held(environment, f"morrow up {environment.label}"):
        if bound is not None:
            bound.require(namespace_made=made)
        saved = bound.terraform_plan if bound else None
        secrets.ensure(environment, kubectl)
        apply(environment, kubectl, place, timeout=options.timeout, terraform_plan=saved)
        secrets.sweep(environment, kubectl)
    smoke(environment, kubectl)
    return status(environment)


def down(environment: Environment, options: DownOptions) -> Outcome:
    """Uninstall the release; with `purge` remove the secrets and the namespace too."""
    guard(environment, options.confirm, f"down {environment.label}")
    kubectl = Kubectl.of(environment)
    namespace = find_namespace(environment, kubectl)
    if namespace is None:
        return _gone(environment, "there is no such namespace: nothing to take down")
    with lock.held(environment, f"morrow down {environment.label}"):
        if environment.delivery == "terraform":
            from morrow.tool.deliver.terraform import destroy

            destroy(environment)
        helm = Helm.of(environment)
        done = helm.run("uninstall", environment.name, "--ignore-not-found", "--wait", timeout=330)
        if done.code:
            raise done.failure()
        if options.purge:
            secrets.purge(environment, kubectl)
    if not options.purge:
        return _gone(environment, "down; the namespace and the secrets stay (--purge removes them)")
    labels = namespace.get("metadata", {}).get("labels") or {}
    if labels.get(MADE_BY) != "morrow":
        return _gone(environment, "down, secrets removed; the namespace is not ours and stays")
    name = environment.namespace
    kubectl.check("delete", "namespace", name, "--wait=false")
    _wait_for_end(environment, kubectl)
    return _gone(environment, "down; the namespace and the secrets are removed")


def _wait_for_end(environment: Environment, kubectl: Kubectl) -> None:
    """Wait until the namespace is gone; raise what Kubernetes says holds it."""
    name = environment.namespace
    deadline = time.monotonic() + PATIENCE_END
    while (found := kubectl.get("namespace", name)) is not None:
        if time.monotonic() > deadline:
            told = (found.get("status") or {}).get("conditions") or []
            why = [str(one.get("message", "")) for one in told if one.get("status") == "True"]
            cause = "it is being deleted, and Kubernetes does not say what holds it"
            place = place_of(environment)
            cause = "; ".join(why) or cause
            raise Failure(
                place.problem("namespace-terminating", f"namespace {name}", cause, what=name),
                refused=False,
            )
        terminal.status(f"waiting for the end of the namespace {name} …")
        time.sleep(1)


def _gone(environment: Environment, text: str) -> Outcome:
    data = {"environment": environment.label, "state": "down", "message": text}
    return Outcome(f"{environment.name}: {text}", data)


def status(environment: Environment) -> Outcome:
    """Say what runs: release, image, config and secrets, each pod, and what is wrong."""
    kubectl = Kubectl.of(environment)
    view = view_of(kubectl.json("get", KINDS)["items"], environment.name)
    if view.deployment is None:
        absent: Json = {"environment": environment.label, "state": "down", "pods": []}
        text = f"{environment.name} is down: {typed()} up {environment.label}"
        return Outcome(text, absent, ok=False)
    findings = diagnose_once(view, place_of(environment))
    history = Helm.of(environment).history(environment.name)
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


def logs(environment: Environment, options: LogsOptions) -> Outcome | None:
    """Write the pods' log lines to stdout, each with its pod's name before it."""
    kubectl = Kubectl.of(environment)
    view = view_of(kubectl.json("get", KINDS)["items"], environment.name)
    if view.deployment is None:
        place = place_of(environment)
        release = f"release {environment.name}"
        raise Failure(place.problem("release-missing", release, "nothing is deployed here"))
    labels = view.deployment["spec"]["selector"]["matchLabels"]
    arguments = ["logs", "--prefix", f"--tail={options.lines}", "--max-log-requests=50"]
    arguments += ["-c", str(view.deployment["spec"]["template"]["spec"]["containers"][0]["name"])]
    arguments += ["-l", ",".join(f"{key}={value}" for key, value in sorted(labels.items()))]
    if options.follow:
        arguments.append("--follow")

    if not options.follow:
        text = kubectl.check(*arguments, timeout=60).rstrip("\n")
        return Outcome(text, {"lines": text.splitlines()})

    def show(line: str) -> None:
        print(line, file=sys.stdout, flush=True)

    done = kubectl.run(*arguments, timeout=None, on_line=show)
    if done.code:
        raise kubectl.failure(done)
    return None
