"""Set one key of a values file and leave every other byte as it is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from morrow.tool.base.errors import Failure, problem
from morrow.tool.environment.yaml import read

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment


def write(environment: Environment, table: str, key: str, value: str) -> None:
    """Set `table.key` in the environment's own file, whole or not at all."""
    draft = _draft(environment, table, key, value)
    draft.chmod(environment.file.stat().st_mode)
    draft.replace(environment.file)


def require_editable(environment: Environment, table: str, key: str, value: str) -> None:
    """Refuse a file in which `table.key` cannot be set, before anything else is done."""
    _draft(environment, table, key, value).unlink()


def _draft(environment: Environment, table: str, key: str, value: str) -> Path:
    file = environment.file
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    text = file.read_bytes().decode()
    end = "\r\n" if "\r\n" in text else "\n"
    text = edited(text.replace(end, "\n"), table, key, value).replace("\n", end)
    draft.write_bytes(text.encode())
    before, after = read(file).values, read(draft).values
    if after != {**before, table: {**(before.get(table) or {}), key: value}}:
        draft.unlink()
        raise unsafe(environment.shown(file), table, key, value)
    return draft


def unsafe(file: str, table: str, key: str, value: str) -> Failure:
    """Return the failure for a file that only a person can edit."""
    cause = f"its `{table}:` is written in a way that cannot be edited safely"
    hint = f'{table}.{key}: "{value}"'
    return Failure(problem("environment-value", file, cause, file=file, hint=hint))


def edited(text: str, table: str, key: str, value: str) -> str:
    """Return the text of a values file with that value; in quotes where YAML would not keep it."""
    told = value if re.fullmatch(r"[a-z][a-z0-9-]{3,}", value) else f'"{value}"'
    flow = re.search(rf"^{table}:\s*\{{(?P<body>[^}}]*)\}}", text, re.MULTILINE)
    if flow:
        body, count = re.subn(rf"(\b{key}:\s*)[^,}}\s]+", rf"\g<1>{told}", flow["body"])
        if not count:
            body = ", ".join(filter(None, (body.rstrip(), f"{key}: {told}")))
        return text[: flow.start("body")] + body + text[flow.end("body") :]
    block = re.search(
        rf"^{table}:[ \t]*(#.*)?\n(?P<body>([ \t]+.*\n?|[ \t]*#.*\n?|\n)*)", text, re.MULTILINE
    )
    if block:
        pattern = rf"^([ \t]+{key}:[ \t]*)(\"[^\"]*\"|'[^']*'|[^\s#]+)"
        body, count = re.subn(pattern, rf"\g<1>{told}", block["body"], flags=re.MULTILINE)
        if not count:
            indent = re.match(r"[ \t]*", block["body"].lstrip("\n"))
            body = f"{(indent and indent[0]) or '  '}{key}: {told}\n{block['body']}"
        return text[: block.start("body")] + body + text[block.end("body") :]
    return f"{text.rstrip()}\n{table}:\n  {key}: {told}\n"
