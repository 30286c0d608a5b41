"""What only the tool itself may know: taken out of its variables before it starts a program.

A child inherits every variable, and whoever may look at the child may read them.
"""

from __future__ import annotations

import os

DATABASE_ADMIN = "MORROW_POSTGRES_ADMIN"
"""How the administrator of a database logs in: a URL as libpq reads it."""

_kept: dict[str, str] = {}


def keep() -> None:
    """Take them out of the variables."""
    if text := os.environ.pop(DATABASE_ADMIN, ""):
        _kept[DATABASE_ADMIN] = text


def kept(name: str) -> str:
    """Return one, or "" where it was not given."""
    return _kept.get(name, "")
