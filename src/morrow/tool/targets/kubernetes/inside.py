"""A command inside a release: in a pod that runs, or in a Job with all that the release has."""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import COMPONENT, MADE_BY, NAME, TASK, owned
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look
from morrow.tool.diagnose.containers import container_statuses
from morrow.tool.diagnose.pod import pod_findings
from morrow.tool.diagnose.refused import refused_findings
from morrow.tool.diagnose.view import View, events_of
from morrow.tool.programs import runner
from morrow.tool.targets.kubernetes.pods import begun, chosen, container_of, workloads
from morrow.tool.targets.target import Run

SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash || exec sh")
ABSENT = re.compile(r"executable file not found|no such file or directory|not found in \$PATH")
TOOLS = "docker.io/library/busybox:1.37"  # where the image has no shell, and none was named
KEPT = 3600  # seconds for which a Job that has ended can still be looked at
START = 300.0  # seconds for the image of a container beside a pod
KIT_TASK = ("python3", "-m", "morrow", "task", "--")
SERVES = ("livenessProbe", "readinessProbe", "startupProbe", "ports", "lifecycle", "args")

Find = Callable[[View], list[Json]]  # the pod, with the one container that is watched


class Inside:
    """The part of the target `kubernetes` that runs commands."""

    def execute(self, site: Site, run: Run) -> Outcome:
        """Run it in a pod; where the image has no shell, in an ephemeral container beside."""
        guard(site, run.confirm, f"exec {site.environment.label}")
        pod = chosen(site, run.which)
        name, container = pod["metadata"]["name"], container_of(pod)
        command = run.command or SHELL
        if run.image or (not run.command and not _has_shell(site, name, container)):
            return self._beside(site, pod, container, run.image or TOOLS, run.command or ("sh",))
        where = (f"pod/{name}", "-c", container)
        done = _on_terminal(site, ("exec", *where), ("--", *command))
        return _outcome(site, done, pod=name, container=container)

    def _beside(
        self, site: Site, pod: Json, target: str, image: str, command: tuple[str, ...]
    ) -> Outcome:
        """Run it in an ephemeral container that sees the processes of the pod's own."""
        name, own = pod["metadata"]["name"], f"morrow-{secrets.token_hex(3)}"
        talk = _talks()
        if command == ("sh",) and not talk:
            raise click.UsageError("a shell beside the pod needs a terminal: name a command")
        terminal.say(f"{name}: a container of {image} beside {target}, for as long as the pod")
        words = ("debug", f"pod/{name}", f"--image={image}", f"--container={own}", "--quiet",
                 f"--target={target}", "--profile=restricted", "--attach=false")  # fmt: skip
        site.kubectl.check(*words, *(("-it",) if talk else ()), "--", *command)

        def find(view: View) -> list[Json]:
            return [_alone(one, own) for one in view.pods if one["metadata"]["name"] == name]

        try:
            _started(site, find, None, START)
        except Failure as failure:
            if failure.interrupted:
                raise
            wrong = failure.problems[0]
            raise Failure(site.place.problem("beside-refused", wrong.object, wrong.cause)) from None
        data = {"environment": site.environment.label, "pod": name, "container": own}
        if talk:
            terminal.say("Enter shows the prompt; exit ends it")
            code = site.kubectl.attach("attach", f"pod/{name}", "-c", own, "-it", "--quiet")
            return Outcome("", {**data, "exit_code": code}, ok=code == 0)
        lines = _followed(site, name, own)
        code = _ended(site, find, name, KEPT)
        return Outcome("", {**data, "exit_code": code, "stdout": "\n".join(lines)}, ok=code == 0)

    def task(self, site: Site, run: Run) -> Outcome:
        """Run it in a Job and show its log; delete the Job when the command is stopped."""
        environment = site.environment
        guard(site, run.confirm, f"task {environment.label}")
        workload = workloads(site, run.which.process)[0]
        name = f"{workload['metadata']['name'][:40]}-task-{secrets.token_hex(3)}"
        job = job_of(workload, name, run, site)
        created = json.loads(
            site.kubectl.check("create", "-f", "-", "-o", "json", input=json.dumps(job))
        )

        def find(view: View) -> list[Json]:
            pods = owned(view.pods, created)
            return [_alone(pod, container_of(pod)) for pod in pods]

        try:
            pod = _started(site, find, created, run.timeout)
            lines = _followed(site, pod["metadata"]["name"], container_of(pod))
            code = _ended(site, find, pod["metadata"]["name"], run.timeout)
        except BaseException:
            site.kubectl.run("delete", "job", name, "--wait=false")
            raise
        terminal.say(f"Job {name} ended with exit code {code}")
        data = {"environment": environment.label, "job": name, "exit_code": code, "lines": lines}
        return Outcome("", data, ok=code == 0)


