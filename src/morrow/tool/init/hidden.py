"""What is said of an application, without the secrets that it was asked with."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from morrow.tool.init.examples import EXAMPLES
from morrow.tool.init.files import Repository
from morrow.tool.init.places import has_module

FILE = re.compile(r"\.env.*|.+\.env|\.flaskenv")
LINE = re.compile(
    r"""(?m)^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*"""
    r"""("(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|[^\n]*)"""
)
# A switch or a path is no secret. Another word or number is none where the repository says it, too:
# without it nobody understands what is said.
SWITCH = re.compile(r"(?i)true|false|none|null|(/([a-z]+|v\d))+/?")
WORD = re.compile(r"[A-Za-z]+([._/]([A-Za-z]+|v\d))*|\d{1,5}")
SAYING = re.compile(r".*\.(py|toml|ya?ml|ini|cfg)|.*Dockerfile|Procfile")
NAMED = re.compile(r"(?i)PASS|PW|PIN|SECRET|TOKEN|KEY|CRED|AUTH|SALT|PRIVATE|SIGN|DSN|CODE")
PASSWORD = re.compile(r"(://[^/\s:@]*:)([^/\s]+)@")
SHORT = 3  # letters; a text of no more is in every sentence


def files(copy: Path) -> list[Path]:
    """Return the files of the copy that hold a person's own values; examples are in Git."""
    found = [
        Path(where, one)
        for where, _, names in os.walk(copy)
        for one in names
        if FILE.fullmatch(one) and not EXAMPLES.fullmatch(one)
    ]
    return [one for one in found if one.is_file()]


def held(paths: Iterable[Path], repository: Repository) -> list[str]:
    """Return the values in these files, for nobody to read in what is said; none is kept."""
    values = [
        (value, bool(NAMED.search(name)))
        for path in paths
        for name, said in LINE.findall(path.read_text(errors="replace"))
        for value in _values(said.strip())
        if len(value) > SHORT and (NAMED.search(name) or not SWITCH.fullmatch(value))
    ]
    known = _said(repository, {one for one, secret in values if not secret and WORD.fullmatch(one)})
    return [
        form
        for value, secret in values
        if secret or value not in known
        for form in (value, unquote(value), *_escaped(value))
    ]


def _said(repository: Repository, words: set[str]) -> set[str]:
    """Return those of the words that the repository's own files say, or name its modules."""
    found = {one for one in words if has_module(repository, one)}
    names = [*repository.python, *repository.others] if words - found else []
    for path in names:
        name = path.rpartition("/")[2]
        if SAYING.fullmatch(name) or EXAMPLES.fullmatch(name):
            text = repository.text(path)
            found |= {one for one in words - found if _whole(one).search(text)}
    return found


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", re.IGNORECASE)


def _escaped(value: str) -> tuple[str, ...]:
    return quote(value, safe=""), repr(value)[1:-1], json.dumps(value)[1:-1]


def _values(said: str) -> Iterator[str]:
    """Yield what readers of such a file make of a value: with its comment, without, each line."""
    yield said
    inner = said[1:-1] if said[:1] in ("'", '"', "`") and said[-1:] == said[:1] else ""
    plain = re.sub(r"\s+#.*", "", said).strip("\"'`")
    lines = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nr" else found[1], inner)
    yield from (inner, plain, lines, " ".join(lines.split()), *lines.splitlines())


def hidden(said: str, secrets: Sequence[str]) -> str:
    """Leave out these secrets, and an address's password by itself; pydantic shortens values."""
    if secrets:
        said = re.sub(r"input_value=.*?, input_type", "input_value=..., input_type", said)
    parts = [one for text in secrets for _, one in PASSWORD.findall(text)]
    parts = [one for part in parts for one in (part, unquote(part)) if len(one) > SHORT]
    for one in sorted({*secrets, *parts}, key=len, reverse=True):
        said = said.replace(one, "...")
    return PASSWORD.sub(r"\g<1>...@", said)
