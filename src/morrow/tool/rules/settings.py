"""Judge an environment's settings by the service's own declaration, before anything is touched.

The declaration is read in a Python of its own (`python -m morrow check`), so that the tool
never imports the service. How others use it:

    problems = refused_settings(project, environment)        # a list; empty when all is well
    declared = declaration(project)               # the JSON schema, one property a variable
"""

from __future__ import annotations

import json
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project
from morrow.tool.environment.model import Environment
from morrow.tool.programs import runner

# Read by the kit itself and by the libraries below it, so no service declares them.
FOREIGN = ("OTEL_",)


def python(
    project: Project, *arguments: str, input: str | None = None, source: Path | None = None
) -> runner.Result:
    """Run `python -m morrow …` with the service's source importable."""
    paths = [str(source or project.source), os.environ.get("PYTHONPATH", "")]
    return runner.run(
        sys.executable,
        "-m",
        "morrow",
        *arguments,
        input=input,
        timeout=60,
        environment={"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def declaration(project: Project, settings: str = "") -> dict[str, Any]:
    """Return the JSON schema of the service's settings."""
    return _ask(project, "schema", settings or project.settings, None)


def refused_settings(project: Project, environment: Environment) -> list[Problem]:
    """Return what the service would refuse, each with the file and line to edit."""
    if not project.settings:
        return []
    config, keys = environment.config, environment.secrets.keys
    # What the chart will set and what changes the judgement.
    known = environment.settings
    if environment.protected:
        known = {**known, "MORROW_PROTECTED": "true"}
    # `env` may hold references, whose values only the cluster knows; there, that they are given
    # counts.
    others = (environment.values.get("env") or {}) if environment.kind == "kubernetes" else {}
    unseen = [name for name, text in others.items() if not isinstance(text, str)]
    question = json.dumps({"values": known, "secrets": [*keys, *unseen]})
    answer = _ask(project, "check", project.settings, question)
    declared: dict[str, Any] = answer["schema"].get("properties", {})
    problems = []
    for variable in (*config, *keys):
        section = "config" if variable in config else "secrets"
        if variable not in declared and not variable.startswith(FOREIGN):
            problems.append(_unknown(environment, section, variable, list(declared)))
    for section, given in (("config", config), ("env", known)):
        for variable in given:
            secret = declared.get(variable, {}).get("x-morrow-secret")
            if secret and variable in (environment.values.get(section) or {}):
                problems.append(_exposed(environment, section, variable))
    named = {found.object for found in problems}
    for wrong in answer["problems"]:
        # What the service does not declare may stand under `env`: libraries read it.
        if wrong["variable"] not in named and wrong["code"] != "setting-undeclared":
            problems.append(_refused(environment, declared, wrong))
    return problems


def _exposed(environment: Environment, section: str, variable: str) -> Problem:
    place = environment.place(section, variable)
    return problem(
        "settings-exposed",
        variable,
        f"the service declares it a secret, and it stands in clear text under {section}",
        details=(f"at {place}",),
        file=place,
        name=variable,
        section=section,
    )


def _unknown(environment: Environment, section: str, variable: str, declared: list[str]) -> Problem:
    near = get_close_matches(variable, declared, 1, 0.6)
    place = (
        environment.place("config", variable)
        if section == "config"
        else environment.place("secrets", "keys")
    )
    cause = "the service declares no such setting"
    cause += f"; did you mean {near[0]!r}?" if near else ""
    hint = f"{near[0]} instead of {variable}" if near else f"take {variable} out, or declare it"
    return problem(
        "settings-unknown", variable, cause, details=(f"at {place}",), file=place, hint=hint
    )


def _refused(environment: Environment, declared: dict[str, Any], wrong: dict[str, str]) -> Problem:
    variable = wrong["variable"]
    secret = bool(declared.get(variable, {}).get("x-morrow-secret"))
    missing = wrong["code"].endswith("missing")
    if missing and variable not in environment.settings:
        place = environment.place(*(("secrets", "keys") if secret else ("config",)))
        hint = f"secrets.keys: add {variable}" if secret else f"config: add {variable}"
    else:
        under = "env" if variable in (environment.values.get("env") or {}) else "config"
        place = environment.place(under, variable)
        hint = f"correct {variable}"
    return problem(
        "settings-missing" if missing else "settings-invalid",
        variable,
        wrong["message"],
        details=(f"at {place}",),
        file=place,
        hint=hint,
    )


def _ask(project: Project, verb: str, settings: str, question: str | None) -> dict[str, Any]:
    done = python(project, verb, settings, input=question)
    try:
        answer: dict[str, Any] = json.loads(done.out)
    except ValueError:
        answer = {}
    if done.code or not answer:
        lines = tuple(done.err.strip().splitlines()[-8:])
        raise Failure(problem("settings-unreadable", settings, done.last_error, details=lines))
    return answer
