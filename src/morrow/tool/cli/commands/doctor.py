"""`morrow doctor`: find what would stop a deploy, with the fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import changes, environment_argument

if TYPE_CHECKING:
    from morrow.tool.base.errors import Problem
    from morrow.tool.cluster.site import Site
    from morrow.tool.doctor.check import Check

SIGNS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


@click.command(help="Find what would stop a deploy of ENVIRONMENT, each with its fix.")
@environment_argument
@click.option("--fix", is_flag=True, help="Put right what a killed command left behind.")
@changes
def command(environment: str, fix: bool, confirm: str | None, context: str | None) -> None:
    """Look, and fix when asked."""
    from morrow.tool.rules.open import DEPLOYABLE, examine

    site, wrong = examine(environment, context, DEPLOYABLE)
    readable = not any(one.code.startswith(("environment-", "project-")) for one in wrong)
    done = _fixed(site, confirm) if fix and not wrong else []
    checks = list(_checks(site, wrong, readable=readable))
    ok = all(check.state != "fail" for check in checks)
    terminal.answer(
        {
            "environment": environment,
            "ok": ok,
            "fixed": done,
            "checks": [check.as_json() for check in checks],
        }
    )
    rows = []
    for check in checks:
        fix_text = f" → {check.problem.fix}" if check.problem else ""
        sign = terminal.paint(f"{check.state:<4}", SIGNS[check.state], terminal.out)
        rows.append((sign, check.name, check.text + fix_text))
    terminal.table(("", "check", "found"), rows)
    if not ok:
        raise SystemExit(1)


def _fixed(site: Site, confirm: str | None) -> list[str]:
    """Put right what was left behind; return and say what was done."""
    from morrow.tool.targets.target import target_of

    done = target_of(site.environment).fix(site, confirm)
    for line in done:
        terminal.say(f"fixed: {line}")
    return done


def _checks(site: Site, wrong: list[Problem], *, readable: bool) -> Iterator[Check]:
    """Yield all: of the files, then of the place, then of the account that it is in."""
    from datetime import date

    from morrow.tool.doctor.check import Check
    from morrow.tool.doctor.doctor import files
    from morrow.tool.platform import account
    from morrow.tool.platform.handover import compare
    from morrow.tool.platform.roots import Platform
    from morrow.tool.targets.target import target_of

    yield from files(site.environment, wrong)
    if readable:
        yield from target_of(site.environment).checks(site)
        yield from compare(site.environment)
    else:
        yield Check("the rest", "skip", "needs files that the schema accepts")
    platform = Platform(site.environment.project, site.environment.label)
    yield from account.check(platform, date.today())
