"""The page of every command, made from what click knows of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from morrow.tool.cli.edge import group


def page() -> str:
    """Return the reference of the commands, in the order in which people need them."""
    lines = [
        "# Commands",
        "",
        "Made from the commands themselves; `morrow COMMAND --help` says the same in a terminal.",
        "Results go to standard output, all else to standard error. Exit 0: done; 1: failed;",
        "2: wrong use, or refused before anything changed.",
    ]
    for context in contexts(click.Context(group, info_name="morrow")):
        lines += ["", *_section(context)]
    return "\n".join(lines) + "\n"


def contexts(parent: click.Context) -> Iterator[click.Context]:
    """Yield each command that can be typed, with what it is called."""
    command = parent.command
    if not isinstance(command, click.Group):
        yield parent
        return
    for name in command.list_commands(parent):
        child = command.get_command(parent, name)
        if child is not None and not child.hidden:
            yield from contexts(click.Context(child, parent=parent, info_name=name))


def _section(context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
    yield f"## {context.command_path}"
    yield ""
    yield from ["```text", usage, "```", ""]
    yield inspect.cleandoc(context.command.help or "").replace("\b\n", "")
    options = [p for p in context.command.get_params(context) if isinstance(p, click.Option)]
    yield from ["", "| option | does |", "|---|---|"]
    for option in options:
        record = option.get_help_record(context)
        if record is not None:
            name, help_ = (text.replace("|", "\\|").replace("\n", " ") for text in record)
            yield f"| `{name}` | {help_} |"
