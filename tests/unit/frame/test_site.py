"""The site: links that hold there, references that name all there is, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click

import morrow
from docs.site import api, check, commands, pages
from docs.site.__main__ import navigation
from docs.site.examples import fenced
from morrow.tool.cli.edge import group
from tests.unit.frame.repository import ROOT, tracked


def options(context: click.Context) -> set[str]:
    """Return every long option of every command below this one."""
    command = context.command
    if isinstance(command, click.Group):
        found = [command.get_command(context, name) for name in command.list_commands(context)]
        return set().union(*(options(click.Context(c, parent=context)) for c in found if c))
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for name in parameter.opts
        if name.startswith("--")
    }


def test_the_reference_names_every_command_and_every_option() -> None:
    page = commands.page()
    for name in group.list_commands(click.Context(group)):
        assert re.search(rf"^## morrow {name}( |$)", page, re.MULTILINE), name
    known = options(click.Context(group))
    assert len(known) > 15
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    assert known <= shown


def test_the_reference_names_every_name_of_the_kit_with_its_arguments() -> None:
    page = api.page()
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == list(morrow.__all__)
    assert "    settings: type[Settings] = Settings,\n    *,\n" in page
    assert "    default: Any = MISSING,\n    *,\n    minimum: float | None = None,\n" in page
    assert "<" not in page


def test_an_example_in_a_docstring_becomes_a_block() -> None:
    text = "It is so.\n\n>>> f(1)  # doctest: +ELLIPSIS\n2\n\nAnd more: >>> none.\n"
    assert (
        fenced(text) == ("It is so.\n\n```pycon\n>>> f(1)\n2\n```\n\n\nAnd more: >>> none.\n")
        or fenced(text).count("```") == 2
    )


def test_a_link_leads_to_the_page_of_the_site_or_to_the_source() -> None:
    where = {
        "README.md": "index.md",
        "docs/a.md": "a.md",
        "docs/decisions/README.md": "d/README.md",
    }
    text = (
        "[a](docs/a.md#here) [d](docs/decisions) [c](chart/values.yaml) `[x](y.md)`\n"
        "[`k`](docs/a.md) [w](https://example.com/)\n```sh test=local exit=1\n[z](q.md)\n```\n"
    )
    done = pages.on_the_site(text, "README.md", where, "")
    assert done == (
        "[a](a.md#here) [d](d/README.md) c `[x](y.md)`\n"
        "[`k`](a.md) [w](https://example.com/)\n```sh\n[z](q.md)\n```\n"
    )
    source = "https://example.com/tree"
    assert f"[c]({source}/chart/values.yaml)" in pages.on_the_site(text, "README.md", where, source)
    back = pages.on_the_site("[r](../README.md)", "docs/a.md", where, source)
    assert back == "[r](index.md)"


def test_every_page_of_the_repository_is_on_the_site_once() -> None:
    places = pages.places()
    known = {str(path.relative_to(ROOT)) for path in tracked("*.md")}
    assert {path for path in known if not path.startswith((".github/", "tests/"))} == set(places)
    shown = str(navigation({*places.values(), "commands.md", "api.md"}))
    for place in places.values():
        assert shown.count(f"'{place}'") == 1, place


def test_the_check_sees_what_leads_nowhere_and_what_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "x.js").write_text("")
    (tmp_path / "index.html").write_text(
        '<link rel="canonical" href="https://example.com/"><script src="x.js"></script>'
        '<h1 id="top"></h1><a href="sub/b.html#b">b</a><a href="#top">t</a>'
    )
    (tmp_path / "sub" / "b.html").write_text('<h1 id="b"></h1><a href="../index.html">i</a>')
    assert list(check.problems(tmp_path)) == []
    (tmp_path / "sub" / "b.html").write_text(
        '<h1 id="c"></h1><a href="no.html">n</a><img src="https://example.com/a.png">'
        '<script src="../y.js"></script><link rel="stylesheet" href="//example.com/s.css">'
    )
    (tmp_path / "s.css").write_text("@font-face{src:url(https://example.com/f.woff2)}")
    assert list(check.problems(tmp_path)) == [
        "index.html leads to sub/b.html#b, and there is no such place on that page",
        "sub/b.html fetches ../y.js, which is not there",
        "sub/b.html fetches //example.com/s.css",
        "sub/b.html fetches https://example.com/a.png",
        "sub/b.html leads to no.html, which is not there",
        "s.css fetches https://example.com/f.woff2",
    ]
