"""EKS on the wire: route, read, judge and trim by botocore's own model of the service.

What a caller sends and the model does not know is an error here, and so is what the model does
know and its limits refuse. What an answer holds and the model does not is left out. So an
operation of the fake sees and gives only what AWS's own interface has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.validate import ParamValidator

MODEL = botocore.session.get_session().get_service_model("eks")
STATUS = {"ResourceNotFoundException": 404, "ResourceInUseException": 409}


class Refused(Exception):
    """What AWS would refuse, in its words where they are known."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = f"{code}Exception"

    @property
    def status(self) -> int:
        """The status on the wire; never one that makes a client try again."""
        return STATUS.get(self.code, 400)


@dataclass(frozen=True)
class Call:
    """One operation with its parameters, by the names of the model."""

    operation: str
    given: dict[str, Any]


def _pattern(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", uri.partition("?")[0])
    text = "".join(
        f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return re.compile(text + "/?$")


ROUTES = [
    (model.http["method"], _pattern(model.http["requestUri"]), model)
    for model in map(MODEL.operation_model, MODEL.operation_names)
]
# `/addons/supported-versions` before `/{x}`: the fewer variable parts, the earlier.
ROUTES.sort(key=lambda route: route[1].groups)


def read(method: str, raw_path: str, query: str, body: bytes) -> Call:
    """Find the operation and its parameters.

    `raw_path` is percent-encoded still: an ARN in it holds slashes.
    """
    for wanted, pattern, model in ROUTES:
        found = pattern.match(raw_path) if method == wanted else None
        if found:
            given = _parameters(model.input_shape, found.groupdict(), query, body)
            _judge(given, model.input_shape)
            return Call(model.name, given)
    raise Refused("InvalidRequest", f"no operation of EKS is {method} {raw_path}")


def _parameters(shape: Any, segments: Mapping[str, str], query: str, body: bytes) -> dict[str, Any]:
    if shape is None:
        return {}
    try:
        sent = json.loads(body) if body.strip() else {}
    except json.JSONDecodeError as wrong:
        raise Refused("InvalidRequest", f"the body is no JSON: {wrong}") from None
    if not isinstance(sent, dict):
        raise Refused("InvalidRequest", "the body is no JSON object")
    asked = parse_qs(query, keep_blank_values=True)
    given: dict[str, Any] = {}
    for name, member in shape.members.items():
        place = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if place == "uri":
            given[name] = unquote(segments[wire])
        elif place == "querystring" and wire in asked:
            given[name] = _of_query(member, asked.pop(wire))
        elif place is None and wire in sent:
            value = sent.pop(wire)
            if value is not None:
                given[name] = value
    for unknown in (*sent, *asked):
        raise Refused("InvalidParameter", f"unknown field {unknown!r} in {shape.name}")
    return given


def _of_query(member: Any, values: list[str]) -> Any:
    if member.type_name == "list":
        return values
    if member.type_name == "integer":
        return int(values[0])
    return values[0] == "true" if member.type_name == "boolean" else values[0]


def _judge(given: dict[str, Any], shape: Any) -> None:
    if shape is None:
        return
    report = ParamValidator().validate(given, shape)
    if report.has_errors():
        raise Refused("InvalidParameter", report.generate_report())
    _limits(given, shape, shape.name)


def _limits(value: Any, shape: Any, path: str) -> None:
    """Hold a value to what ParamValidator leaves to the service: enums, patterns, maxima."""
    limits = shape.metadata
    if shape.type_name == "structure":
        for name, inner in value.items():
            _limits(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            _limits(inner, shape.member, f"{path}[]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            _limits(key, shape.key, f"{path}.{key}")
            _limits(inner, shape.value, f"{path}.{key}")
    if "enum" in limits and value not in limits["enum"]:
        raise Refused("InvalidParameter", f"{path}: {value!r} is none of {limits['enum']}")
    if "pattern" in limits and not re.search(limits["pattern"], value):
        raise Refused("InvalidParameter", f"{path}: {value!r} does not fit {limits['pattern']}")
    size = len(value) if isinstance(value, str | list | dict) else value
    if "max" in limits and size > limits["max"]:
        raise Refused("InvalidParameter", f"{path}: more than {limits['max']}")


def written(operation: str, answer: dict[str, Any]) -> bytes:
    """Return the body of an answer: what the model knows of it."""
    shape = MODEL.operation_model(operation).output_shape
    return json.dumps(_trimmed(answer, shape) if shape is not None else {}).encode()


def _trimmed(value: Any, shape: Any) -> Any:
    if value is None:
        return None
    if shape.type_name == "structure":
        return {
            member.serialization.get("name", name): _trimmed(value[name], member)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_trimmed(inner, shape.member) for inner in value]
    return value
