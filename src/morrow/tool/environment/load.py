"""Read an environment: its files, merged as Helm merges them, and held against the schema.

A test holds the merge to Helm itself. It has two steps, as in Helm: files over each other
(`overlay`: maps merge, all else replaces, null stays), then the result over the chart's own values
(`coalesce`: null removes a default).
"""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import NAME, Project
from morrow.tool.base.terminal import again, typed
from morrow.tool.base.words import did_you_mean, near
from morrow.tool.environment.model import Environment
from morrow.tool.environment.schema import check
from morrow.tool.environment.yaml import read as read_file

Values = dict[str, Any]


def problems_of(environment: Environment) -> list[Problem]:
    """Return what is wrong with the files, also by the chart's schema."""
    if missing := environment.project.missing():
        return missing  # without the chart's schema everything would pass
    problems = [wrong for layer in environment.layers for wrong in layer.problems]
    if all(layer.readable for layer in environment.layers):
        # The schema cannot judge a value that YAML readers take differently.
        unsure = {wrong.object for wrong in problems}
        problems += [wrong for wrong in check(environment) if wrong.object not in unsure]
    return problems


def read(project: Project, label: str, context: str | None = None) -> Environment:
    """Read and merge; judge nothing."""
    own = project.environments / f"{label}.yaml"
    if label not in project.environment_names():
        raise missing(project, label)
    below = [project.environments / name for name in ("base.yaml", f"{label}.platform.yaml")]
    files = [*filter(Path.is_file, below), own]
    layers = tuple(read_file(file, project.shown(file)) for file in files)
    given: Values = {}
    for layer in layers:
        given = overlay(given, layer.values)
    chart_values = project.chart / "values.yaml"
    defaults = read_file(chart_values).values if chart_values.is_file() else {}
    values = coalesce(defaults, given)
    context = context or os.environ.get("MORROW_CONTEXT") or ""
    environment = Environment(project, label, layers, given, values, context)
    if not context:
        environment = replace(environment, context=str(environment.target.get("context") or ""))
    return environment


def missing(project: Project, label: str, command: str = "") -> Failure:
    """Return that there is no environment of that name, with a command that works."""
    names = project.environment_names()
    folder = project.shown(project.environments)
    known = ", ".join(names) or "none"
    own = project.environments / f"{label}.yaml"
    cause = f"{folder} has {known}{did_you_mean(label, names)}"
    if own.is_dir() or own.is_symlink():
        cause = f"{project.shown(own)} is {'a folder' if own.is_dir() else 'a link to no file'}"
        command = f"ls -ld {project.shown(own)}"
    elif similar := near(label, names):
        command = command or again(label, similar)
    elif names and NAME.match(label):
        command = command or f"{typed()} env new {label} --from {names[0]}"
    elif not command:
        command = again(label, names[0]) if names else f"write {folder}/dev.yaml"
    return Failure(problem("environment-missing", label, cause, command=command))


def overlay(below: Values, above: Values) -> Values:
    """Lay one values file over another."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            merged[key] = overlay(old, value)
        else:
            merged[key] = value
    return merged


def coalesce(defaults: Values, given: Values, *, root: bool = True) -> Values:
    """Lay what is given over the chart's defaults, as Helm does."""
    merged = deepcopy(given) if root else given
    for key, default in defaults.items():
        if key not in merged:
            merged[key] = deepcopy(default)
        elif merged[key] is None and (root or default is not None):
            del merged[key]  # at the root, even a default that is null itself
        elif isinstance(merged[key], dict) and isinstance(default, dict):
            merged[key] = coalesce(default, merged[key], root=False)
    return merged
