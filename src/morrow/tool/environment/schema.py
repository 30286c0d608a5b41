"""Check an environment against the chart's schema, with file, line and "did you mean"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.words import did_you_mean, near
from morrow.tool.environment.yaml import dotted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from morrow.tool.environment.model import Environment


BOUNDS = {
    "minimum": "is less than", "maximum": "is more than",
    "minLength": "has fewer characters than", "maxLength": "has more characters than",
    "minItems": "has fewer items than", "maxItems": "has more items than",
}  # fmt: skip


def check(environment: Environment) -> list[Problem]:
    """Return what the schema and the tool's own rules refuse."""
    from jsonschema import Draft7Validator

    schema = json.loads((environment.project.chart / "values.schema.json").read_text())
    errors = sorted(
        Draft7Validator(schema).iter_errors(environment.values),
        key=lambda error: [str(step) for step in error.absolute_path],
    )
    problems = [each for error in errors for each in _problems(environment, error)]
    problems += _taken_away(environment)
    stated, label = environment.given.get("environment"), environment.label
    own = environment.shown(environment.file)
    if stated != label:
        cause = f"its environment is {stated!r}" if stated else "it does not state its environment"
        problems.append(problem("environment-name", own, cause, file=own, name=label))
    if not environment.target:
        hint = "add `target: {kind: process}` for this machine, or `{kind: kubernetes, context: …}`"
        cause = "no file says where it runs"
        problems.append(problem("environment-value", "target", cause, file=own, hint=hint))
    if environment.in_cluster and environment.target.get("servers"):
        place = environment.place("target", "servers")
        cause, hint = "only a process of this machine has them", "take target.servers out"
        problems.append(
            problem("environment-value", "target.servers", cause, file=place, hint=hint)
        )
    return list(dict.fromkeys(problems))


def _taken_away(environment: Environment) -> Iterator[Problem]:
    """Yield what null removed although the chart needs it."""
    file = environment.project.chart / "files" / "needed.txt"
    for line in file.read_text().split() if file.is_file() else ():
        *above, key = line.split(".")
        table = environment.value(*above)
        if isinstance(table, dict) and key not in table:
            place = environment.place(*above, key)
            yield problem(
                "environment-value",
                line,
                "it is null or empty, and the chart needs it",
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
    similar = near(key, known)
    parent = dotted(path[:-1]) or "the root"
    cause = f"{parent} knows no key {key!r}"
    cause += did_you_mean(key, known) or f"; known: {', '.join(sorted(known))}"
    place = environment.place(*path)
    hint = f"{similar} instead of {key}" if similar else f"take {key} out"
    return problem(
        "environment-key", dotted(path), cause, details=(f"at {place}",), file=place, hint=hint
    )


def _cause(error: ValidationError) -> str:
    """Say what is wrong without repeating a long value."""
    value = json.dumps(error.instance, ensure_ascii=False)
    if len(value) > 60:
        value = value[:57] + "..."
    rule: Any = error.validator_value
    match error.validator:
        case "type":
            kinds = rule if isinstance(rule, str) else " or ".join(rule)
            return f"{value} is not of type {kinds}"
        case "enum":
            allowed = list(map(str, rule))
            hint = did_you_mean(str(error.instance), allowed)
            return f"{value} is not one of {', '.join(allowed)}{hint}"
        case "pattern":
            meaning = _said_by_schema(error, "description")
            return f"{value} does not match {rule}" + (f" ({meaning})" if meaning else "")
        case bound if bound in BOUNDS:
            return f"{value} {BOUNDS[bound]} {rule}"
        case "required":
            missing = sorted(set(rule) - set(cast(dict[str, Any], error.instance)))
            return f"it lacks {', '.join(missing)}"
        case "not" | "if" | "then" | "else" | "const" | "dependencies":
            return _said_by_schema(error, "$comment") or error.message[:200]
        case _:
            return error.message[:200]


def _said_by_schema(error: ValidationError, key: str) -> str:
    return str(error.schema.get(key, "")) if isinstance(error.schema, dict) else ""


def _hint(error: ValidationError, name: str) -> str:
    wants_text = error.validator == "type" and error.validator_value in ("string", ["string"])
    if wants_text and not isinstance(error.instance, dict | list):
        return f'quote it: {name.rsplit(".", 1)[-1]}: "{json.dumps(error.instance)}"'
    return f"correct {name}"
