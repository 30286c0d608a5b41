"""`morrow env show` and `morrow env new`."""

from __future__ import annotations

import json
from typing import Any

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import answers, complete_environment, environment_argument


@click.group(help="Show an environment merged, or make a new one.")
def command() -> None:
    """Hold the two commands."""


@command.command(help="Print the merged environment, and where each value comes from.")
@environment_argument
@click.option("--defaults", is_flag=True, help="Also what the chart gives by default.")
@answers
def show(environment: str, defaults: bool) -> None:
    """Show every value with its file and line."""
    from morrow.tool.environment.yaml import dotted
    from morrow.tool.rules.open import VALID, examine

    site, problems = examine(environment, None, VALID)
    found = site.environment
    rows = []
    values = found.values if defaults else found.given
    chart = found.shown(found.project.chart / "values.yaml")
    for path, value in leaves(values, ()):
        place = found.origin(path)
        rows.append((dotted(path), _text(value), place or chart))
    terminal.answer(
        {
            "environment": environment,
            "values": values,
            "origin": {name: place for name, _, place in rows},
            "problems": [p.as_json() for p in problems],
        }
        if not problems
        else {"problems": [p.as_json() for p in problems]}
    )
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

    verbs = ("env show", "doctor", "plan")
    if place == "aws":
        made = make_on_aws(Project.find(), name, source)
        verbs = ("platform plan", "platform up", "platform write")
    elif source is None:
        raise click.UsageError("say --from ENVIRONMENT, whose shape is copied, or --on aws")
    else:
        made = make(Project.find(), name, source)
    terminal.answer({"environment": name, "made": made})
    next_ = [f"  {typed()} {verb} {name}" for verb in verbs]
    terminal.result("\n".join([*(f"made {file}" for file in made), "", "next:", *next_]))


def leaves(value: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    """Return every scalar, and every list and empty map, with its path."""
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    return [(path, value)]


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
