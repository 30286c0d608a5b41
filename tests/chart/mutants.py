"""Values files of people, each with one fault at a place that they state.

The generator in mutations.py walks the schema; this one walks the examples and the good files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.chart.mutations import Schema, kinds, out_of_bounds, resolve, typo, with_value
from tests.chart.rendering import CHART, EXAMPLES

GOOD = sorted(Path(__file__).with_name("good").glob("*.yaml"))
NEEDED = set((CHART / "files" / "needed.txt").read_text().split())
Place = tuple[str, ...]

# A value of a wrong type for what a schema admits.
OTHER: dict[str, Any] = {
    "string": {"x-unknown": 1},
    "integer": "many",
    "number": "many",
    "boolean": "maybe",
    "array": "text",
    "object": "text",
}


@dataclass(frozen=True)
class Mutant:
    """A good file with one fault, and the key that a refusal must name."""

    file: str
    kind: str  # typo, type, bound, unknown, name, null, nesting
    where: Place
    key: str
    values: dict[str, Any]

    def __str__(self) -> str:
        """Return what a failing test prints."""
        return f"{self.file}:{self.kind}:{'.'.join(self.where)}"


def below(schema: Schema, key: str, root: Schema) -> tuple[Schema | None, bool]:
    """Return the schema of a key, and whether its name is fixed."""
    if key in (schema.get("properties") or {}):
        return resolve(schema["properties"][key], root), True
    for pattern, inner in (schema.get("patternProperties") or {}).items():
        if re.search(pattern, key):
            return resolve(inner, root), False
    return None, False


def stated(
    values: dict[str, Any], schema: Schema, root: Schema, at: Place = ()
) -> Iterator[tuple[Place, Any, Schema, bool]]:
    """Yield every place that a file states and the schema knows."""
    for key, value in values.items():
        inner, fixed = below(schema, key, root)
        if inner is None:
            continue
        yield (*at, key), value, inner, fixed
        if isinstance(value, dict):
            yield from stated(value, inner, root, (*at, key))


def renamed(values: dict[str, Any], at: Place, name: str) -> dict[str, Any]:
    """Return a copy in which the key at a place has another name."""
    table: Any = with_value(values, (*at[:-1], name), None)
    inner = table
    for step in at[:-1]:
        inner = inner[step]
    inner[name] = inner.pop(at[-1])
    return dict(table)


def faults(file: Path, root: Schema) -> Iterator[Mutant]:
    """Yield the file with one fault each."""
    values = yaml.safe_load(file.read_text())
    for at, value, schema, fixed in stated(values, root, root):
        key, path = at[-1], ".".join(at)

        def made(kind: str, named: str, changed: dict[str, Any], at: Place = at) -> Mutant:
            return Mutant(file.stem, kind, at, named, changed)

        if fixed and at[0] != "extra":
            yield made("typo", typo(key), renamed(values, at, typo(key)))
        admitted = kinds(schema)
        for kind in [one for one in admitted if one != "null"][:1]:
            if not ({"string", "object"} <= set(admitted)):
                yield made("type", key, with_value(values, at, OTHER[kind]))
        if not isinstance(value, dict | list):
            for wrong in out_of_bounds(schema):
                yield made("bound", key, with_value(values, at, wrong))
        if path in NEEDED:
            yield made("null", path, with_value(values, at, None))
        if isinstance(value, dict) and schema.get("additionalProperties") is False:
            name = "x-unknown" if schema.get("properties") else "not a key!"
            kind = "unknown" if schema.get("properties") else "name"
            yield made(kind, name, with_value(values, (*at, name), "x"))
        if len(at) == 2 and fixed and key not in root["properties"]:  # one level too high
            yield made("nesting", key, with_value(values, (key,), value))


def all_mutants(root: Schema) -> list[Mutant]:
    """Return the mutants of every example and every good file."""
    return [one for file in (*EXAMPLES, *GOOD) for one in faults(file, root)]
