"""Where the store `external` writes: one class a service, each in a file of its own.

How others use it: `place, ... = place_of(provider, entry, shown)`, with the `spec.provider` of the
SecretStore that External Secrets reads. A new one is a class and a line in `PLACES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any, Protocol, cast

from morrow.tool.base.errors import Failure, problem

BY_KMS = r"\bKMS|\bkms:"
"""How AWS writes of a key; an entry's or a user's own name may have the word in small letters."""


@dataclass(frozen=True)
class Version:
    """The values of one version, which never change."""

    id: str
    values: dict[str, bytes]
    """What a pod gets of it, by property."""

    table: dict[str, Any] = field(default_factory=dict)
    """What is stored: numbers and nested values, too."""


class Place(Protocol):
    """One entry of a service that keeps versions."""

    def newest(self) -> Version:
        """Return the version that is current."""

    def version(self, id: str) -> Version:
        """Return one version."""

    def put(self, values: Mapping[str, bytes], revision: str, present: Version) -> str:
        """Store a version beside the present one, with these values new; return its id.

        Nobody reads it yet.
        """

    def make_current(self, id: str, needed: Iterable[str]) -> list[str]:
        """Make a version the current one; let those go whose revision nothing needs."""


# (key of spec.provider, its `service`): the class, and the prefix of a pinned version.
PLACES = {("aws", "SecretsManager"): ("secrets_manager:SecretsManager", "uuid/")}


def place_of(provider: Mapping[str, Any], entry: str, shown: str) -> tuple[Place, str]:
    """Return the place, and what stands before a version's id in an ExternalSecret."""
    for kind, spec in provider.items():
        if row := PLACES.get((kind, str((spec or {}).get("service") or ""))):
            place = resolve_name(f"morrow.tool.stores.{row[0]}")(spec, entry)
            return cast(Place, place), row[1]
    kinds = ", ".join(provider) or "nothing"
    cause = f"it reads {kinds}, into which the tool cannot write"
    raise Failure(problem("store-not-written", shown, cause))
