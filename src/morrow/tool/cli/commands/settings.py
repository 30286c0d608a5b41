"""`morrow settings`: what a service reads from its environment."""

from __future__ import annotations

from typing import Any

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers


@click.command(help="Show what SETTINGS (module:Class; the project's own unless given) reads.")
@click.argument("settings", required=False)
@answers
def command(settings: str | None) -> None:
    """Show the declaration as a table; --json prints its JSON schema."""
    from morrow.tool.base.project import Project

    terminal.status("reading the declaration …")
    from morrow.tool.rules.settings import declaration, declared_by

    project = Project.find()
    if not (settings or declared_by(project)):
        raise click.UsageError('name SETTINGS, or add settings = "module:Class" to [tool.morrow]')
    schema = declaration(project, settings or "")
    terminal.answer(schema)
    needed = schema.get("required", [])
    rows = [
        (variable, _kind(one), "required" if variable in needed else _default(one), _help(one))
        for variable, one in schema.get("properties", {}).items()
    ]
    terminal.table(("variable", "kind", "default", "meaning"), rows)


def _kind(one: dict[str, Any]) -> str:
    return str(one.get("x-morrow-type") or one.get("type", "string")).replace(" | ", "|")


def _default(one: dict[str, Any]) -> str:
    default = one.get("default")
    return "" if default is None else str(default) if default != "" else '""'


def _help(one: dict[str, Any]) -> str:
    bounds = [
        f"{word} {one[key]}"
        for key, word in (("x-morrow-minimum", "at least"), ("x-morrow-maximum", "at most"))
        if key in one
    ]
    bounds_text = f"({', '.join(bounds)})" if bounds else ""
    return " ".join(filter(None, (one.get("description", ""), bounds_text)))
