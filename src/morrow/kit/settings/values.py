"""Texts of the environment to typed values, strictly. A refusal says what would be right.

No message repeats a value: it may be a secret that was pasted into the wrong variable.
"""

import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

from morrow.kit.settings.secret import Secret
from morrow.kit.settings.url import Url


class Duration(float):
    """Seconds, written `250ms`, `30s`, `5m`, `2h`, `1d`, or `30` for 30 seconds.

    >>> parse(Duration, "30s"), parse(Duration, "1.5m")
    (30.0, 90.0)
    """

    __slots__ = ()


class Size(int):
    """Bytes, written `512B`, `64KiB`, `10MiB`, `1GiB` or, by thousands, `10MB`.

    >>> parse(Size, "10MiB")
    10485760
    """

    __slots__ = ()


class ValueRefused(ValueError):
    """A text that is no value of the type; the message says what would be."""


_UNITS_OF_TIME = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_UNITS_OF_SIZE = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_UNITS_OF_SIZE |= {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_BOOLEANS = dict.fromkeys(("true", "1", "yes", "on"), True)
_BOOLEANS |= dict.fromkeys(("false", "0", "no", "off"), False)
_NUMBER = r"(\d+(?:\.\d+)?)"


def _bool(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueRefused("is no boolean: write true or false") from None


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,400}", text):
        raise ValueRefused("is no integer: write digits only, such as 10")
    return int(text)


def _float(text: str) -> float:
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueRefused("is no number: write it such as 0.5")
    number = float(text)
    if not math.isfinite(number):
        raise ValueRefused("is a number too large")
    return number


def _url(text: str) -> Url:
    from urllib.parse import urlsplit

    refused = ValueRefused("is no URL: write it with scheme and host, such as https://example.com")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise refused
    try:
        parts = urlsplit(text)
        valid = bool(parts.scheme and parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise refused from None
    if not valid:
        raise refused
    return Url(text)


def _with_unit(text: str, units: Mapping[str, float], message: str) -> float:
    match = re.fullmatch(_NUMBER + r"([A-Za-z]+)", text, re.ASCII)
    if text == "0":
        return 0
    if not match or match[2] not in units:
        raise ValueRefused(message)
    return float(match[1]) * units[match[2]]


def _duration(text: str) -> Duration:
    if re.fullmatch(_NUMBER, text, re.ASCII):
        text += "s"
    return Duration(
        _with_unit(text, _UNITS_OF_TIME, "is no duration: write 250ms, 30s, 5m, 2h or 1d")
    )


def _size(text: str) -> Size:
    size = _with_unit(text, _UNITS_OF_SIZE, "is no size: write 512B, 64KiB, 10MiB or 1GiB")
    if size != int(size):
        raise ValueRefused("is no whole number of bytes")
    return Size(int(size))


_PARSERS: dict[object, Callable[[str], object]] = {
    str: str,
    int: _int,
    float: _float,
    bool: _bool,
    Url: _url,
    Duration: _duration,
    Size: _size,
    Secret: Secret,
}


def parse(kind: object, text: str) -> Any:  # noqa: ANN401 - the type is the argument
    """Return `text` as a value of `kind`, or raise ValueRefused.

    >>> parse(bool, "true"), parse(list[int], "1, 2")
    (True, [1, 2])
    >>> parse(bool, "ture")
    Traceback (most recent call last):
    morrow.kit.settings.values.ValueRefused: is no boolean: write true or false
    """
    kind = required(kind)
    if get_origin(kind) is Literal:
        choices = {str(choice): choice for choice in get_args(kind)}
        if text not in choices:
            raise ValueRefused(f"must be one of {', '.join(choices)}")
        return choices[text]
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return [parse(item, part.strip()) for part in text.split(",") if part.strip()]
    return _PARSERS[kind](text)


def required(kind: object) -> object:
    """Return the type without `| None`.

    >>> required(int | None)
    <class 'int'>
    """
    if get_origin(kind) in (types.UnionType, typing.Union):
        rest = [one for one in get_args(kind) if one is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return kind


def is_supported(kind: object) -> bool:
    """Tell whether a setting may have this type.

    >>> is_supported(list[int]), is_supported(dict[str, int])
    (True, False)
    """
    kind = required(kind)
    if get_origin(kind) is Literal:
        return all(isinstance(choice, str | int) for choice in get_args(kind))
    if get_origin(kind) is list:
        (item,) = get_args(kind)
        return item is not Secret and get_origin(item) is not list and is_supported(item)
    return kind in _PARSERS


def render(value: object) -> str:
    """Return a value as the environment writes it; a secret stays masked.

    >>> render(True), render([1, 2]), render(Duration(30)), render(Secret("x"))
    ('true', '1,2', '30s', '********')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(render(item) for item in value)
    if isinstance(value, Duration):
        return f"{value:g}s"
    if isinstance(value, Size):
        for unit in ("GiB", "MiB", "KiB"):
            if value and value % _UNITS_OF_SIZE[unit] == 0:
                return f"{value // _UNITS_OF_SIZE[unit]}{unit}"
        return f"{int(value)}B"
    return str(value)


def name_of(kind: object) -> str:
    """Return the name that people read for a type.

    >>> name_of(list[int]), name_of(bool)
    ('list of integer', 'boolean')
    """
    kind = required(kind)
    if get_origin(kind) is Literal:
        return " | ".join(map(str, get_args(kind)))
    if get_origin(kind) is list:
        return f"list of {name_of(get_args(kind)[0])}"
    names = {str: "text", int: "integer", float: "number", bool: "boolean", Url: "URL"}
    return names.get(kind, getattr(kind, "__name__", str(kind)).lower())  # type: ignore[call-overload, no-any-return]
