"""`morrow env list | show | diff | new`."""

from __future__ import annotations

import json
from typing import Any

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import answers, complete_environment, environment_argument


@click.group(help="List, show or compare environments, or make a new one.")
def command() -> None:
    """Hold the commands."""


@command.command("list", help="List the environments: what each is and where; no cluster is asked.")
@answers
def list_() -> None:
    """Print one line for each file."""
    from morrow.tool.base.project import Project
    from morrow.tool.environment.load import read

    project = Project.find()
    rows, listed = [], []
    for name in project.environment_names():
        one = read(project, name)
        there = one.in_cluster
        where = f"{one.context or '-'}/{one.namespace}" if there else "this machine"
        by = one.delivery if there else "-"
        marks = ", ".join([by, *(["protected"] if one.protected else [])])
        listed.append({"name": name, "kind": one.kind, "context": one.context,
                     "namespace": one.namespace if there else "", "delivery": by,
                     "protected": one.protected, "image": one.image})  # fmt: skip
        rows.append((name, where, marks, one.image if there else "-"))
    terminal.answer({"environments": listed})
    terminal.table(("environment", "context/namespace", "delivery", "image"), rows)


@command.command(help="Show the values that A and B do not share. Exit 1 where there are any.")
@click.argument("a", shell_complete=complete_environment)
@click.argument("b", shell_complete=complete_environment)
@answers
def diff(a: str, b: str) -> None:
    """Compare the merged files, leaf by leaf."""
    from morrow.tool.base.project import Project
    from morrow.tool.environment.load import read
    from morrow.tool.environment.yaml import dotted

    project = Project.find()
    one, other = (dict(leaves(read(project, name).given, ())) for name in (a, b))
    rows, differences = [], []
    for path in [*one, *(path for path in other if path not in one)]:
        if one.get(path) != other.get(path) or (path in one) != (path in other):
            left, right = (_text(side[path]) if path in side else "-" for side in (one, other))
            differences.append({"key": dotted(path), a: one.get(path), b: other.get(path)})
            rows.append((dotted(path), left, right))
    terminal.answer({"environments": [a, b], "differences": differences})
    if rows:
        terminal.table(("key", a, b), rows)
        raise SystemExit(1)
    terminal.result(f"{a} and {b} say the same")


@command.command(help="Print the merged environment, and where each value comes from.")
@environment_argument
@click.option("--defaults", is_flag=True, help="Also what the chart gives by default.")
@answers
def show(environment: str, defaults: bool) -> None:
    """Show every value with its file and line."""
    from morrow.tool.environment.yaml import dotted
    from morrow.tool.rules.open import VALID, examine

    site, problems = examine(environment, None, VALID)
    merged = site.environment
    rows = []
    values = merged.values if defaults else merged.given
    chart = merged.shown(merged.project.chart / "values.yaml")
    for path, value in leaves(values, ()):
        place = merged.origin(path)
        rows.append((dotted(path), _text(value), place or chart))
    found = {"environment": environment, "values": values}
    found["origin"] = {name: place for name, _, place in rows}
    wrong = [p.as_json() for p in problems]
    terminal.answer({"problems": wrong} if wrong else {**found, "problems": []})
    terminal.table(("key", "value", "from"), rows)
    if problems:
        if terminal.json:
            raise SystemExit(2)
        raise Failure(*problems, refused=True)


@command.command(help="Make the environment NAME as a copy of another's shape.")
@click.argument("name")
@click.option(
    "--from",
    "source",
    metavar="ENVIRONMENT",
    shell_complete=complete_environment,
    help="The environment whose shape is copied.",
)
@click.option(
    "--on",
    "place",
    type=click.Choice(["aws"]),
    help="Make the Terraform roots of a platform there too; --from is then the platform copied.",
)
@answers
def new(name: str, source: str | None, place: str | None) -> None:
    """Write the values file and, where the other has one, the Terraform root."""
    from morrow.tool.base.project import Project
    from morrow.tool.environment.new import make
    from morrow.tool.platform.new import make as make_on_aws
    from morrow.tool.platform.new import next_on_aws

    steps = [f"{typed()} {verb} {name}" for verb in ("env show", "doctor", "plan")]
    if place == "aws":
        files = make_on_aws(Project.find(), name, source)
        steps = next_on_aws(Project.find(), name)
    elif source is None:
        raise click.UsageError("say --from ENVIRONMENT, whose shape is copied, or --on aws")
    else:
        files = make(Project.find(), name, source)
    terminal.answer({"environment": name, "made": files})
    lines = [*(f"made {file}" for file in files), "", "next:", *(f"  {step}" for step in steps)]
    terminal.result("\n".join(lines))


def leaves(value: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    """Return every scalar, and every list and empty map, with its path."""
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    return [(path, value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
