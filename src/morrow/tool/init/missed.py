"""Which variables an error says are missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

CALLED = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\b")


def missing_in(told: Mapping[str, Any]) -> list[str]:
    """Name the variables that an error says are missing."""
    error, message = str(told.get("error", "")), str(told.get("message", ""))
    if told.get("fields"):
        return [name.upper() for name, kind in told["fields"] if "missing" in kind and name]
    if exact := re.match(r"(\w+) not found\. Declare it as envvar", message):  # decouple's
        return [exact[1]]
    if error == "KeyError":
        return [one for one in CALLED.findall(message) if len(one) > 2][:1]
    words = ("environ", "not found", "required", "must be set", "missing", "not set", "undefined")
    needed = any(word in message.lower() for word in (*words, "must not be empty", "empty"))
    if error in ("ModuleNotFoundError", "ImportError") or not needed:
        return []
    names = [one for one in CALLED.findall(message) if "_" in one or len(one) > 3]
    return [one for one in names if one not in ("SECRET", "ERROR", "ENV", "DJANGO")][:4]


def failed(error: str, message: str) -> dict[str, Any]:
    """Return what stands for an answer that did not come."""
    told = {"error": error, "message": message, "where": ""}
    return {**told, "missed": missing_in(told)}
