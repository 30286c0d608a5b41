"""Lay values over each other exactly as Helm does (a test holds this file to Helm itself).

Two steps, as in Helm: files over each other (`overlay`: maps merge, all else replaces, null
stays), then the result over the chart's own values (`coalesce`: null removes a default).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Values = dict[str, Any]


def overlay(below: Values, above: Values) -> Values:
    """Lay one values file over another."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            merged[key] = overlay(old, value)
        else:
            merged[key] = value
    return merged


def coalesce(defaults: Values, given: Values) -> Values:
    """Lay what is given over the chart's defaults."""
    merged = deepcopy(given)
    for key, default in defaults.items():
        if key not in merged:
            merged[key] = deepcopy(default)
        elif merged[key] is None:
            del merged[key]  # at the root, even a default that is null itself
        elif isinstance(merged[key], dict) and isinstance(default, dict):
            merged[key] = _coalesce_table(default, merged[key])
    return merged


def _coalesce_table(defaults: Values, given: Values) -> Values:
    merged = dict(given)
    for key, default in defaults.items():
        if key not in merged:
            merged[key] = deepcopy(default)
        elif merged[key] is None and default is not None:
            del merged[key]
        elif isinstance(merged[key], dict) and isinstance(default, dict):
            merged[key] = _coalesce_table(default, merged[key])
    return merged
