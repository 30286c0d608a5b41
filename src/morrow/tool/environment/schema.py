"""Check an environment against the chart's schema, with file, line and "did you mean"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from morrow.tool.base.errors import Problem, problem
from morrow.tool.environment.yaml import dotted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from morrow.tool.environment.model import Environment


def check(environment: Environment) -> list[Problem]:
    """Return what the schema and the tool's own rules refuse."""
    from jsonschema import Draft7Validator

    file = environment.project.chart / "values.schema.json"
    schema = json.loads(file.read_text()) if file.is_file() else {}
    errors = sorted(
        Draft7Validator(schema).iter_errors(environment.values),
        key=lambda error: [str(step) for step in error.absolute_path],
    )
    problems = [found for error in errors for found in _problems(environment, error)]
    problems += _taken_away(environment)
    stated = environment.given.get("environment")
    if stated != environment.label:
        own = environment.shown(environment.file)
        problems.append(
            problem(
                "environment-name",
                own,
                f"its environment is {stated!r}" if stated else "it does not state its environment",
                file=own,
                name=environment.label,
            )
        )
    return list(dict.fromkeys(problems))


def _taken_away(environment: Environment) -> Iterator[Problem]:
    """Yield what null took away although the chart needs it, as its templates say it too."""
    file = environment.project.chart / "files" / "needed.txt"
    for line in file.read_text().split() if file.is_file() else ():
        *above, key = line.split(".")
        table: Any = environment.values
        for step in above:
            table = table.get(step) if isinstance(table, dict) else None
        if isinstance(table, dict) and key not in table:
            place = environment.place(*above, key)
            yield problem(
                "environment-value",
                line,
                "it is null or an empty block, and the chart needs it",
                details=(f"at {place}",),
                file=place,
                hint=f"take {line} out, or write a value",
            )


def _problems(environment: Environment, error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = (error.schema.get("properties") or {}) if isinstance(error.schema, dict) else {}
        unknown = [key for key in error.instance if not _allowed(key, error.schema)]
        for key in unknown:
            yield _unknown_key(environment, (*path, key), list(known))
        if unknown:
            return
    if error.validator in ("anyOf", "oneOf") and error.context:
        best = max(error.context, key=lambda inner: len(inner.absolute_path))
        if len(best.absolute_path) > len(path):
            yield from _problems(environment, best)
            return
    place = environment.place(*path)
    name = dotted(path) or "the root"
    yield problem(
        "environment-value",
        name,
        _cause(error),
        details=(f"at {place}",),
        file=place,
        hint=_hint(error, name),
    )


def _allowed(key: str, schema: Any) -> bool:  # noqa: ANN401 - jsonschema's own
    import re

    if key in (schema.get("properties") or {}):
        return True
    return any(re.search(pattern, key) for pattern in schema.get("patternProperties") or {})


def _unknown_key(
    environment: Environment, path: tuple[str | int, ...], known: list[str]
) -> Problem:
    key = str(path[-1])
    near = get_close_matches(key, known, 1, 0.6)
    parent = dotted(path[:-1]) or "the root"
    cause = f"{parent} knows no key {key!r}"
    cause += f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}"
    place = environment.place(*path)
    hint = f"{near[0]} instead of {key}" if near else f"take {key} out"
    return problem(
        "environment-key", dotted(path), cause, details=(f"at {place}",), file=place, hint=hint
    )


def _cause(error: ValidationError) -> str:
    """Say what is wrong without repeating a long value."""
    value = json.dumps(error.instance, ensure_ascii=False)
    if len(value) > 60:
        value = value[:57] + "..."
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            kinds = wanted if isinstance(wanted, str) else " or ".join(wanted)
            return f"{value} is no {kinds}"
        case "enum":
            near = get_close_matches(str(error.instance), list(map(str, wanted)), 1, 0.6)
            also = f"; did you mean {near[0]!r}?" if near else ""
            return f"{value} is none of {', '.join(map(str, wanted))}{also}"
        case "pattern":
            told = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
            return f"{value} does not match {wanted}" + (f" ({told})" if told else "")
        case "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems":
            return f"{value} breaks the bound {error.validator} {wanted}"
        case "required":
            missing = sorted(set(wanted) - set(cast(dict[str, Any], error.instance)))
            return f"it lacks {', '.join(missing)}"
        case "not" | "if" | "then" | "else" | "const" | "dependencies":
            told = error.schema.get("$comment", "") if isinstance(error.schema, dict) else ""
            return told or error.message[:200]
        case _:
            return error.message[:200]


def _hint(error: ValidationError, name: str) -> str:
    wants_text = error.validator == "type" and error.validator_value in ("string", ["string"])
    if wants_text and not isinstance(error.instance, dict | list):
        return f'quote it: {name.rsplit(".", 1)[-1]}: "{json.dumps(error.instance)}"'
    return f"correct {name}"
