"""When a version of Kubernetes leaves EKS's standard support."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path

SOON = timedelta(days=60)


@cache
def ends() -> dict[str, date]:
    """Return the dates that are known, by minor."""
    raw = tomllib.loads(Path(__file__).with_name("support.toml").read_text())
    known: dict[str, date] = raw["ends"]
    return known


def over(version: str, today: date) -> bool:
    """Whether standard support has ended, as far as the dates are known."""
    return version in ends() and ends()[version] < today


def warning(version: str, today: date) -> str:
    """Return what to say of a version; empty: nothing."""
    end = ends().get(version)
    if end is None:
        return ""
    if end < today:
        return (
            f"Kubernetes {version} left standard support on {end}: EKS asks six times the price."
            " Raise kubernetes_version by one minor."
        )
    if end - today < SOON:
        return f"Kubernetes {version} leaves standard support on {end}. Plan the next minor."
    return ""
