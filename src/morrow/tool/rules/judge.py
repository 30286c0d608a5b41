"""Everything that files alone can be judged by, told at once and before anything is touched.

How others use it: `environment = load(project, "dev")` raises every problem; `judge` returns
them. The files are read and held against the schema (`Environment.examine`); then come the
service's own declaration (`settings_check`), what the tool refuses to deploy, and the rules of the
chart's templates, where there is a Helm to render them.
"""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project
from morrow.tool.environment.load import examine
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, value_arguments
from morrow.tool.programs.runner import Result
from morrow.tool.rules import settings as settings_check

# What the tool says itself, with the line: see `_undeployable`.
SAID = "target.protected asks for "


def load(project: Project, label: str, context: str | None = None) -> Environment:
    """Return the environment, or raise all that is wrong with it."""
    environment, problems = judge(project, label, context)
    if problems:
        raise Failure(*problems, refused=True)
    return environment


def judge(
    project: Project, label: str, context: str | None = None
) -> tuple[Environment, list[Problem]]:
    """Return the environment and all that is wrong with it."""
    environment, problems = examine(project, label, context)
    if not all(layer.readable for layer in environment.layers):
        return environment, problems  # what the other files lack may stand in this one
    named = {found.object for found in problems}
    if named.isdisjoint({"config", "env", "secrets", "secrets.keys"}):
        for found in _settings(project, environment):
            if f"config.{found.object}" not in named:
                problems.append(found)
    if "target" not in named:
        problems += _undeployable(environment)
    if environment.kind == "kubernetes":
        problems += _rules(environment, broken=bool(problems))
    return environment, problems


def _settings(project: Project, environment: Environment) -> list[Problem]:
    try:
        return settings_check.judge(project, environment)
    except Failure as failure:  # the declaration itself cannot be read
        return list(failure.problems)


def _undeployable(environment: Environment) -> list[Problem]:
    """Return what the schema allows and the tool does not deploy."""
    unsupported = provider_problem(environment)
    problems = [unsupported] if unsupported else []
    if not environment.protected or environment.kind == "process":
        return problems
    own = environment.shown(environment.file)
    if not (environment.values.get("image") or {}).get("digest"):
        cause = f"the image is {environment.image}; a tag can come to mean another image"
        problems.append(problem("digest-needed", environment.place("image"), cause, file=own))
    scaled = (environment.values.get("autoscaling") or {}).get("mode") in ("hpa", "keda")
    way = ("autoscaling", "min") if scaled else ("replicas",)
    fewest = environment.value(*way)
    if isinstance(fewest, int) and fewest < 2:
        cause = "one pod cannot be updated without a moment without any"
        where, key = environment.place(*way), ".".join(way)
        problems.append(problem("replicas-needed", where, cause, file=own, key=key))
    return problems


def provider_problem(environment: Environment) -> Problem | None:
    """Return why the secrets cannot come from their provider; None when they can."""
    provider, where = environment.secrets.provider, environment.place("secrets", "provider")
    if environment.kind == "process" and provider != "generated":
        cause = f"secrets.provider is {provider}, and a process takes generated secrets only"
        return problem("provider-unsupported", where, cause, file=where, provider="generated")
    if provider in ("sops", "external"):
        cause = f"secrets.provider is {provider}, which the chart knows and the tool does not yet;"
        cause += " it takes the Secret that a store has made"
        return problem("provider-unsupported", where, cause, file=where, provider="existing")
    return None


def _rules(environment: Environment, *, broken: bool) -> list[Problem]:
    """Return what the chart's templates refuse; of `broken` values only their own sentences."""
    schema = ("--skip-schema-validation",) if broken else ()
    words = (environment.name, str(environment.project.chart), *value_arguments(environment.files))
    try:
        done = Helm("", environment.namespace).run("template", *words, *schema)
    except Failure:
        return []  # no helm, or one that hangs: the command that needs it says so
    found = chart_problems(environment, done) if done.code else []
    return [one for one in found if not broken or one.cause in sentences(done)]


def sentences(done: Result) -> list[str]:
    """Return what the chart's own rules say, in the output of a helm that failed."""
    lines = map(str.strip, (done.err or done.out).splitlines())
    return [line[2:] for line in lines if line.startswith("- ")]


def chart_problems(environment: Environment, done: Result) -> list[Problem]:
    """Return one problem for each sentence of the chart, or what helm says instead."""
    place = environment.shown(environment.file)
    told = sentences(done)
    lines = [line for line in (done.err or done.out).splitlines() if line.strip()]
    details = tuple(lines[-8:]) if len(lines) > 1 and not told else ()
    return [
        problem(
            "chart-invalid",
            place,
            cause,
            details=details,
            file=place,
            environment=environment.label,
        )
        for cause in told or [done.last_error]
        if not cause.startswith(SAID)
    ]
