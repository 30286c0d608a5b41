"""Read an environment: its files, merged as Helm merges them, and held against the schema."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project, of_environments
from morrow.tool.base.words import did_you_mean
from morrow.tool.environment.merge import coalesce, overlay
from morrow.tool.environment.model import Environment, shown
from morrow.tool.environment.schema import check
from morrow.tool.environment.yaml import read as read_file


def problems_of(environment: Environment) -> list[Problem]:
    """Return what is wrong with the files, also by the chart's schema."""
    problems = [wrong for layer in environment.layers for wrong in layer.problems]
    if all(layer.readable for layer in environment.layers):
        # A value that readers take differently is no use to the schema.
        unsure = {wrong.object for wrong in problems}
        problems += [wrong for wrong in check(environment) if wrong.object not in unsure]
    return problems


def read(project: Project, label: str, context: str | None = None) -> Environment:
    """Read and merge; judge nothing."""
    own = project.environments / f"{label}.yaml"
    if of_environments(label) or not label or "/" in label or not own.is_file():
        raise _missing(project, label)
    below = [project.environments / name for name in ("base.yaml", f"{label}.platform.yaml")]
    files = [*filter(Path.is_file, below), own]
    layers = tuple(read_file(file, shown(project, file)) for file in files)
    given: dict[str, Any] = {}
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


def _missing(project: Project, label: str) -> Failure:
    names = project.environment_names()
    hint = did_you_mean(label, names)
    folder = shown(project, project.environments)
    known = ", ".join(names) or "none"
    return Failure(problem("environment-missing", label, f"{folder} has {known}{hint}", name=label))
