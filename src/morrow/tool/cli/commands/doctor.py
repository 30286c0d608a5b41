"""`morrow doctor`: find what would stop a deploy, with the fix."""

from __future__ import annotations

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, confirm_option, context_option, environment_argument

SIGNS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


@click.command(help="Find what would stop a deploy of ENVIRONMENT, each with its fix.")
@environment_argument
@click.option("--fix", is_flag=True, help="Put right what a killed command left behind.")
@confirm_option
@context_option
@answers
def command(environment: str, fix: bool, confirm: str | None, context: str | None) -> None:
    """Look, and fix when asked."""
    from morrow.tool.doctor.doctor import Check, files
    from morrow.tool.platform.write import compare
    from morrow.tool.rules.open import DEPLOYABLE, examine
    from morrow.tool.targets.target import target_of

    site, wrong = examine(environment, context, DEPLOYABLE)
    done: list[str] = []
    checks = list(files(site.environment, wrong))
    if not wrong:
        target = target_of(site.environment)
        if fix:
            done = target.fix(site, confirm)
        for line in done:
            terminal.say(f"fixed: {line}")
        checks += target.checks(site)
        checks += [Check(*line) for line in compare(site.environment)]
    failed = [check for check in checks if check.state == "fail"]
    terminal.answer(
        {
            "environment": environment,
            "ok": not failed,
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
    if failed:
        raise SystemExit(1)
