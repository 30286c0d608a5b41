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

Line = tuple[str, str, bytes]  # where it is, its key, its value
LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)")
QUOTED = re.compile(r"""(?P<q>['"])(?P<text>.*)(?P=q)\s*(#.*)?""")


def require_declared(environment: Environment, keys: Iterable[str]) -> None:
    """Refuse keys that the environment does not declare."""
    _require_declared(environment, ((key, key) for key in keys), "declared are")


def _require_declared(environment: Environment, keys: Iterable[tuple[str, str]], says: str) -> None:
    """Refuse other keys than the declared; each comes behind what names it in the message."""
    declared, file = environment.secrets.keys, environment.place("secrets", "keys")
    says += f": {', '.join(declared) or 'none'}"
    others = ((where, key) for where, key in keys if key not in declared)
    wrong = [
        problem("secret-unknown", where, says + did_you_mean(key, declared), file=file)
        for where, key in others
    ]
    if wrong:
        raise Failure(*wrong)


def from_file(environment: Environment, file: Path, key: str) -> dict[str, bytes]:
    """Return the values that a file gives: all of it for `key`, or those of its lines."""
    if key:
        require_declared(environment, [key])
        given = {key: without_end(file.read_bytes())}
    else:
        lines = lines_in(file)
        # Others are told by their line: a value alone, its base64 say, may look like a name.
        named = ((where, name) for where, name, _ in lines)
        _require_declared(environment, named, "its name is none of the declared")
        given = {name: value for _, name, value in lines}
    label, cause = environment.label, f"its value in {file} is empty"
    if empty := [name for name, value in given.items() if not value]:
        raise Failure(
            *(problem("secret-value", name, cause, environment=label, key=name) for name in empty)
        )
    return given


def without_end(value: bytes) -> bytes:
    r"""Take off one line end: what `echo` and an editor put there is no part of a secret.

    >>> without_end(b"word\r\n"), without_end(b"word\n\n"), without_end(b"\nword ")
    (b'word', b'word\n', b'\nword ')
    """
    return value.removesuffix(b"\n").removesuffix(b"\r")


def lines_in(file: Path) -> list[Line]:
    """Return where each line is, its key and its value; nothing in it is expanded."""
    lines: list[Line] = []
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        cause = "it is not UTF-8 text: save it so, or give one KEY"
        raise Failure(problem("secrets-file", str(file), cause, file=str(file))) from None
    for number, raw in enumerate(text.split("\n"), 1):
        line, where = raw.strip(), f"{file}:{number}"
        if not line or line.startswith("#"):
            continue
        pair = LINE.fullmatch(line)
        if pair is None:
            raise Failure(problem("secrets-file", where, "the line is not KEY=VALUE", file=where))
        value = _value(pair[2])
        if value is None:
            cause = "its quote does not end on this line: give a KEY of several lines by itself"
            raise Failure(problem("secrets-file", where, cause, file=where))
        lines.append((where, pair[1], value.encode()))
    if not lines:
        raise Failure(
            problem("secrets-file", str(file), "it has no KEY=VALUE line", file=str(file))
        )
    return lines


def _value(text: str) -> str | None:
    """Take the quotes off, None where they do not end; without them a ` #` begins a comment.

    >>> _value("'a # b'  # why"), _value("a # b"), _value("a#b"), _value('"x')
    ('a # b', 'a', 'a#b', None)
    """
    quoted = QUOTED.fullmatch(text)
    if quoted is None:
        if text.startswith(("'", '"')):
            return None
        return re.split(r"\s#", text, maxsplit=1)[0].strip()
    inner = quoted["text"]
    return inner.replace("\\n", "\n") if quoted["q"] == '"' else inner
