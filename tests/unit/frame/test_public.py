"""What docs/compatibility.md calls public, beside a record of it: nothing goes unnoticed.

`python -m tests.unit.frame.test_public` writes the record anew: when something public was added,
and, with a line in the changelog, when something goes.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import click

import morrow
from docs.site.commands import contexts
from morrow.tool.base.errors import table
from morrow.tool.cli.edge import group
from tests.unit.frame.repository import ROOT

RECORD = Path(__file__).with_name("public.json")
MODULE = ROOT / "terraform" / "modules" / "service"
BLOCK = re.compile(r'(?m)^(?:variable|output) "(\w+)"')
Public = dict[str, list[str]]


def kit() -> Iterator[str]:
    """Yield the kit's names, and each with its arguments."""
    for name in morrow.__all__:
        yield name
        yield from (f"{name}({one})" for one in _arguments(getattr(morrow, name)))


def _arguments(it: object) -> list[str]:
    try:
        return list(inspect.signature(it).parameters) if callable(it) else []
    except ValueError:  # a number with a unit is made as numbers are
        return []


def commands() -> Iterator[str]:
    """Yield every command, and each with its options and arguments."""
    for context in contexts(click.Context(group, info_name="morrow")):
        yield context.command_path
        for parameter in context.command.params:
            yield from (f"{context.command_path} {word}" for word in parameter.opts)


def keys(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    """Yield every key that a schema of the chart allows, as people write it."""
    reference = schema.get("$ref", "")
    if reference and f"<{reference}>" not in path:  # a pod's shapes may hold themselves
        target = reduce(lambda part, step: part[step], reference[2:].split("/"), root)
        yield from keys(target, root, f"{path}<{reference}>")
    for key, below in schema.get("properties", {}).items():
        yield re.sub("<.*?>", "", f"{path}.{key}").lstrip(".")
        yield from keys(below, root, f"{path}.{key}")
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("allOf", [])]
    for below in (*inner, *schema.get("patternProperties", {}).values()):
        if isinstance(below, dict):
            yield from keys(below, root, f"{path}[]" if "properties" in below else path)


def public() -> Public:
    """Return all that is public and can be listed."""
    schema = json.loads((ROOT / "chart" / "values.schema.json").read_text())
    blocks = "\n".join(file.read_text() for file in sorted(MODULE.glob("*.tf")))
    return {
        "the kit's names": sorted(set(kit())),
        "the environment file": sorted(set(keys(schema, schema))),
        "the command line": sorted(set(commands())),
        "error codes": sorted(table()),
        "the Terraform module": sorted(set(BLOCK.findall(blocks))),
    }


def gone(before: Public, now: Public) -> list[str]:
    """Return what the record has and the tree has not."""
    return [f"{what}: {one}" for what, names in before.items() for one in names
            if one not in now[what]]  # fmt: skip


def test_nothing_public_is_gone() -> None:
    before = json.loads(RECORD.read_text())
    assert all(len(names) > 10 for names in before.values())
    assert gone(before, public()) == [], "say so in the changelog, then write the record anew"


def test_what_is_gone_is_named() -> None:
    now = public()
    assert gone({**now, "error codes": [*now["error codes"], "a-code"]}, now) == [
        "error codes: a-code"
    ]


def test_the_page_has_a_row_for_each() -> None:
    page = (ROOT / "docs" / "compatibility.md").read_text()
    assert [what for what in public() if f"| {what} |" not in page] == []


if __name__ == "__main__":
    RECORD.write_text(json.dumps(public(), indent=1) + "\n")
