"""Set one key of a values file and leave every other byte as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.files import draft_of
from morrow.tool.environment.yaml import read

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment


def write(environment: Environment, table: str, values: Mapping[str, str]) -> None:
    """Set keys of a table in the environment's own file, whole or not at all."""
    content = require_editable(environment, table, values)
    with draft_of(environment.file) as draft:
        draft.write_bytes(content)


def require_editable(environment: Environment, table: str, values: Mapping[str, str]) -> bytes:
    """Return the file with them in it; refuse one in which they cannot be set."""
    file = environment.file
    text = file.read_bytes().decode()
    end = "\r\n" if "\r\n" in text else "\n"
    text = text.replace(end, "\n")
    for key, value in values.items():
        text = edited(text, table, key, value)
    before, after = read(file).values, read(file, text=text).values
    if after != {**before, table: {**(before.get(table) or {}), **values}}:
        key = next(iter(values))
        raise unsafe(environment.shown(file), table, key, values[key])
    return text.replace("\n", end).encode()


def unsafe(file: str, table: str, key: str, value: str) -> Failure:
    """Return the failure for a file that only a person can edit."""
    cause = f"its `{table}:` is written in a way that cannot be edited safely"
    hint = f'{table}.{key}: "{value}"'
    return Failure(problem("environment-value", file, cause, file=file, hint=hint))


def edited(text: str, table: str, key: str, value: str | None) -> str:
    """Return the text of a values file with that value; in quotes where YAML would not keep it."""
    scalar = json.dumps(value, ensure_ascii=False)
    if value and re.fullmatch(r"(?!(true|false|null)$)[a-z][a-z0-9-]{3,}", value):
        scalar = value
    inner = r"(?:[^{}]|\{[^{}]*\})*"  # it may hold tables in braces itself
    flow = re.search(rf"^{table}:\s*\{{(?P<body>{inner})\}}", text, re.MULTILINE)
    if flow:
        body, count = re.subn(
            rf"(\b{key}:\s*)[^,}}\s]+", lambda found: found[1] + scalar, flow["body"]
        )
        if not count:
            body = ", ".join(filter(None, (body.rstrip(), f"{key}: {scalar}")))
        return text[: flow.start("body")] + body + text[flow.end("body") :]
    block = re.search(
        rf"^{table}:[ \t]*(#.*)?\n(?P<body>([ \t]+.*\n?|[ \t]*#.*\n?|\n)*)", text, re.MULTILINE
    )
    if block:
        pattern = rf"^([ \t]+{key}:[ \t]*)(\"[^\"]*\"|'[^']*'|[^\s#]+)"
        body, count = re.subn(
            pattern, lambda found: found[1] + scalar, block["body"], flags=re.MULTILINE
        )
        if not count:
            indent = re.match(r"[ \t]*", block["body"].lstrip("\n"))
            body = f"{(indent and indent[0]) or '  '}{key}: {scalar}\n{block['body']}"
        return text[: block.start("body")] + body + text[block.end("body") :]
    return f"{text.rstrip()}\n{table}:\n  {key}: {scalar}\n"
