"""`morrow doctor`: find what would stop a deploy, with the mend."""

from __future__ import annotations

import click

from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, confirm_option, context_option, environment_argument

SIGNS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


@click.command(help="Find what would stop a deploy of ENVIRONMENT, each with its mend.")
@environment_argument
@click.option("--mend", is_flag=True, help="Put right what a killed command left behind.")
@confirm_option
@context_option
@answers
def command(environment: str, mend: bool, confirm: str | None, context: str | None) -> None:
    """Look, and mend when asked."""
    from morrow.tool.doctor.doctor import examine
    from morrow.tool.doctor.doctor import mend as mend_all
    from morrow.tool.rules import judge as environment_judge

    found, wrong = environment_judge.judge(Project.find(), environment, context)
    done: list[str] = []
    if mend and not wrong and found.kind == "kubernetes":
        from morrow.tool.cluster import lock
        from morrow.tool.cluster.protection import guard

        guard(found, confirm, f"doctor {environment} --mend")
        with lock.held(found, f"morrow doctor {environment} --mend"):
            done = list(mend_all(found))
        for line in done:
            terminal.say(f"mended: {line}")
    checks = list(examine(found, wrong))
    failed = [check for check in checks if check.state == "fail"]
    terminal.answer(
        {
            "environment": environment,
            "ok": not failed,
            "mended": done,
            "checks": [check.as_json() for check in checks],
        }
    )
    rows = []
    for check in checks:
        mend_text = f" → {check.problem.mend}" if check.problem else ""
        sign = terminal.paint(f"{check.state:<4}", SIGNS[check.state], terminal.out)
        rows.append((sign, check.name, check.text + mend_text))
    terminal.table(("", "check", "found"), rows)
    if failed:
        raise SystemExit(1)
