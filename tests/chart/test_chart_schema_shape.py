"""The schema itself: closed, bounded and described everywhere, and of the defaults' keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.chart.mutations import places, resolve
from tests.chart.rendering import SMALLEST, over
from tests.chart.test_chart_schema import DEFAULTS, SCHEMA


def test_the_schema_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(SCHEMA))
    assert references
    assert all(
        reference.startswith(("#/definitions/", "#/properties/")) for reference in references
    )


def objects_of(schema: object, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "object" in schema.get("type", ()) and not at.endswith("/properties"):
            yield at, schema
        for key, inner in schema.items():
            yield from objects_of(inner, f"{at}/{key}")


# What is Kubernetes' own inside; the API server judges it.
NAME = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
OPEN = {
    "/properties/global",
    f"/properties/extra/patternProperties/{NAME}",
    f"/properties/extra/patternProperties/{NAME}/properties/metadata",
    *(f"/definitions/volume/properties/source/properties/ephemeral/properties/volumeClaimTemplate"
      f"/properties/{part}" for part in ("metadata", "spec")),
}  # fmt: skip


def test_every_object_is_closed() -> None:
    open_ = {at for at, schema in objects_of(SCHEMA) if "additionalProperties" not in schema}
    assert open_ == OPEN


def test_every_map_is_bounded() -> None:
    for at, schema in objects_of(SCHEMA):
        assert not isinstance(schema.get("additionalProperties"), dict), at
        if "patternProperties" in schema and "properties" not in schema:
            assert "maxProperties" in schema, at


def test_every_text_and_number_is_bounded() -> None:
    for at, place in places(SCHEMA, SCHEMA):
        if "string" in place.get("type", ()):
            assert "enum" in place or "pattern" in place or "maxLength" in place, at
        if place.get("type") in ("integer", "number"):
            assert {"minimum", "maximum"} <= set(place), at


def test_every_key_is_described() -> None:
    def undescribed(schema: dict[str, Any], at: str) -> Iterator[str]:
        for key, inner in resolve(schema, SCHEMA).get("properties", {}).items():
            if "description" not in inner and "description" not in resolve(inner, SCHEMA):
                yield f"{at}.{key}"
            yield from undescribed(inner, f"{at}.{key}")

    assert list(undescribed(SCHEMA, "")) == []


def test_defaults_and_schema_know_the_same_keys() -> None:
    def keys(values: object, schema: dict[str, Any], at: str) -> Iterator[str]:
        properties = resolve(schema, SCHEMA).get("properties")
        if not isinstance(values, dict) or not properties or not values:
            return
        for key in set(values) ^ set(properties):
            yield f"{at}.{key}"
        for key in set(values) & set(properties):
            yield from keys(values[key], properties[key], f"{at}.{key}")

    assert set(keys(DEFAULTS, SCHEMA, "")) == {".global", ".job", ".resources.limits.cpu"}


@pytest.mark.parametrize(("day", "fits"), [("0-6", True), ("sun", True), ("7", False)])
def test_kubernetes_sunday_has_one_number(day: str, fits: bool) -> None:
    cron = {"kind": "cron", "command": ["run"], "schedule": f"0 0 * * {day}"}
    values = over(DEFAULTS, over(SMALLEST, {"processes": {"night": cron}}))
    assert Draft7Validator(SCHEMA).is_valid(values) == fits
