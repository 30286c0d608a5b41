"""Watch a release while helm or terraform applies it: progress by pod, and the cause of a fault.

with Rollout(kubectl, place, interrupt=True) as rollout:
    ... apply, in the main thread ...
    rollout.settled(600)   # None, or what stands in the way
rollout.fault      # the Problem, when there was one
rollout.waiting    # what the last look still waited for
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import (
    WAIT,
    Json,
    View,
    container_statuses,
    events_of,
    new_pods,
    newest_replicaset,
    observed,
    owned,
    uid,
    view_of,
)
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask

PERIOD = 2.0  # seconds between two looks
MOST_BACKOFF = 130.0  # the kubelet waits up to 122 s before it tries a volume again
WAITS = "waits: "
KINDS = "deployments,replicasets,pods,jobs,events"


class Rollout:
    """A thread that looks at the objects of a release, says what it sees and judges it."""

    def __init__(self, kubectl: Kubectl, place: Place, *, interrupt: bool) -> None:
        """`interrupt`: at a fault, stop helm, which rolls back then."""
        self._kubectl = kubectl
        self._place = place
        self._interrupt = interrupt
        self._began = time.monotonic()
        self._jobs: frozenset[str] = frozenset()
        self._known: frozenset[str] = frozenset()
        self._first_seen: dict[tuple[str, str], float] = {}
        self._shown: dict[str, str] = {}  # pod -> the state that was said last
        self._explained: set[tuple[str, str]] = set()
        self._summary = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollout", daemon=True)
        self.view = View()  # the last look
        self.fault: Problem | None = None
        self.waiting: Problem | None = None

    def __enter__(self) -> Self:
        view = self._look()
        self._jobs = frozenset(map(uid, view.jobs))
        self._known = self._jobs | frozenset(map(uid, (*view.replicasets, *view.pods)))
        self._shown = {pod["metadata"]["name"]: "" for pod in view.pods}
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def settled(self, patience: float) -> Problem | None:
        """Wait, once all pods are ready, until they have replaced the old ones for good.

        That is later by the seconds for which a pod must stay ready. Who applies has ended, so
        what stands in the way is returned, for the caller to take back.
        """
        self._end()
        self.fault = None  # of a look while it was still applied: it may have healed
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            try:
                view = self._look()
            except Failure as failure:  # the API server is away for a moment
                if failure.problems[0].code == "interrupted" or waited > patience:
                    raise
            else:
                if rolled_out(view.deployment):
                    return None
                self._show(view)
                fault = self._judge(view) or self._late(view, patience, waited)
                if fault is not None:
                    self._name(fault, view)
                    return self.fault
            time.sleep(PERIOD / 2)

    def _late(self, view: View, patience: float, waited: float) -> Problem | None:
        """Return that it takes too long: longer than one pod must stay ready, and all patience."""
        spec = (view.deployment or {}).get("spec") or {}
        if waited <= patience + float(spec.get("minReadySeconds") or 0):
            return None
        cause = f"the new pods have not replaced the old ones after {waited:.0f} s"
        where = f"release {self._place.name}"
        return self._place.problem("rollout-slow", where, cause, seconds=f"{waited * 2:.0f}")

    def _end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> View:
        self.view = look(self._kubectl, self._place.name)
        return self.view

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as unexpected:  # who applies goes on, and judges by itself
            if os.environ.get("MORROW_TRACEBACK"):
                raise
            name = type(unexpected).__name__
            terminal.warn(
                f"the pods are watched no longer: {name} (MORROW_TRACEBACK=1 shows where)"
            )

    def _watch(self) -> None:
        while not self._stop.wait(PERIOD):
            try:
                view = self._look()
            except Failure as failure:
                # The API server is away for a moment; helm judges whether for too long.
                terminal.status(f"waiting for the API server: {failure.problems[0].cause}")
                continue
            self._show(view)
            fault = self._judge(view)
            if fault is not None:
                try:
                    self._name(fault, view)
                finally:
                    if self._interrupt:
                        self._end_helm()
                return

    def _name(self, fault: Problem, view: View) -> None:
        """Keep the fault with what the pod itself tells of it, and say it."""
        self.fault = fault
        try:
            with suppress(Failure):  # it counts, also when no more can be learnt of it
                self.fault = explain(fault, view, self._kubectl, self._place)
        finally:
            terminal.say(f"{fault.code}: {fault.object}: {fault.cause}")

    def _end_helm(self) -> None:
        """Ask it to stop until it has ended: at first it may only be about to begin."""
        if not self._stop.is_set():
            terminal.say("stopping helm")
        while not self._stop.is_set():
            runner.stop("helm")
            self._stop.wait(PERIOD)

    def _judge(self, view: View) -> Problem | None:
        """Return the first finding that has lasted as long as it must."""
        now = time.monotonic()
        healing = now - self._began < MOST_BACKOFF
        # What was there may heal; a Job that has failed never does, and is not of this release.
        findings = diagnose(view, self._place, self._known if healing else self._jobs)
        seen = {finding.key: self._first_seen.get(finding.key, now) for finding in findings}
        self._first_seen = seen
        self.waiting = findings[0].problem if findings else None
        ripe = (f for f in findings if f.hold != WAIT and now - seen[f.key] >= f.hold)
        return next((finding.problem for finding in ripe), None)

    def _show(self, view: View) -> None:
        """Say each pod's state when it changes."""
        new_jobs = [job for job in view.jobs if uid(job) not in self._known]
        jobs = [pod for job in new_jobs for pod in owned(view.pods, job)]
        for pod in [*new_pods(view), *jobs]:
            name, state = pod["metadata"]["name"], pod_state(pod, view)
            before, self._shown[name] = self._shown.get(name), state
            # Events that explain a wait take turns, with long messages: each is said once.
            again = (name, state) in self._explained
            if state.startswith(WAITS):
                self._explained.add((name, state))
            if before != state and not again and not (state == "ready" and before == ""):
                terminal.say(f"  {name}: {state}")
        newest = newest_replicaset(view)
        if newest is not None:
            ready = (newest.get("status") or {}).get("readyReplicas", 0)
            wanted = (newest.get("spec") or {}).get("replicas", 0)
            text = f"  {ready} of {wanted} new pods are ready"
            if terminal.moves or text != self._summary:
                terminal.status(text)
            self._summary = text


