"""Judge an environment's settings by the service's own declaration, before anything is touched.

The declaration is read in a Python of its own (`python -m morrow check`), so that the tool
never imports the service. How others use it:

    problems = refused_settings(project, environment)        # a list; empty when all is well
    declared = declaration(project)               # the JSON schema, one property a variable
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from typing import Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean, near
from morrow.tool.environment.model import Environment
from morrow.tool.programs import runner
from morrow.tool.programs.python import interpreter

# Read by the kit itself and by the libraries below it, so no service declares them.
FOREIGN = ("OTEL_",)
PATIENCE = 60.0  # seconds for the import of a service
SILENT = 3.0  # seconds after which a wait is mentioned

LOAD = """
import os, sys
from morrow.kit.serving.target import load_service
from morrow.kit.settings.problem import StartError
os.environ.setdefault("FLASK_RUN_FROM_CLI", "true")
try:
    load_service(sys.argv[1] if os.path.isfile("manage.py") else sys.argv.pop())
except StartError as wrong:
    sys.exit(f"error: {wrong}")
"""
OURS = re.compile(r"(?m)^\s*(from|import)\s+morrow\b")


def python(
    project: Project,
    *arguments: str,
    input: str | None = None,
    patience: float = PATIENCE,
) -> runner.Result:
    """Run Python with the service's source importable; say so when that takes long."""
    own = interpreter(project)
    paths = [str(project.source), *own.paths, os.environ.get("PYTHONPATH", "")]
    notice = f"waiting for {arguments[-1]} to be imported …"
    slow = threading.Timer(SILENT, terminal.status, (notice,))
    slow.start()
    try:
        return runner.run(
            own.path,
            *arguments,
            input=input,
            timeout=patience,
            environment={"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
    finally:
        slow.cancel()


def declaration(project: Project, settings: str = "") -> dict[str, Any]:
    """Return the JSON schema of the service's settings."""
    return _ask(project, "schema", settings or declared_by(project), None, PATIENCE)


def declared_by(project: Project) -> str:
    """Return what names the declaration: `settings`, or `app` where that is a Service.

    An application that knows nothing of Morrow is not imported to learn that it declares nothing.
    """
    if project.settings or not project.app:
        return project.settings
    module = project.source.joinpath(*project.app.partition(":")[0].split("."))
    for file in (module.with_suffix(".py"), module / "__init__.py"):
        if file.is_file() and OURS.search(file.read_text(errors="replace")):
            return project.app
    return ""


def refused_app(project: Project) -> list[Problem]:
    """Return why the application that is served could not be loaded."""
    ours = declared_by(project) and project.app  # it may need what only `up` gives it
    done = python(project, "-c", LOAD, project.app) if ours else None
    return [_unreadable(project, "app", done.last_error, done.err)] if done and done.code else []


def refused_settings(
    project: Project, environment: Environment, patience: float = PATIENCE
) -> list[Problem]:
    """Return what the service would refuse, each with the file and line to edit."""
    declared_at = declared_by(project)
    if not declared_at:
        return []
    config, keys = environment.config, environment.secrets.keys
    # What the chart will set, and what makes the service stricter.
    variables = environment.settings
    if environment.protected:
        variables = {**variables, "MORROW_PROTECTED": "true"}
    # In a cluster `env` may hold references, whose values are unknown here:
    # it is enough that they are set.
    others = (environment.values.get("env") or {}) if environment.in_cluster else {}
    unseen = [name for name, text in others.items() if not isinstance(text, str)]
    question = json.dumps({"values": variables, "secrets": [*keys, *unseen]})
    answer = _ask(project, "check", declared_at, question, patience)
    declared: dict[str, Any] = answer["schema"].get("properties", {})
    sections = {**dict.fromkeys(keys, "secrets"), **dict.fromkeys(config, "config")}
    secret = {name for name, one in declared.items() if one.get("x-morrow-secret")}
    problems = [
        _unknown(environment, sections[variable], variable, list(declared))
        for variable in (*config, *keys)
        if variable not in declared and not variable.startswith(FOREIGN)
    ]
    problems += [
        _exposed(environment, section, variable)
        for section, values in (("config", config), ("env", variables))
        for variable in values
        if variable in secret and variable in (environment.values.get(section) or {})
    ]
    named = {one.object for one in problems}
    # What the service does not declare may stand under `env`: libraries read it.
    return problems + [
        _refused(environment, declared, wrong)
        for wrong in answer["problems"]
        if wrong["variable"] not in named and wrong["code"] != "setting-undeclared"
    ]


def require_values(environment: Environment, given: Mapping[str, bytes]) -> None:
    """Refuse new values of secrets that the service would refuse; none is ever repeated."""
    project = environment.project
    if not project.settings or not given:
        return
    texts = {key: value.decode(errors="replace") for key, value in given.items()}
    others = [key for key in environment.secrets.keys if key not in given]
    question = json.dumps({"values": environment.settings | texts, "secrets": others})
    # They are secrets, and are only checked as plain values.
    wrong = [one for one in _ask(project, "check", project.settings, question, PATIENCE)["problems"]
             if one["variable"] in given and one["code"] != "setting-open-secret"]  # fmt: skip
    if wrong:
        label = environment.label
        problems = (
            problem("secret-refused", one["variable"], one["message"], environment=label)
            for one in wrong
        )
        raise Failure(*problems)


def _exposed(environment: Environment, section: str, variable: str) -> Problem:
    place = environment.place(section, variable)
    cause = f"the service declares it a secret, and it stands in clear text under {section}"
    at = (f"at {place}",)
    names = {"file": place, "name": variable, "section": section}
    return problem("settings-exposed", variable, cause, details=at, **names)


def _unknown(environment: Environment, section: str, variable: str, declared: list[str]) -> Problem:
    similar = near(variable, declared)
    place = environment.place(section, variable if section == "config" else "keys")
    cause = f"the service declares no such setting{did_you_mean(variable, declared)}"
    hint = f"{similar} instead of {variable}" if similar else f"take {variable} out, or declare it"
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
    code, at = "settings-missing" if missing else "settings-invalid", (f"at {place}",)
    return problem(code, variable, wrong["message"], details=at, file=place, hint=hint)


def _ask(
    project: Project, verb: str, settings: str, question: str | None, patience: float
) -> dict[str, Any]:
    words = ("-m", "morrow", verb, settings)
    try:
        done = python(project, *words, input=question, patience=patience)
    except Failure as failure:
        if failure.problems[0].code != "program-silent":
            raise
        cause = f"its import has not ended after {patience:g} s"
        raise Failure(_unreadable(project, "settings", cause, "", settings)) from None
    try:
        answer: dict[str, Any] = json.loads(done.out)
    except ValueError:
        answer = {}
    if done.code or not answer:
        raise Failure(_unreadable(project, "settings", done.last_error, done.err, settings))
    return answer


def _unreadable(project: Project, key: str, cause: str, output: str, named: str = "") -> Problem:
    named = named or project.app
    first = named.partition(":")[0].partition(".")[0]
    there = any((project.source / name).exists() for name in (first, f"{first}.py"))
    file = named if there else f"source or {key} in pyproject.toml"
    said = output.strip().splitlines()[-8:]
    lines = tuple(line for line in said if line.removeprefix("error: ") != cause)
    return problem("settings-unreadable", named, cause, details=lines, file=file)
