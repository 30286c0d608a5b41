"""Every `morrow` command that a page names exists, with the options that it is given there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from morrow.tool.cli.edge import group
from tests.unit.frame import markdown
from tests.unit.frame.repository import ROOT, tracked

PAGES = tracked("README.md", "AGENTS.md", "CONTRIBUTING.md", "docs/*.md")
SPAN = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:^|(?<=[\s/]))(?<!-m )(?<!from )morrow +([a-z].*)")


def commands(page: Path) -> list[str]:
    """Return what follows the word `morrow` in code spans and shell blocks of a page."""
    text = page.read_text()
    lines = SPAN.findall(markdown.FENCE.sub("", text))
    for block in markdown.blocks(text):
        if block.language in {"sh", "yaml", ""}:
            lines += block.text.splitlines()
    return [found[1] for line in lines if (found := COMMAND.search(line))]


def mistake(typed: str) -> str:
    """Return what is wrong with a command, or nothing."""
    words = shlex.split(typed.partition("#")[0].partition(", ")[0])
    if "--" in words:  # what follows is another program's
        words = words[: words.index("--")]
    command: click.Command = group
    while isinstance(command, click.Group):
        if not words:
            return ""
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return f"there is no command {words[0]}"
        command, words = found, words[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    options |= {"--help"}
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    return f"no such option: {sorted(given - options)}" if given - options else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_a_page_can_be_typed(page: Path) -> None:
    wrong = [f"morrow {typed}: {why}" for typed in commands(page) if (why := mistake(typed))]
    assert wrong == []


def test_commands_are_found_and_mistakes_seen() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 40
    assert mistake("up dev --plan x") == ""
    assert mistake("secrets rotate dev") == ""
    assert mistake("exec dev -- ls --all") == ""
    assert mistake("upp dev") == "there is no command upp"
    assert mistake("up dev --no-such") == "no such option: ['--no-such']"
