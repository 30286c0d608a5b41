"""Write what a platform hands over into the environment's own file, and compare it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import typed
from morrow.tool.environment.model import Environment
from morrow.tool.environment.yaml import read as read_file
from morrow.tool.platform import handover
from morrow.tool.platform.roots import Platform


def write(platform: Platform) -> Outcome:
    """Write environments/NAME.platform.yaml; the same output gives the same bytes."""
    project, name = platform.project, platform.name
    service = _service(project, name)
    found = handover.values(platform.handover(), service, platform.root)
    text = handover.text(found, name, platform.root)
    file = place(project, name)
    shown = platform.shown(file)
    same = file.is_file() and file.read_text() == text
    if not same:
        draft = file.with_name(f".{file.name}.part")
        draft.write_text(text)
        draft.rename(file)
    done = "unchanged" if same else "written"
    lines = [f"{done}: {shown}"]
    if not same:
        lines += ["", "next: commit it, then", f"  {typed()} plan {name}"]
    return Outcome("\n".join(lines), {"platform": name, "file": shown, "result": done})


def hand_over(platform: Platform) -> Outcome | None:
    """Write the file where there is something to write and an environment that wants it."""
    name = platform.name
    wanted = (platform.project.environments / f"{name}.yaml").is_file()
    return write(platform) if wanted and platform.output("platform") is not None else None


def place(project: Project, name: str) -> Path:
    """Return the file that lies between base.yaml and the environment's own."""
    return project.environments / f"{name}.platform.yaml"


def _service(project: Project, name: str) -> str:
    """Return the service's name, which the environment's own files say."""
    for file in (project.environments / f"{name}.yaml", project.environments / "base.yaml"):
        values: dict[str, Any] = read_file(file).values if file.is_file() else {}
        if isinstance(values.get("name"), str):
            return str(values["name"])
    cause = "neither base.yaml nor its own file says `name`"
    raise Failure(problem("environment-missing", name, cause, name=name))


def compare(environment: Environment) -> Iterator[tuple[str, str, str, Problem | None]]:
    """Yield the doctor's line: whether the written file is what the platform says now."""
    project, name = environment.project, environment.label
    platform, file = Platform(project, name), place(environment.project, environment.label)
    if not file.is_file() or not (platform.folder / "main.tf").is_file():
        return
    shown = platform.shown(file)
    try:
        found = handover.values(platform.handover(), environment.name, platform.root)
    except Failure as failure:
        for one in failure.problems:
            yield "platform", "warn", f"cannot be compared: {one.object}: {one.cause}", one
        return
    differing = handover.differences(read_file(file).values, found)
    if differing:
        cause = f"it differs from the platform in {', '.join(differing[:5])}"
        yield "platform", "fail", cause, problem("platform-stale", shown, cause, name=name)
    else:
        yield "platform", "ok", f"{shown} is what {platform.root} says", None
