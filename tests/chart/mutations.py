"""Values files made wrong on purpose, from the schema and the examples.

Each mutation is one fault in an example that is right without it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Mutation:
    """A values file with one fault."""

    kind: str  # typo, type, bound, nesting, null
    where: Path
    values: dict[str, Any]

    def __str__(self) -> str:
        """Return what pytest prints."""
        return f"{self.kind}:{'.'.join(self.where)}"


def resolve(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its reference followed."""
    while "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
        schema = root
        for step in reference.split("/")[1:]:
            schema = schema[step]
    return schema


def places(schema: Schema, root: Schema, at: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield every place of the schema that has a fixed path."""
    schema = resolve(schema, root)
    if at:
        yield at, schema
    for key, inner in (schema.get("properties") or {}).items():
        yield from places(inner, root, (*at, key))


def with_value(values: dict[str, Any], at: Path, value: object) -> dict[str, Any]:
    """Return a copy of values that holds `value` at a path."""
    changed = copy.deepcopy(values)
    table = changed
    for key in at[:-1]:
        if not isinstance(table.get(key), dict):
            table[key] = {}
        table = table[key]
    table[at[-1]] = value
    return changed


def typo(key: str) -> str:
    """Return a key as a tired hand types it: two letters swapped, or one twice."""
    swapped = key[:-2] + key[-1] + key[-2]
    return swapped if swapped != key else key + key[-1]


def kinds(schema: Schema) -> tuple[str, ...]:
    """Return the types that a schema admits."""
    if "anyOf" in schema:
        return tuple(kind for one in schema["anyOf"] for kind in kinds(one) or ("object",))
    found = schema.get("type", ())
    return (found,) if isinstance(found, str) else tuple(found)


WRONG: dict[str, Any] = {
    "string": "text",
    "integer": 7,
    "number": 7.5,
    "boolean": True,
    "array": ["x"],
    "object": {"x-unknown": 1},
}


def wrong_types(schema: Schema) -> Iterator[Any]:
    """Yield values of types that a schema does not admit."""
    admitted = set(kinds(schema))
    if "number" in admitted:
        admitted.add("integer")
    for kind, value in WRONG.items():
        if kind not in admitted and admitted:
            yield value


def out_of_bounds(schema: Schema) -> Iterator[Any]:
    """Yield values of the right type that a schema's bounds refuse."""
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "integer" in kinds(schema):
        yield schema.get("minimum", 0) + 0.5
    if "enum" in schema:
        yield f"{schema['enum'][-1]}x"
    if "pattern" in schema:
        yield "not valid! "
    if "maxLength" in schema:
        yield "a" * (schema["maxLength"] + 1)
    if "maxItems" in schema:
        yield [f"a{number}" for number in range(schema["maxItems"] + 1)]
    if schema.get("uniqueItems"):
        yield ["same", "same"]
    if "patternProperties" in schema:
        yield {"not a key!": "x"}


def mutate(schema: Schema, values: dict[str, Any]) -> Iterator[Mutation]:
    """Yield values files that the schema must refuse, made from one that it takes."""
    for at, place in places(schema, schema):
        if at[0] == "global":
            continue  # Helm's own: anything goes
        parent = at[:-1]
        yield Mutation("typo", at, with_value(values, (*parent, typo(at[-1])), _any_of(place)))
        for value in wrong_types(place):
            yield Mutation("type", at, with_value(values, at, value))
        for value in out_of_bounds(place):
            yield Mutation("bound", at, with_value(values, at, value))
        if parent:  # one level too high
            yield Mutation("nesting", at, with_value(values, (f"{at[-1]}-of-{parent[-1]}",), {}))
        if "object" in kinds(place) and "properties" in place:  # one level too deep
            deeper = {at[-1]: with_value({}, at, {})[at[0]]} if len(at) == 1 else {at[-1]: {}}
            yield Mutation("nesting", at, with_value(values, at, deeper))


def _any_of(schema: Schema) -> object:
    return WRONG[(kinds(schema) or ("object",))[0]]