def job_of(workload: Json, name: str, run: Run, site: Site) -> Json:
    """Return a Job whose one container has the image, settings and secrets of a workload's."""
    template = deepcopy(workload["spec"]["template"])
    spec: dict[str, Any] = template["spec"]
    held = spec["containers"][0]
    own = {key: value for key, value in held.items() if key not in SERVES}
    own["command"] = [*(KIT_TASK if site.environment.kit else ()), *run.command]
    spec |= {"containers": [own], "restartPolicy": "Never"}
    spec.pop("topologySpreadConstraints", None)
    # No Service, budget or ReplicaSet may select it as a pod of the web process.
    labels = {NAME: site.environment.name, COMPONENT: TASK, MADE_BY: "morrow"}
    notes = {"kubectl.kubernetes.io/default-container": own["name"]}
    template["metadata"] = {"labels": labels, "annotations": notes}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": round(run.timeout),
            "ttlSecondsAfterFinished": KEPT,
            "template": template,
        },
    }


def _alone(pod: Json, container: str) -> Json:
    """Return a pod as if it had only this container, so that others are not waited for."""
    spec, status = pod["spec"], pod.get("status") or {}
    specs = [*spec["containers"], *(spec.get("ephemeralContainers") or [])]
    own = [one for one in specs if one["name"] == container]
    statuses = container_statuses(pod) + (status.get("ephemeralContainerStatuses") or [])
    begun = [one for one in statuses if one["name"] == container]
    # Init containers stay: they may keep it from starting.
    first = [one for one in status.get("initContainerStatuses") or [] if one not in begun]
    status = {**status, "containerStatuses": begun, "initContainerStatuses": first}
    return {**pod, "spec": {**spec, "containers": own}, "status": status}


def _started(site: Site, find: Find, job: Json | None, patience: float) -> Json:
    """Wait for the container to run or to have run; raise what keeps it from that."""
    began, what = time.monotonic(), job["metadata"]["name"] if job else "the container"
    since: dict[tuple[str, str], float] = {}
    while True:
        view, now = look(site.kubectl, site.place), time.monotonic()
        pods = find(view)
        for pod in pods:
            if any(begun(one) for one in pod["status"]["containerStatuses"]):
                return pod
        findings = list(refused_findings(job, events_of(view, job), site.place)) if job else []
        for pod in pods:
            own = pod["spec"]["containers"][0]["name"]
            events = [e for e in view.events if own in e["involvedObject"].get("fieldPath", own)]
            alone = dataclasses.replace(view, events=tuple(events))
            findings += pod_findings(pod, alone, site.place, is_job=True)
        for one in findings:
            if now - since.setdefault(one.key, now) >= one.hold:
                raise Failure(one.problem, refused=False)
        if now - began > patience:
            cause = findings[0].problem.cause if findings else "it did not start"
            raise Failure(site.place.problem("job-failed", what, cause), refused=False)
        terminal.status(f"waiting for {what} …")
        time.sleep(0.5)


def _followed(site: Site, pod: str, container: str) -> list[str]:
    """Write the container's lines as they come, to its end; return them."""
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        terminal.result(line)

    where = ("--follow", f"pod/{pod}", "-c", container)
    site.kubectl.run("logs", *where, timeout=None, on_line=show)
    return lines


def _ended(site: Site, find: Find, name: str, patience: float) -> int:
    """Wait for the end of the container, whose log has ended; return its exit code."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        pods = find(look(site.kubectl, site.place))
        if not pods:  # removed at the deadline, or by somebody
            break
        for status in pods[0]["status"]["containerStatuses"]:
            if ended := (status.get("state") or {}).get("terminated"):
                return int(ended["exitCode"])
        time.sleep(0.5)
    cause = "its pod was removed before it ended: by the timeout, or by hand"
    raise Failure(site.place.problem("job-failed", f"Pod {name}", cause), refused=False)


def _has_shell(site: Site, pod: str, container: str) -> bool:
    done = site.kubectl.run("exec", f"pod/{pod}", "-c", container, "--", "sh", "-c", ":")
    if done.code and not ABSENT.search(done.err):
        raise site.kubectl.failure(done)
    return done.code == 0


def _talks() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not terminal.json


def _on_terminal(site: Site, words: tuple[str, ...], command: tuple[str, ...]) -> runner.Result:
    """Run kubectl on this terminal; with --json alone, and keep what it writes."""
    if terminal.json:
        return site.kubectl.run(*words, *command, timeout=None)
    words = (*words, "-it" if _talks() else "-i", *command)
    return runner.Result(words, site.kubectl.attach(*words), "", "")


def _outcome(site: Site, done: runner.Result, **where: str) -> Outcome:
    data = {"environment": site.environment.label, **where, "exit_code": done.code}
    if terminal.json:
        data |= {"stdout": done.out, "stderr": done.err}
    return Outcome("", data, ok=done.code == 0)