def look(kubectl: Kubectl, name: str) -> View:
    """Look at the objects of a release."""
    return view_of(kubectl.json("get", KINDS)["items"], name)


def rolled_out(deployment: Json | None) -> bool:
    """Return whether the controller calls the rollout of the present template complete."""
    if deployment is None or (deployment.get("spec") or {}).get("paused"):
        return True  # of what someone has paused, nothing more is to come
    conditions = (deployment.get("status") or {}).get("conditions") or []
    reasons = {c["type"]: c.get("reason") for c in conditions}
    return observed(deployment) and reasons.get("Progressing") == "NewReplicaSetAvailable"


def pod_state(pod: Json, view: View) -> str:
    """Say in a few words how far a pod is, with the event that explains a wait."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded":
        return "done"
    events = events_of(view, pod)
    conditions = {c["type"]: c["status"] for c in status.get("conditions") or []}
    if conditions.get("PodScheduled") != "True":
        return "waits for a node"
    if conditions.get("Ready") == "True":
        return "ready"
    if any("running" in (s.get("state") or {}) for s in container_statuses(pod)):
        return "runs, not ready yet"
    told = {event.get("reason"): event for event in reversed(events)}
    if events and events[0].get("type") == "Warning":
        message = " ".join(str(events[0].get("message", "")).split())
        return f"{WAITS}{message[:160]}"
    if "Pulling" in told and "Pulled" not in told:
        return f"pulls the image ({told['Pulling'].get('message', '')})"
    return "starts"


def explain(problem: Problem, view: View, kubectl: Kubectl, place: Place) -> Problem:
    """Add what only the pod itself can tell: its last log lines and what its probe answers."""
    parts = problem.object.removeprefix("Pod ").split(", container ")
    pod = next((p for p in view.pods if p["metadata"]["name"] == parts[0]), None)
    if pod is None or len(parts) != 2:
        return problem
    logs: dict[str, str] = {}
    answers: dict[str, str] = {}
    if not problem.details:
        previous = [] if problem.code == "never-ready" else ["--previous"]
        told = kubectl.run("logs", parts[0], "-c", parts[1], "--tail=20", *previous, timeout=10)
        if told.code == 0:
            logs[f"{parts[0]}/{parts[1]}"] = told.out
    if problem.code == "never-ready":
        answers[parts[0]] = _probe_answer(pod, parts[1], kubectl)
    richer = dataclasses.replace(view, logs=logs, answers=answers)
    found = (f.problem for f in diagnose(richer, place))
    same = (p for p in found if (p.code, p.object) == (problem.code, problem.object))
    return next(same, problem)


def _probe_answer(pod: Json, container: str, kubectl: Kubectl) -> str:
    """Ask the pod what the kubelet asks it, because the kubelet keeps no body."""
    for spec in pod["spec"]["containers"]:
        if spec["name"] != container:
            continue
        get = (spec.get("readinessProbe") or spec.get("startupProbe") or {}).get("httpGet")
        if get is None:
            return ""
        ports = {p.get("name"): p["containerPort"] for p in spec.get("ports") or []}
        port = ports.get(get["port"], get["port"])
        answer = ask(kubectl, f"pod/{pod['metadata']['name']}", int(port), get.get("path", "/"))
        return str(answer)
    return ""
