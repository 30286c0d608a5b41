"""What is wrong with an environment, told at once and before anything is touched.

The files are held against the schema; then come the service's own declaration (`settings`), what
the tool refuses to deploy, and the rules of the chart's templates, where there is a Helm.
"""

from __future__ import annotations

import re

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.cluster.site import Site
from morrow.tool.environment.load import problems_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import template
from morrow.tool.programs.runner import Result
from morrow.tool.rules.settings import refused_settings
from morrow.tool.stores.store import store_of, unsupported

# A sentence of the chart with a code of the table and the key that it is about.
CODED = re.compile(r"(.+?):? \[([a-z-]+) ([\w.]+)\]\.?")


def refusals(site: Site) -> list[Problem]:
    """Return all that is wrong with an environment, by schema, service, tool and templates."""
    environment = site.environment
    problems = problems_of(environment)
    if not all(layer.readable for layer in environment.layers):
        return problems  # what the others lack may be in the file that cannot be read
    named = {one.object for one in problems}
    if named.isdisjoint({"config", "env", "secrets", "secrets.keys"}):
        problems += [one for one in _settings(site) if f"config.{one.object}" not in named]
    if "target" not in named:
        problems += _undeployable(environment)
    if environment.in_cluster:
        problems += _templates(site, broken=bool(problems))
    return problems


def _settings(site: Site) -> list[Problem]:
    environment = site.environment
    try:
        return refused_settings(environment.project, environment, site.patience)
    except Failure as failure:  # the declaration itself cannot be read
        return list(failure.problems)


def _undeployable(environment: Environment) -> list[Problem]:
    """Return what the schema allows and the tool does not deploy."""
    wrong = unsupported(environment)
    problems = [wrong] if wrong else store_of(environment).faults(environment)
    return problems if environment.in_cluster else [*problems, *_equal_ports(environment)]


def _equal_ports(environment: Environment) -> list[Problem]:
    """Refuse for a process what the chart refuses for pods."""
    http, admin = environment.value("ports", "http"), environment.value("ports", "admin")
    if not http or http != admin:
        return []
    place = environment.place("ports", "admin")
    cause, hint = f"ports.http and ports.admin are both {http}", "another port for the probes"
    return [problem("environment-value", "ports.admin", cause, file=place, hint=hint)]


def _templates(site: Site, *, broken: bool) -> list[Problem]:
    """Return what the chart's templates refuse; for `broken` values only the chart's own rules."""
    environment = site.environment
    try:
        # Of values that the schema refuses the templates may have more to say.
        done = template(environment, "--skip-schema-validation") if broken else site.rendered
    except Failure:
        return []  # no helm, or one that hangs: the command that needs it says so
    if not done.code or (broken and not sentences(done)):
        return []
    return chart_problems(environment, done)


def sentences(done: Result) -> list[str]:
    """Return what the chart's own rules say, in the output of a helm that failed."""
    lines = map(str.strip, (done.err or done.out).splitlines())
    return [line[2:] for line in lines if line.startswith("- ")]


def chart_problems(environment: Environment, done: Result) -> list[Problem]:
    """Return one problem for each sentence of the chart, or what helm says instead."""
    own = environment.shown(environment.file)
    if refused := sentences(done):
        return [_chart_problem(environment, own, sentence) for sentence in refused]
    lines = [line for line in (done.err or done.out).splitlines() if line.strip()]
    details = tuple(lines[-8:]) if len(lines) > 1 else ()
    return [_chart_problem(environment, own, done.last_error, details)]


def _chart_problem(
    environment: Environment, own: str, sentence: str, details: tuple[str, ...] = ()
) -> Problem:
    if coded := CODED.fullmatch(sentence):
        cause, code, key = coded.groups()
        return problem(code, environment.place(*key.split(".")), cause, file=own, key=key)
    label = environment.label
    return problem("chart-invalid", own, sentence, details=details, file=own, environment=label)
