"""`morrow explain CODE`: what an error means and its fix."""

from __future__ import annotations

import click

from morrow.tool.base.errors import table
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean
from morrow.tool.cli.options import answers


def complete_code(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete error codes."""
    return [code for code in table() if code.startswith(incomplete)]


@click.command(help="Explain an error code; without one, list them all.")
@click.argument("code", required=False, shell_complete=complete_code)
@answers
def command(code: str | None) -> None:
    """Show one row of the table of errors, or all."""
    if code is None:
        summaries = {each: row.summary for each, row in sorted(table().items())}
        terminal.answer(summaries)
        terminal.table(("code", "meaning"), list(summaries.items()))
        return
    row = table().get(code)
    if row is None:
        raise click.UsageError(f"there is no error code {code!r}{did_you_mean(code, table())}")
    terminal.answer(
        {"code": code, "summary": row.summary, "fix": row.as_typed, "exit": 2 if row.refused else 1}
    )
    terminal.result(f"{code}\n  {row.summary}\n  fix: {row.as_typed}")
