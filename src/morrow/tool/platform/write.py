"""Write what a platform hands over into the environment's own file, and compare it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import typed
from morrow.tool.doctor.check import Check
from morrow.tool.environment.model import Environment
from morrow.tool.environment.yaml import read as read_file
from morrow.tool.platform import handover
from morrow.tool.platform.roots import Platform


def write(platform: Platform) -> Outcome:
    """Write environments/NAME.platform.yaml; the same output gives the same bytes."""
    project, name = platform.project, platform.name
    service = service_name(project, name)
    if not service:
        cause = "neither base.yaml nor its own file says `name`"
        hint, base = "add `name:`, the service's", str(project.environments / "base.yaml")
        raise Failure(problem("environment-value", "name", cause, file=base, hint=hint))
    found = handover.values(platform.handover(), service, platform.root)
    text = handover.text(found, name, platform.root)
    file = place(project, name)
    shown = platform.project.shown(file)
    if file.is_file() and file.read_text() == text:
        done, steps = "unchanged", []
    else:
        with draft_of(file) as draft:
            draft.write_text(text)
        done, steps = "written", ["", "next: commit it, then", f"  {typed()} plan {name}"]
    text = "\n".join([f"{done}: {shown}", *steps])
    return Outcome(text, {"platform": name, "file": shown, "result": done})


def hand_over(platform: Platform) -> Outcome | None:
    """Write the file where there is something to write and an environment that wants it."""
    name = platform.name
    wanted = (platform.project.environments / f"{name}.yaml").is_file()
    return write(platform) if wanted and platform.output("platform") is not None else None


def place(project: Project, name: str) -> Path:
    """Return the file that lies between base.yaml and the environment's own."""
    return project.environments / f"{name}.platform.yaml"


def service_name(project: Project, name: str) -> str:
    """Return the service's name, which the environment's own files say; "" where none does."""
    for file in (project.environments / f"{name}.yaml", project.environments / "base.yaml"):
        values: dict[str, Any] = read_file(file).values if file.is_file() else {}
        if isinstance(values.get("name"), str):
            return str(values["name"])
    return ""


def compare(environment: Environment) -> Iterator[Check]:
    """Yield the doctor's line: whether the written file is what the platform says now."""
    project, name = environment.project, environment.label
    platform, file = Platform(project, name), place(environment.project, environment.label)
    if not file.is_file() or not (platform.folder / "main.tf").is_file():
        return
    shown = platform.project.shown(file)
    try:
        found = handover.values(platform.handover(), environment.name, platform.root)
    except Failure as failure:
        for one in failure.problems:
            yield Check("platform", "warn", f"cannot be compared: {one.object}: {one.cause}", one)
        return
    differing = handover.differences(read_file(file).values, found)
    if differing:
        cause = f"it differs from the platform in {', '.join(differing[:5])}"
        yield Check("platform", "fail", cause, problem("platform-stale", shown, cause, name=name))
    else:
        yield Check("platform", "ok", f"{shown} is what {platform.root} says")
