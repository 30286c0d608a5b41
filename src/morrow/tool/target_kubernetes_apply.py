"""Apply a release by Helm or Terraform while its rollout is watched."""

from __future__ import annotations

import re
import time
from pathlib import Path

from morrow.tool import programs
from morrow.tool.diagnose_refused import refusal
from morrow.tool.diagnose_view import Place
from morrow.tool.environment import Environment
from morrow.tool.errors import Failure, Problem
from morrow.tool.helm import Helm, Revision
from morrow.tool.kubectl import Kubectl
from morrow.tool.programs import Result
from morrow.tool.rollout import Rollout
from morrow.tool.target_kubernetes_guard import pending
from morrow.tool.terminal import terminal

# Generous, since a fault ends the wait by itself: only a slow, good start ever needs it.
PATIENCE = 600.0


def place_of(environment: Environment) -> Place:
    """Return where the release lives, for messages."""
    return Place(
        environment=environment.label,
        file=environment.shown(environment.file),
        name=environment.name,
        namespace=environment.namespace,
        context=environment.context,
        provider=environment.secrets.provider,
        secret=environment.secrets.object_name,
        secret_keys=environment.secrets.keys,
    )


def apply(
    environment: Environment,
    kubectl: Kubectl,
    place: Place,
    *,
    timeout: float | None = None,
    terraform_plan: Path | None = None,
) -> None:
    """Install or upgrade and wait until it serves; a failure says what serves now."""
    settle(environment)
    history = Helm.of(environment).history(environment.name)
    before = _deployed(history)
    seconds = round(timeout or PATIENCE)
    by_helm = environment.delivery == "helm"
    late = None
    with Rollout(kubectl, place, interrupt=by_helm) as rollout:
        try:
            if by_helm:
                told = _by_helm(environment, place, seconds)
            else:
                from morrow.tool.target_kubernetes_terraform import apply_terraform

                told = apply_terraform(environment, terraform_plan, timeout)
            if told is None:
                told = late = rollout.settled(seconds)
        except Failure:
            if rollout.fault is None:  # else the watcher has seen more than who applies can tell
                raise
            told = rollout.fault
    back = late is None or _take_back(environment, kubectl, timeout, fresh=not history)
    if told is not None:
        raise failed(environment, rollout.fault or told, rollout.waiting, before, back=back)


def _take_back(
    environment: Environment, kubectl: Kubectl, timeout: float | None, *, fresh: bool
) -> bool:
    """Undo what was applied well and did not last; say whether that is done."""
    if not fresh:
        from morrow.tool.rollback import choose, take_back

        return take_back(environment, lambda: choose(environment, kubectl, None), timeout)
    if environment.delivery == "terraform":
        return False  # its state has it, and `morrow down` takes it away
    helm = Helm.of(environment)
    return helm.run("uninstall", environment.name, "--wait", timeout=330).code == 0


def _by_helm(environment: Environment, place: Place, seconds: int) -> Problem | None:
    """Run helm to its end; return what it says when it failed."""
    helm = Helm.of(environment)
    chart, values = environment.project.chart, environment.files
    arguments = ("--atomic", "--cleanup-on-fail", "--wait", "--wait-for-jobs")
    done = helm.upgrade(
        environment.name,
        chart,
        values,
        arguments=(*arguments, "--history-max", "10", "--timeout", f"{seconds}s"),
    )
    return helm_problem(done, place, seconds) if done.code else None


def failed(
    environment: Environment,
    found: Problem,
    waiting: Problem | None,
    before: int | None,
    *,
    back: bool = True,
) -> Failure:
    """Return the failure with its cause, and say what serves now; `back`: it was undone."""
    if found.code == "rollout-slow" and waiting is not None:
        found = waiting
    now = serving(environment)
    if now is None:
        after = "no release is deployed whole"
        if back and before is None:
            after = "nothing was deployed before, and what was made is removed again"
    elif before is None or not back:
        after = f"release {now} is deployed"
    else:
        after = "the release that served before serves again"
    terminal.say(f"  {after}")
    return Failure(
        Problem(found.code, found.object, found.cause, found.mend, (*found.details, after)),
        refused=False,
    )


def serving(environment: Environment) -> int | None:
    """Return the number of the deployed release, if there is one."""
    return _deployed(Helm.of(environment).history(environment.name))


def _deployed(history: list[Revision]) -> int | None:
    return next((r.number for r in reversed(history) if r.status == "deployed"), None)


# In Helm's or the API server's words: code, and what the mend names.
_HELM: tuple[tuple[str, str], ...] = (
    (r"another operation .* is in progress", "release-stuck"),
    (r"(?P<what>\w+ \"[^\"]+\") in namespace .* exists and cannot be imported", "name-taken"),
    (r'no matches for kind "(?P<what>\w+)"', "resource-kind-missing"),
    (r"namespace (?P<what>\S+) because it is being terminated", "namespace-terminating"),
    (r"\bjob (?P<job>\S+) failed: \w+", "job-failed"),
    (r"values don't meet the specifications|execution error at", "release-refused"),
    (r"is invalid:|is forbidden:|denied the request|field is immutable", "release-refused"),
)


def helm_problem(done: Result, place: Place, seconds: float) -> Problem:
    """Return what Helm itself says; that the time is over is `rollout-slow`."""
    text = done.err or done.out
    message = done.last_error
    where = f"release {place.name}"
    known = refusal(text, where, place)
    if known is not None:
        return known.problem
    for pattern, code in _HELM:
        found = re.search(pattern, text)
        if found:
            line = next(line for line in text.splitlines() if re.search(pattern, line))
            message = line.strip().removeprefix("Error: ")
            named = found.groupdict()
            if named.get("job"):  # it may be gone before anyone could look at it
                where = f"Job {named['job']}"
            what = (named.get("what") or "").replace('"', "")
            return place.problem(code, where, message, what=what.replace(" ", "/", 1).lower())
    if re.search(r"context deadline exceeded|timed out waiting|cancelled", text):
        cause = f"not all pods were ready after {seconds:.0f} s, and none calls itself broken"
        return place.problem("rollout-slow", where, cause, seconds=f"{seconds * 2:.0f}")
    return done.failure().problems[0]


def settle(environment: Environment) -> None:
    """Wait for a helm that a killed command left at work; mend what one left half-way.

    The lock is ours, so no other `morrow` is at it; a helm of this machine that still runs
    ends by itself.
    """
    state = pending(environment)
    if not state:
        return
    terminal.say(f"  an earlier command left the release {state}")
    deadline = time.monotonic() + PATIENCE
    while state and _helm_runs(environment) and time.monotonic() < deadline:
        terminal.status("  its helm still works; waiting for it")
        time.sleep(2)
        state = pending(environment)
    if not state:
        return
    from morrow.tool import recovery

    for finding in recovery.find(environment):
        if finding.problem.code == "release-stuck" and finding.mend is not None:
            terminal.say(f"  mended: {finding.mend()}")


def _helm_runs(environment: Environment) -> bool:
    """Whether a helm process of this machine works on the release."""
    listing = programs.run("ps", "-axww", "-o", "args=").out
    words = (f" {environment.name} ", f"--namespace {environment.namespace}")
    return any("helm" in line and all(w in line for w in words) for line in listing.splitlines())
