"""Why a container ended: refused settings, too little memory, a crash, no program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from morrow.tool.base.terminal import typed
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_spec, init_names, last_lines, terminated
from morrow.tool.diagnose.probes import liveness_killed
from morrow.tool.diagnose.view import WAIT, Finding, Json, View, last_part

BAD_SETTINGS = 78  # the exit code of a service that refuses its settings
_WRONG_FORMAT = "exec format error"
_SIGNALS = {134: " (SIGABRT)", 137: " (SIGKILL)", 139: " (SIGSEGV)", 143: " (SIGTERM)"}


def ended_findings(
    status: Json, where: str, pod: Json, view: View, place: Place, *, is_job: bool
) -> Iterator[Finding]:
    """Yield why a container that should run does not."""
    ended = terminated(status)
    state = status.get("state") or {}
    if ended is None or (status.get("ready") and "running" in state):
        return
    code = ended.get("exitCode", 0)
    if code == 0 and (is_job or status["name"] in init_names(pod)):
        return
    lines = last_lines(pod, view, status["name"])
    if code == BAD_SETTINGS:
        yield _bad_settings(lines, where, place)
        return
    if liveness_killed(status, pod, view):
        return  # it did not end by itself: the probes' findings tell why
    start = ended.get("reason") in ("StartError", "ContainerCannotRun")
    said = ended.get("message") if start else "\n".join(lines[-3:])
    if start or code in (126, 127) or any(_WRONG_FORMAT in line.lower() for line in lines[-3:]):
        cause = str(said or f"it ended with exit code {code} and said nothing")
        yield _cannot_run(cause, where, tuple(lines[-10:]), place)
        return
    # One death may be bad luck; a second is a fault. A Job's pod is judged by its Job.
    # What waits in the back-off is dead too: it is counted once more only when it is started.
    backs_off = (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    deaths = status.get("restartCount", 0) + (1 if "terminated" in state or backs_off else 0)
    hold = 0.0 if deaths >= 2 else WAIT
    times = "once" if deaths == 1 else f"{deaths} times"
    if ended.get("reason") == "OOMKilled":
        limits = (container_spec(pod, status).get("resources") or {}).get("limits") or {}
        limit = limits.get("memory", "that of the node")
        cause = f"it needed more memory than its limit ({limit}) and was killed, {times}"
        yield Finding(place.problem("out-of-memory", where, cause), hold)
        return
    if "running" in state and deaths < 2:
        return  # it was started again: whether that goes well is not known yet
    problem = place.problem(
        "crashed",
        where,
        f"it ended with exit code {code}{_SIGNALS.get(code, '')}, {times}",
        tuple(lines[-10:]),
        pod=pod["metadata"]["name"],
        container=status["name"],
    )
    yield Finding(problem, hold)


def _cannot_run(message: str, where: str, lines: tuple[str, ...], place: Place) -> Finding:
    code = "image-wrong-platform" if _WRONG_FORMAT in message.lower() else "command-not-found"
    return Finding(place.problem(code, where, last_part(message), lines, image="the image"))


def _bad_settings(lines: list[str], where: str, place: Place) -> Finding:
    """Name every variable that the service refused, and the file that owns it."""
    named = dict(refused_variables(lines))
    fixes = [
        f"{typed()} secrets set {place.environment} {name}"
        if name in place.secret_keys
        else f"set config.{name} in {place.file}"
        for name in named
    ]
    said = "; ".join(f"{name} {message}" for name, message in named.items())
    cause = f"the service refuses its settings (exit code {BAD_SETTINGS}): {said or 'see below'}"
    fix = "; ".join(fixes) or f"set what the lines name in {place.file}"
    return Finding(place.problem("settings-refused", where, cause, tuple(lines[-20:]), fix=fix))


def refused_variables(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Read the kit's one line of bad settings; what is no JSON is left to the details."""
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if not isinstance(told, dict) or told.get("code") != "bad-settings":
            continue
        sentences = re.sub(r"^\d+ bad settings?: ", "", str(told.get("message")))
        for sentence in re.split(r"; (?=[A-Z][A-Z0-9_]* )", sentences):
            variable, _, said = sentence.partition(" ")
            yield variable, said
