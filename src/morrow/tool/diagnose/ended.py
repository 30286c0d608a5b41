"""Why a container ended: refused settings, too little memory, a crash, no program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.objects import age_of, last_part
from morrow.tool.diagnose.containers import Container, terminated
from morrow.tool.diagnose.network import policies_of
from morrow.tool.diagnose.probes import liveness_killed
from morrow.tool.diagnose.view import WAIT, Finding

BAD_SETTINGS = 78  # the exit code of a service that refuses its settings
OFTEN, JUST_NOW = 3, 300.0  # restarts, seconds: what runs now will hardly last
_WRONG_FORMAT = "exec format error"
_PROGRAM = re.compile(r"\bexec\b|executable")  # else a mount, or the working directory
# How programs say that what they connect to did not answer, or has no name.
_UNREACHED = re.compile(
    r"time[d-]?[ -]?out|name resolution|getaddrinfo|no such host|not known|unreachable", re.I
)
_SIGNALS = {134: " (SIGABRT)", 137: " (SIGKILL)", 139: " (SIGSEGV)", 143: " (SIGTERM)"}


def ended_findings(container: Container, *, is_job: bool) -> Iterator[Finding]:
    """Yield why a container that should run does not."""
    status, state = container.status, container.state
    ended = terminated(status)
    if ended is None:
        return
    serves = bool(status.get("ready")) and "running" in state
    if serves and not _again_and_again(status, ended):
        return
    code = ended.get("exitCode", 0)
    if code == 0 and (is_job or container.is_init):
        return
    lines = container.lines
    if code == BAD_SETTINGS and not serves:
        yield _bad_settings(container)
        return
    if liveness_killed(container):
        return  # it did not end by itself: the probes' findings tell why
    start = not serves and ended.get("reason") in ("StartError", "ContainerCannotRun")
    said = ended.get("message") if start else "\n".join(lines[-3:])
    wrong = code in (126, 127) or any(_WRONG_FORMAT in line.lower() for line in lines[-3:])
    if start and not _PROGRAM.search(str(said)):
        yield Finding(container.problem("container-refused", last_part(str(said))))
        return
    if start or (wrong and not serves):
        cause = str(said or f"it ended with exit code {code} and said nothing")
        yield _cannot_run(cause, container)
        return
    # One death may be bad luck; a second is a fault. A Job's pod is judged by its Job.
    # What waits in the back-off is dead too: it is counted once more only when it is started.
    backs_off = (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    deaths = status.get("restartCount", 0) + (1 if "terminated" in state or backs_off else 0)
    hold = 0.0 if deaths >= 2 or _is_final(container) else WAIT
    times = "once" if deaths == 1 else f"{deaths} times"
    times += ", and serves in between" if serves else ""
    if ended.get("reason") == "OOMKilled":
        limits = (container.spec.get("resources") or {}).get("limits") or {}
        limit = limits.get("memory", "that of the node")
        cause = f"it needed more memory than its limit ({limit}) and was killed, {times}"
        yield Finding(container.problem("out-of-memory", cause), hold, serves)
        return
    if "running" in state and deaths < 2:
        return  # it was started again: whether that goes well is not known yet
    cause = f"it ended with exit code {code}{_SIGNALS.get(code, '')}, {times}"
    shut = [one["metadata"]["name"] for one in policies_of(container.pod, container.view, "Egress")]
    if shut and _UNREACHED.search("\n".join(lines[-10:])):
        cause += f"; NetworkPolicy {', '.join(sorted(shut))} decides where it may connect to"
    yield Finding(container.problem("crashed", cause, lines[-10:]), hold, serves)


def _is_final(container: Container) -> bool:
    """Whether nothing starts it again, and nothing makes its pod anew."""
    pod = container.pod
    alone = not pod["metadata"].get("ownerReferences")
    # A sidecar among the init containers has a policy of its own, and is started again.
    policy = container.spec.get("restartPolicy") or pod["spec"].get("restartPolicy")
    return alone and policy == "Never"


def _again_and_again(status: Json, ended: Json) -> bool:
    """Whether a container that runs now was often ended, the last time just now."""
    finished = ended.get("finishedAt")
    if status.get("restartCount", 0) < OFTEN or not finished:
        return False
    return age_of(finished) < JUST_NOW


def _cannot_run(message: str, container: Container) -> Finding:
    code, cause = "command-not-found", last_part(message)
    if _WRONG_FORMAT in message.lower():
        mounts = [one["mountPath"] for one in container.spec.get("volumeMounts") or []]
        program = (container.spec.get("command") or [""])[0]
        if any(program.startswith(f"{mount.rstrip('/')}/") or program == mount for mount in mounts):
            cause += "; it is mounted: a script needs a first line that names its shell, #!/bin/sh"
        else:
            code = "image-wrong-platform"
    return Finding(container.problem(code, cause, container.lines[-10:], image="the image"))


def _bad_settings(container: Container) -> Finding:
    """Name every variable that the service refused, and the file that owns it."""
    named, place = dict(refused_variables(container.lines)), container.place
    fixes = [
        f"{typed()} secrets set {place.environment} {name}"
        if name in place.secret_keys
        else f"set config.{name} in {place.file}"
        for name in named
    ]
    said = "; ".join(f"{name} {message}" for name, message in named.items())
    cause = f"the service refuses its settings (exit code {BAD_SETTINGS}): {said or 'see below'}"
    fix = "; ".join(fixes) or f"set what the lines name in {place.file}"
    return Finding(container.problem("settings-refused", cause, container.lines[-20:], fix=fix))


def refused_variables(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what the kit's line of bad settings lists; what is no JSON is left to the details."""
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("code") == "bad-settings":
            for one in told.get("problems") or ():
                yield one["variable"], one["message"]
