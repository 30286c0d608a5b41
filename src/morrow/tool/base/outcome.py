"""What a command did or found, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]  # an object of JSON, of ours or of a program's


@dataclass(frozen=True)
class Outcome:
    """What a target did or found."""

    text: str  # for people, on stdout
    data: Mapping[str, Any]  # for --json
    ok: bool = True  # False: exit 1
