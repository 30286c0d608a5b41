"""Secrets that people give: of which keys, and from a file as `.env` files are.

How others use it: `values = from_file(environment, file, key)`, where no `key` means all that the
file's KEY=VALUE lines have. What is wrong is told by line, never by its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.words import did_you_mean
from morrow.tool.environment.model import Environment

LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)")
QUOTED = re.compile(r"""(?P<q>['"])(?P<text>.*)(?P=q)\s*(#.*)?""")


def require_declared(environment: Environment, keys: Iterable[str]) -> None:
    """Refuse keys that the environment does not declare."""
    declared, file = environment.secrets.keys, environment.place("secrets", "keys")
    known = ", ".join(declared) or "none"
    wrong = [
        problem("secret-unknown", key, f"declared are: {known}{did_you_mean(key, declared)}",
                file=file)
        for key in keys
        if key not in declared
    ]  # fmt: skip
    if wrong:
        raise Failure(*wrong)


def from_file(environment: Environment, file: Path, key: str) -> dict[str, bytes]:
    """Return the values that a file gives: all of it for `key`, or those of its lines."""
    given = {key: file.read_bytes()} if key else values_in(file)
    require_declared(environment, given)
    label, cause = environment.label, f"its value in {file} is empty"
    if empty := [name for name, value in given.items() if not value]:
        raise Failure(
            *(problem("secret-value", name, cause, environment=label, key=name) for name in empty)
        )
    return given


def values_in(file: Path) -> dict[str, bytes]:
    """Return the values by key; nothing in them is expanded."""
    values: dict[str, bytes] = {}
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        cause = "it is not UTF-8 text: save it so, or give one KEY"
        raise Failure(problem("secrets-file", str(file), cause, file=str(file))) from None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        pair = LINE.fullmatch(line)
        if pair is None:
            where = f"{file}:{number}"
            raise Failure(problem("secrets-file", where, "the line is not KEY=VALUE", file=where))
        values[pair[1]] = _value(pair[2]).encode()
    if not values:
        raise Failure(
            problem("secrets-file", str(file), "it has no KEY=VALUE line", file=str(file))
        )
    return values


def _value(text: str) -> str:
    """Take the quotes off; without them a ` #` begins a comment.

    >>> _value("'a # b'  # why"), _value("a # b"), _value("a#b"), _value('"x')
    ('a # b', 'a', 'a#b', '"x')
    """
    quoted = QUOTED.fullmatch(text)
    if quoted is None:
        return re.split(r"\s#", text, maxsplit=1)[0].strip()
    inner = quoted["text"]
    return inner.replace("\\n", "\n") if quoted["q"] == '"' else inner
