"""What a root's files say, read without Terraform: its values, and the keys that its types know.

Terraform drops a key that an object's type does not know, and says nothing: a misspelt optional one
means its default. How others use it:

    values = read_values(file)                  # Object, by name; None: not read, ask Terraform
    unknown_keys(folder)                        # (Unknown(file, line, "cluster.compute", …), …)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SKIP = re.compile(r"(?:[ \t\r]+|(?:#|//)[^\n]*|/\*.*?\*/)+", re.DOTALL)
HERE = re.compile(r"<<-?(\w+)\n.*?^[ \t]*\1$", re.DOTALL | re.MULTILINE)
WORD = re.compile(r"[\w.-]+")
VARIABLE = re.compile(r'^variable\s+"?([\w-]+)', re.MULTILINE)
TYPE = re.compile(r"^[ \t]*type[ \t]*=", re.MULTILINE)
TEXT = re.compile(r'"((?:[^"\\\n$%]|\\.|[$%](?!\{))*)"')


@dataclass(frozen=True)
class Object:
    """`{ key = value }`: each value by its key, with the line of the key."""

    entries: Mapping[str, tuple[int, Node]]

    def at(self, *path: str) -> Node | None:
        """Return what stands under the keys; None where nothing does."""
        found: Node | None = self
        for key in path:
            if not isinstance(found, Object) or key not in found.entries:
                return None
            found = found.entries[key][1]
        return found


@dataclass(frozen=True)
class Call:
    """`name(…)`, as types are written."""

    name: str
    given: tuple[Node, ...]


# A text, a number or a word is str.
Node = Object | Call | tuple["Node", ...] | str


@dataclass(frozen=True)
class Unknown:
    """A key that no type knows."""

    file: Path
    line: int
    where: str  # what it was written in; "" for the file itself
    key: str
    known: tuple[str, ...]


class Unread(Exception):
    """What this reader does not know; Terraform does, or refuses it."""


def unknown_keys(folder: Path) -> Iterator[Unknown]:
    """Yield the keys in a root's values that its variables do not know."""
    declared = "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))
    known = tuple(VARIABLE.findall(declared))
    types = dict(_types(declared))
    for file in (folder / "terraform.tfvars", *sorted(folder.glob("*.auto.tfvars"))):
        values = read_values(file)
        for name, (line, value) in values.entries.items() if values else ():
            if name not in known:
                yield Unknown(file, line, "", name, known)
            elif name in types:
                for at, where, key, others in _unknown(value, types[name], name):
                    yield Unknown(file, at, where, key, others)


def read_values(file: Path) -> Object | None:
    """Read a file of values; None where there is none, or it is not as this reader knows it."""
    if not file.is_file():
        return None
    try:
        return Object(_Reader(file.read_text()).entries(""))
    except Unread:
        return None


def _types(text: str) -> Iterator[tuple[str, Node]]:
    blocks = list(VARIABLE.finditer(text))
    for block, after in zip(blocks, [*blocks[1:], None], strict=False):
        found = TYPE.search(text, block.end(), after.start() if after else len(text))
        try:
            if found:
                yield block[1], _Reader(text, found.end()).value()
        except Unread:
            continue


def _unknown(
    value: Node, kind: Node, where: str
) -> Iterator[tuple[int, str, str, tuple[str, ...]]]:
    """Yield line, place, key and its neighbours of each key that the type does not know."""
    match kind, value:
        case Call("optional", (inner, *_)), _:
            yield from _unknown(value, inner, where)
        case Call("object", (Object(known),)), Object(entries):
            for key, (line, one) in entries.items():
                if key in known:
                    yield from _unknown(one, known[key][1], f"{where}.{key}")
                else:
                    yield line, where, key, tuple(known)
        case Call("map", (inner,)), Object(entries):
            for key, (_, one) in entries.items():
                yield from _unknown(one, inner, f"{where}.{key}")
        case Call("list" | "set", (inner,)), tuple(items):
            for index, one in enumerate(items):
                yield from _unknown(one, inner, f"{where}[{index}]")


@dataclass
class _Reader:
    text: str
    at: int = 0

    def entries(self, end: str) -> dict[str, tuple[int, Node]]:
        """Read `key = value` up to `end`; "" is the end of the text."""
        found: dict[str, tuple[int, Node]] = {}
        while (mark := self._next(lines=True)) != end:
            line = self.text.count("\n", 0, self.at) + 1
            key = self._text() if mark == '"' else self._word()
            if self._next() not in ("=", ":"):
                raise Unread
            self.at += 1
            found[key] = line, self.value()
            self._separated(end)
        self.at += 1
        return found

    def value(self) -> Node:
        """Read one value or type."""
        mark = self._next()
        if mark == "{":
            self.at += 1
            return Object(self.entries("}"))
        if mark == "[":
            return self._items("]")
        if mark == '"':
            return self._text()
        if here := HERE.match(self.text, self.at):
            self.at = here.end()
            return here[0]
        word = self._word()
        return Call(word, self._items(")")) if self._next() == "(" else word

    def _items(self, end: str) -> tuple[Node, ...]:
        self.at += 1
        found = []
        while self._next(lines=True) != end:
            found.append(self.value())
            if self._next(lines=True) == ",":
                self.at += 1
            elif self._next(lines=True) != end:
                raise Unread
        self.at += 1
        return tuple(found)

    def _separated(self, end: str) -> None:
        mark = self._next()
        if mark in ("\n", ","):
            self.at += 1
        elif mark != end:
            raise Unread

    def _next(self, *, lines: bool = False) -> str:
        """Return the next mark that means something; "" is the end."""
        while True:
            if skipped := SKIP.match(self.text, self.at):
                self.at = skipped.end()
            if not (lines and self.text.startswith("\n", self.at)):
                return self.text[self.at : self.at + 1]
            self.at += 1

    def _word(self) -> str:
        found = WORD.match(self.text, self.at)
        if found is None:
            raise Unread
        self.at = found.end()
        return found[0]

    def _text(self) -> str:
        found = TEXT.match(self.text, self.at)
        if found is None:
            raise Unread  # a template: values have none
        self.at = found.end()
        return found[1]
