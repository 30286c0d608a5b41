"""What is wrong with an environment, told at once and before anything is touched.

The files are held against the schema; then come the service's own declaration (`settings`), what
the tool refuses to deploy, and the rules of the chart's templates, where there is a Helm.
"""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.environment.load import problems_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, value_arguments
from morrow.tool.programs.runner import Result
from morrow.tool.rules.settings import refused_settings
from morrow.tool.stores.store import unsupported

# What the tool says itself, with the line: see `_undeployable`.
SAID = ("target.protected asks for image.digest", "target.protected asks for two pods")


def refusals(site: Site) -> list[Problem]:
    """Return all that is wrong with an environment, by schema, service, tool and templates."""
    environment, project = site.environment, site.environment.project
    problems = problems_of(environment)
    if not all(layer.readable for layer in environment.layers):
        return problems  # what the other files lack may stand in this one
    named = {found.object for found in problems}
    if named.isdisjoint({"config", "env", "secrets", "secrets.keys"}):
        for found in _settings(project, environment):
            if f"config.{found.object}" not in named:
                problems.append(found)
    if "target" not in named:
        problems += _undeployable(environment)
    if environment.kind == "kubernetes":
        problems += _templates(site, broken=bool(problems))
    return problems


def _settings(project: Project, environment: Environment) -> list[Problem]:
    try:
        return refused_settings(project, environment)
    except Failure as failure:  # the declaration itself cannot be read
        return list(failure.problems)


def _undeployable(environment: Environment) -> list[Problem]:
    """Return what the schema allows and the tool does not deploy."""
    wrong = unsupported(environment)
    problems = [wrong] if wrong else []
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


def _templates(site: Site, *, broken: bool) -> list[Problem]:
    """Return what the chart's templates refuse; of `broken` values only their own sentences."""
    environment = site.environment
    try:
        done = without_schema(environment) if broken else site.rendered
    except Failure:
        return []  # no helm, or one that hangs: the command that needs it says so
    found = chart_problems(environment, done) if done.code else []
    return [one for one in found if not broken or one.cause in sentences(done)]


def without_schema(environment: Environment) -> Result:
    """Render values that the schema refuses: the templates may have more to say."""
    words = (environment.name, str(environment.project.chart), *value_arguments(environment.files))
    return Helm("", environment.namespace).run("template", *words, "--skip-schema-validation")


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
