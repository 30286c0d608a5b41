"""The page docs/conformance.md, from the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.conformance.results import Result, unexcused


def page(results: Iterable[Result]) -> str:
    return ""
