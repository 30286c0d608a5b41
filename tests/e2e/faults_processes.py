"""Faults of workers, crons, jobs and StatefulSets; see tool_faults.py."""

from __future__ import annotations

import json
import threading

from tests.e2e.faults_cluster import HOLD, again_and_again, held
from tests.e2e.faults_network import patched
from tests.e2e.faults_pods import worker
from tests.e2e.tool_faults import Fault, Values, env
from tests.e2e.tool_project import ToolProject

RESTS = "import time; time.sleep(9e9)"
STATEFUL: Values = {"workload": "StatefulSet"}


def process(kind: str, code: str, **more: object) -> Values:
    """Return the values of a process beside the web process."""
    command = ["/usr/bin/python3", "-u", "-c", code]
    return {"processes": {"tick": {"kind": kind, "command": command, **more}}}


def cron(code: str = "print('ran')", **more: object) -> Values:
    """Return the values of a cron that does not run by itself."""
    return process("cron", code, **{"schedule": "0 0 1 1 *", **more})


def run_twice(project: ToolProject) -> None:
    """Let a cron run as its schedule would, twice."""
    for name in ("one", "two"):
        project.kubectl("create", "job", "--from=cronjob/web-tick", name)
        project.kubectl("wait", "--for=condition=Failed", f"job/{name}", "--timeout=120s")


def held_pod(project: ToolProject) -> None:
    """Let the end of the pods be held by somebody."""
    for name in project.ready_pods():
        project.kubectl("patch", "pod", name, "--type=merge", "-p", HOLD)


def claims(size: str) -> Values:
    """Return the values of a StatefulSet whose pods each claim a volume."""
    return {**STATEFUL, "volumes": {"own": {"mountPath": "/own", "claim": {"size": size}}}}


def job_held(project: ToolProject) -> None:
    """Let the job of the release before be held, so that Helm cannot make its own."""
    (job,) = json.loads(project.kubectl("get", "jobs", "-o", "json"))["items"]
    patched("job", job["metadata"]["name"], HOLD)(project)
    threading.Event().wait(1)


MIGRATES: Values = process("job", "print('done')")
ON_DELETE = '{"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}'

FAULTS = (
    Fault(
        "worker is never ready", "never-ready", r"Pod web-tick-.*container tick",
        r"it runs and is not",
        process("worker", RESTS, probes={
            "readiness": {"exec": ["/usr/bin/python3", "-c", "raise SystemExit(3)"]},
            "startup": {"failureThreshold": 4}}),
        over=True,
    ),
    Fault(
        "worker needs more memory", "out-of-memory", r"Pod web-tick-.*container tick",
        r"limit \(24Mi\)",
        process("worker", "x = b'x' * (200 << 20)", resources={"limits": {"memory": "24Mi"},
                                                              "requests": {"memory": "16Mi"}}),
    ),
    Fault(
        "a worker alone crashes", "crashed", r"Pod web-tick-.*container tick", r"exit code 1",
        {**worker("raise SystemExit('no queue')"), "web": {"enabled": False}},
    ),
    Fault(
        "a worker alone is on no node", "unschedulable", r"Pod web-tick-",
        r"node affinity/selector",
        {**process("worker", RESTS, pod={"nodeSelector": {"disk": "nosuch"}}),
         "web": {"enabled": False}},
    ),
    Fault(
        "cron's Secret is not there", "secret-missing", r"CronJob web-tick", r"Secret nosuch",
        cron(env={"REFERRED": {"secretKeyRef": {"name": "nosuch", "key": "A"}}}), exit=3,
        typed=True, ci=True,
    ),
    Fault(
        "somebody suspends the cron", "release-overwritten", r"CronJob web-tick",
        r"its suspend is true, not false", cron(), exit=3,
        during=again_and_again("patch", "cronjob", "web-tick", "--type=merge", "-p",
                               '{"spec": {"suspend": true}}'),
    ),
    Fault(
        "cron's schedule is none", "environment-value", r"processes.tick.schedule", r"61",
        cron(schedule="61 0 1 1 *"), exit=2, ci=True,
    ),
    Fault(
        "cron's time zone is not known", "chart-invalid", r"environments/test.yaml",
        r"no time zone", cron(timeZone="Mars/Olympus"), exit=2, ci=True,
    ),
    Fault(
        "migration is on no node", "unschedulable", r"Pod web-", r"node affinity/selector",
        process("job", "print(1)", pod={"nodeSelector": {"disk": "nosuch"}}), over=True,
    ),
    Fault(
        "migration needs more memory", "out-of-memory", r"Pod web-.*container tick|Job web-",
        r"limit \(24Mi\)",
        process("job", "x = b'x' * (200 << 20)", resources={"limits": {"memory": "24Mi"},
                                                           "requests": {"memory": "16Mi"}}),
    ),
    Fault(
        "migration's program is not there", "command-not-found", r"Pod web-", r"nosuchprogram",
        {"processes": {"tick": {"kind": "job", "command": ["/nosuchprogram"]}}}, over=True,
    ),
    Fault(
        "migration hangs longer than up waits", "job-slow", r"Job web-|Pod web-", r"has not ended",
        process("job", "import time; print('waits'); time.sleep(999)"), seconds=40, over=True,
    ),
    Fault(
        "the migration before is held", "object-ending", r"Job web-", r"held by example.com/holds",
        {**MIGRATES, **env(A="new")}, first=MIGRATES, over=True, before=job_held, typed=True,
    ),
    Fault(
        "StatefulSet's pods are replaced by hand", "rollout-paused", r"StatefulSet web",
        r"only when somebody deletes", env(A="new"), first=STATEFUL, over=True, exit=3, typed=True,
        before=patched("statefulset", "web", ON_DELETE),
    ),
    Fault(
        "StatefulSet's old pod is held", "object-ending", r"Pod web-0", r"held by .*holds",
        env(A="new"), first=STATEFUL, over=True, before=held_pod, typed=True,
    ),
    Fault(
        "recreated, and the old pod is held", "object-ending", r"Pod web-", r"held by .*holds",
        env(A="new"), first={"rollout": {"strategy": "Recreate"}}, over=True, before=held_pod,
        typed=True,
    ),
    Fault(
        "StatefulSet is half deleted", "object-ending", r"StatefulSet web", r"held by .*holds",
        env(A="new"), first=STATEFUL, over=True, before=held("statefulset", "web"), typed=True,
    ),
)  # fmt: skip
