"""`morrow platform plan | up | down | status | write`: an environment's AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import (
    F,
    answers,
    beginning,
    confirm_option,
    detailed_exit,
    finish,
    reach,
)

if TYPE_CHECKING:
    from morrow.tool.platform.operate import Release
    from morrow.tool.platform.plan import Planned
    from morrow.tool.platform.roots import Platform


@click.group(help="Plan, make and take away an environment's AWS, and hand it over.")
def command() -> None:
    """Hold the verbs."""


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from morrow.tool.base.project import Project
    from morrow.tool.platform.roots import names

    return beginning(incomplete, lambda: names(Project.find()))


def _name(function: F) -> F:
    return click.argument("name", metavar="ENVIRONMENT", shell_complete=_complete)(function)


def _judging(function: F) -> F:
    function = click.option(
        "--prices",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="A table of prices instead of the tool's own (TOML).",
    )(function)
    return click.option(
        "--allow-replace",
        "allowed",
        metavar="ADDRESS",
        multiple=True,
        help="Let the plan delete or replace this cluster, network, key, zone, bucket,"
        " repository or secret.",
    )(function)


def _platform(name: str) -> Platform:
    from morrow.tool.base.project import Project
    from morrow.tool.platform.roots import Platform

    return Platform.find(Project.find(), name)


def _planned(name: str, prices: Path | None, allowed: tuple[str, ...]) -> Planned:
    from datetime import date

    from morrow.tool.platform.plan import compute

    return compute(_platform(name), prices, allowed, date.today())


@command.command(help="Show what `platform up` would change, and the price of a month.")
@_name
@_judging
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 0: nothing to do; 2: changes; 1: all else."
)
@answers
def plan(name: str, prices: Path | None, allowed: tuple[str, ...], detailed_exitcode: bool) -> None:
    """Plan, price, judge."""
    from morrow.tool.platform.plan import as_json, as_text

    with detailed_exit(detailed_exitcode):
        planned = _planned(name, prices, allowed)
        terminal.warn(*planned.warnings)
        terminal.result(as_text(planned))
        terminal.answer(as_json(planned))
        if planned.problems and not terminal.json:
            raise Failure(*planned.problems, refused=True)
    if planned.problems:
        sys.exit(1 if detailed_exitcode else 2)
    if detailed_exitcode and not planned.empty:
        sys.exit(2)


@command.command(help="Make ENVIRONMENT's AWS, or change it to what its roots say.")
@_name
@_judging
@confirm_option
@answers
def up(name: str, prices: Path | None, allowed: tuple[str, ...], confirm: str | None) -> None:
    """Show the plan with its price, then apply exactly it."""
    from morrow.tool.platform.operate import up as bring_up
    from morrow.tool.platform.plan import as_text

    planned = _planned(name, prices, allowed)
    terminal.say(as_text(planned))
    terminal.warn(*planned.warnings)
    finish(bring_up(planned, confirm))


@command.command(
    help="Take ENVIRONMENT's AWS away, and name what is left.\n\n"
    "Routes and releases go first, then nodes, then the rest. --confirm must give its name."
)
@_name
@confirm_option
@answers
def down(name: str, confirm: str | None) -> None:
    """Take it away in order."""
    from morrow.tool.platform.operate import down as take_down

    finish(take_down(_platform(name), confirm, _release(name)))


def _release(name: str) -> Release | None:
    """Return what takes the environment's own release down; None where it has no cluster."""
    from morrow.tool.base.project import Project

    if name not in Project.find().environment_names():
        return None
    site, target = reach(name, None)
    if "url" not in target.takes:  # it runs in no cluster
        return None

    def release() -> None:
        target.down(site, confirm=name)

    return release


@command.command(help="Show what ENVIRONMENT's AWS is. Exit 1 when its cluster is not active.")
@_name
@answers
def status(name: str) -> None:
    """Ask the state and the account."""
    from datetime import date

    from morrow.tool.platform.operate import status as look

    finish(look(_platform(name), date.today()))


@command.command(
    help="Write what services must know of the platform.\n\n"
    "Into environments/ENVIRONMENT.platform.yaml: commit that file."
)
@_name
@answers
def write(name: str) -> None:
    """Write the file, and say what to do with it."""
    from morrow.tool.platform.handover import write as write_file

    outcome = write_file(_platform(name))
    finish(outcome)
    terminal.say(f"`{typed()} doctor {name}` compares it from now on.")
