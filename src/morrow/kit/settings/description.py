"""A settings class told to others: a JSON schema, an example `.env`, a judgement."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from morrow.kit.settings.loading import SettingProblem, judge
from morrow.kit.settings.own_settings import KitSettings, unknown
from morrow.kit.settings.settings import Settings
from morrow.kit.settings.url import Url
from morrow.kit.settings.values import Duration, Size, name_of, render, required
from morrow.kit.settings.variable import Variable


def schema(cls: type[Settings]) -> dict[str, Any]:
    """Return the JSON schema (draft 7) of the environment that the class reads.

    >>> class Shop(Settings):
    ...     page_size: int = 20
    >>> schema(Shop)["properties"]["PAGE_SIZE"]["default"]
    '20'
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": cls.__name__,
        "description": _first_line(cls),
        "type": "object",
        "properties": {variable.name: _property(variable) for variable in cls.variables},
        "required": [variable.name for variable in cls.variables if variable.is_required],
    }


def _first_line(cls: type[Settings]) -> str:
    # A dataclass without a docstring gets its signature as one.
    text = cls.__doc__ or ""
    return "" if text.startswith(f"{cls.__name__}(") else text.strip().split("\n")[0]


def _property(variable: Variable) -> dict[str, Any]:
    kind = required(variable.kind)
    # Every value is text, as in the environment; the type stands beside it.
    described: dict[str, Any] = {"type": "string", "x-morrow-type": name_of(kind)}
    if get_origin(kind) is Literal:
        described["enum"] = [str(choice) for choice in get_args(kind)]
    patterns = {int: r"^[+-]?[0-9]+$", Duration: r"^[0-9.]+(ms|s|m|h|d)?$"}
    patterns[Size] = r"^[0-9.]+(B|kB|KB|MB|GB|KiB|MiB|GiB)$|^0$"
    if kind in patterns:
        described["pattern"] = patterns[kind]
    if kind is Url:
        described["format"] = "uri"
    if variable.help:
        described["description"] = variable.help
    if variable.is_secret:
        described["x-morrow-secret"] = True
    elif not variable.is_required and variable.default is not None:
        described["default"] = render(variable.default)
    if variable.example:
        described["examples"] = [variable.example]
    for key, bound in (("minimum", variable.minimum), ("maximum", variable.maximum)):
        if bound is not None:
            described[f"x-morrow-{key}"] = bound
    if variable.unprotected_only:
        described["x-morrow-unprotected-only"] = True
    return described


def check(cls: type[Settings], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Judge values that are not set yet: `{"values": {...}, "secrets": [...]}`.

    >>> class Shop(Settings):
    ...     page_size: int = 20
    >>> check(Shop, {"values": {"PAGE_SIZE": "ten"}})["problems"][0]["code"]
    'setting-malformed'
    """
    values = {str(name): str(text) for name, text in asked.get("values", {}).items()}
    secrets = [str(name) for name in asked.get("secrets", [])]
    declared = {variable.name: variable for variable in cls.variables}
    _, problems = judge(cls, values, given=secrets)
    problems += judge(KitSettings, values)[1]
    problems += unknown(values, cls)
    problems += _misplaced(declared, values, secrets)
    return {
        "schema": schema(cls),
        "problems": [
            {"variable": one.variable, "code": one.code, "message": one.message} for one in problems
        ],
    }


def _misplaced(
    declared: Mapping[str, Variable], values: Mapping[str, str], secrets: Iterable[str]
) -> Iterable[SettingProblem]:
    """Yield what `judge` cannot see: names that the class does not declare, open secrets."""
    for name in values:
        if name in declared and declared[name].is_secret:
            yield SettingProblem(name, "setting-open-secret", "is a secret: move it to the secrets")
        elif name.removesuffix("_FILE") not in declared and not name.startswith("MORROW_"):
            yield SettingProblem(name, "setting-undeclared", "is not read by the service")
    for name in secrets:
        if name not in declared:
            yield SettingProblem(name, "setting-undeclared", "is not read by the service")
        elif name in values:
            yield SettingProblem(name, "setting-twice", "is given twice: as value and as secret")


def example_env(cls: type[Settings]) -> str:
    """Return an example `.env`: required variables open, the others commented out.

    >>> class Shop(Settings):
    ...     page_size: int = setting(20, help="Items on a page.")
    >>> print(example_env(Shop), end="")
    # Items on a page. (integer)
    # PAGE_SIZE=20
    """
    lines = []
    for variable in cls.variables:
        lines.append(f"# {variable.help} ({name_of(variable.kind)})".replace("  ", " "))
        text = variable.example or ("" if variable.is_required else render(variable.default))
        lines.append(f"{'' if variable.is_required else '# '}{variable.name}={text}")
    return "".join(f"{line}\n" for line in lines)


def to_json(described: Mapping[str, Any]) -> str:
    """Return JSON with sorted keys: the same class gives the same bytes.

    >>> to_json({"b": 1, "a": 2})
    '{"a":2,"b":1}'
    """
    return json.dumps(described, sort_keys=True, separators=(",", ":"))
