"""What a rollout says and remembers from look to look, and what it takes out of its way."""

from __future__ import annotations

import dataclasses
import time

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import is_ready, owned, spec_of, status_of, uid
from morrow.tool.deliver.explain import last_log
from morrow.tool.diagnose.containers import WAITS, container_statuses, pod_state, restarts
from morrow.tool.diagnose.deployment import blocking
from morrow.tool.diagnose.view import View, new_pods, newest_replicaset
from morrow.tool.programs.kubectl import Kubectl

AGAIN = 10.0  # seconds after which what is waited for is said again
PATIENT = 20.0  # seconds for which a wait is not worth a word
LOGS = 8.0  # seconds between two looks at what a running Job writes
LASTS = 5.0  # seconds that a pod of which no probe asks must run, until it counts as well
BLOCKED = 8.0  # seconds until a pod of another revision counts as one that does not heal
NOW = "--wait=false"


class Progress:
    """The words of a rollout: each pod's state when it changes, and what is waited for."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._known: frozenset[str] = frozenset()
        self._shown: dict[str, str] = {}  # pod -> the state that was said last
        self._explained: set[tuple[str, str]] = set()
        self._summary = ""
        self._said = 0.0
        self._ready: dict[str, tuple[int, float]] = {}  # pod -> restarts, and ready since when
        self._falls: dict[str, int] = {}
        self._logs: dict[str, str] = {}  # "pod/container" of Jobs -> its last lines
        self._read = 0.0

    def begin(self, view: View, known: frozenset[str]) -> None:
        """Take what is there already as said."""
        self._known = known
        self._shown = {pod["metadata"]["name"]: "" for pod in view.pods}

    def remember(self, view: View) -> View:
        """Add what only earlier looks can tell: pods that fell or are young, lines of lost Jobs."""
        now, young = time.monotonic(), set[str]()
        for pod in new_pods(view):
            name, before = pod["metadata"]["name"], self._ready.pop(pod["metadata"]["name"], None)
            if is_ready(pod):
                runs = restarts(pod)
                since = before[1] if before and before[0] == runs else now
                self._ready[name] = (runs, since)
                asked = all(one.get("readinessProbe") for one in pod["spec"]["containers"])
                if now - since < LASTS and not asked and uid(pod) not in self._known:
                    young.add(name)
            elif before and not _ended(pod):
                self._falls[name] = self._falls.get(name, 0) + 1
        if now - self._read > LOGS:
            self._read = now
            for pod in self._job_pods(view):
                self._read_logs(pod)
        logs = {**view.logs, **self._logs}
        return dataclasses.replace(view, falls=self._falls, young=frozenset(young), logs=logs)

    def _read_logs(self, pod: Json) -> None:
        """Keep the last lines: a Job's pods are removed at its deadline, and their logs with it."""
        name = pod["metadata"]["name"]
        for status in container_statuses(pod):
            if "running" in (status.get("state") or {}):
                lines = last_log(self._kubectl, name, status["name"])
                self._logs[f"{name}/{status['name']}"] = lines

    def _job_pods(self, view: View) -> list[Json]:
        jobs = [job for job in view.jobs if uid(job) not in self._known]
        return [pod for job in jobs for pod in owned(view.pods, job)]

    def show(self, view: View) -> None:
        """Say each pod's state when it changes."""
        for pod in [*new_pods(view), *self._job_pods(view)]:
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
            ready = status_of(newest).get("readyReplicas", 0)
            wanted = spec_of(newest).get("replicas", 0)
            text = f"  {ready} of {wanted} new pods are ready"
            if terminal.moves or text != self._summary:
                terminal.status(text)
            self._summary = text

    def waits(self, problem: Problem, since: float, passed: float) -> None:
        """Say what is waited for, now and again, once it has lasted."""
        now = time.monotonic()
        if since < PATIENT or now - self._said < AGAIN:
            return
        self._said = now
        terminal.say(f"  after {passed:.0f} s it waits: {problem.object}: {problem.cause}")


def _ended(pod: Json) -> bool:
    """Whether a container ended: its pod is not ready then because of that."""
    return any("running" not in (s.get("state") or {}) for s in container_statuses(pod))


class Blocked:
    """Pods that a StatefulSet waits for in vain: they are deleted, as they are to be replaced."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._since: dict[str, float] = {}  # pod -> since when

    def free(self, view: View) -> None:
        """Delete those that have been in the way for a while."""
        now = time.monotonic()
        self._since = {name: self._since.get(name, now) for name in blocking(view)}
        for name, since in self._since.items():
            if now - since > BLOCKED and not self._kubectl.run("delete", "pod", name, NOW).code:
                terminal.say(f"  {name}: of another revision and broken; deleted, to be replaced")
