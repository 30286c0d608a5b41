"""Where the values of an environment's secrets are kept; one file for each kind of store.

How others use it: `store = store_of(environment)`. A new store is a class in a file of its own and
one line in `STORES`. No value leaves a store but into the place that the service reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment


class Store(Protocol):
    """The secrets of one environment."""

    in_place: bool
    """Whether a value can be set in what is there; else each change makes a new revision."""

    random: bool
    """Whether the tool makes the values: then a rotation gives new ones."""

    def held(self, site: Site) -> tuple[str, set[str]]:
        """Say where the secrets are, and which of the declared keys have a value there."""

    def check(self, site: Site) -> None:
        """Refuse what cannot be deployed; nothing has been touched yet."""

    def make(self, site: Site) -> None:
        """Make what the release will read, where it is missing; the lock is held."""

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Set values in place."""

    def next_revision(self, site: Site) -> str:
        """Return the first free revision after the present one."""

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> None:
        """Make the next revision: what is given, and of the other keys what is held."""

    def sweep(self, site: Site, naming: str) -> list[str]:
        """Remove what the tool made and `naming`, the text of all that may need it, lacks."""

    def purge(self, site: Site) -> None:
        """Remove all that the tool made."""


# target.kind, secrets.provider: the class
STORES = {
    ("process", "generated"): "files:Files",
    ("kubernetes", "generated"): "generated:Generated",
    ("kubernetes", "existing"): "existing:Existing",
}


def store_of(environment: Environment) -> Store:
    """Return the environment's store, or raise why there is none."""
    if wrong := unsupported(environment):
        raise Failure(wrong)
    module, _, name = STORES[environment.kind, environment.secrets.provider].partition(":")
    return cast(Store, getattr(import_module(f"morrow.tool.stores.{module}"), name)())


def unsupported(environment: Environment) -> Problem | None:
    """Return why the secrets cannot come from their provider; None when they can."""
    provider, where = environment.secrets.provider, environment.place("secrets", "provider")
    if (environment.kind, provider) in STORES:
        return None
    able = [name for kind, name in STORES if kind == environment.kind]
    cause = f"secrets.provider is {provider}, and a process takes generated secrets only"
    if environment.kind != "process":
        cause = f"secrets.provider is {provider}, which the chart knows and the tool does not yet;"
        cause += " it takes the Secret that a store has made"
    return problem("provider-unsupported", where, cause, file=where, provider=able[-1])


def following(present: str) -> tuple[str, int]:
    """Return a revision's stem and number, to count on from."""
    if present.isdigit():
        return "", int(present)
    return (f"{present}-" if present else ""), 0
