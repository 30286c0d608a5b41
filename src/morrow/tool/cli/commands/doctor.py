"""`morrow doctor`: find what would stop a deploy, with the fix."""

from __future__ import annotations

import click

from morrow.tool.base.project import Project
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
    from morrow.tool.doctor.doctor import examine
    from morrow.tool.doctor.doctor import fix as fix_all
    from morrow.tool.rules import judge as environment_judge

    found, wrong = environment_judge.judge(Project.find(), environment, context)
    done: list[str] = []
    if fix and not wrong and found.kind == "kubernetes":
        from morrow.tool.cluster import lock
        from morrow.tool.cluster.protection import guard

        guard(found, confirm, f"doctor {environment} --fix")
        with lock.held(found, f"morrow doctor {environment} --fix"):
            done = list(fix_all(found))
        for line in done:
            terminal.say(f"fixed: {line}")
    checks = list(examine(found, wrong))
    if not wrong and found.kind == "kubernetes":
        from morrow.tool.doctor.doctor import Check
        from morrow.tool.platform.write import compare

        checks += [Check(*line) for line in compare(found)]
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
