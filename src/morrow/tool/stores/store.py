"""Where the values of an environment's secrets are kept; one file for each kind of store.

How others use it: `store = store_of(environment)`. A new store is a class in a file of its own and
one line in `STORES`. No value leaves a store but into the place that the service reads.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol, cast

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.stores.age import changed

CIPHER = re.compile(r"FERNET|ENCRYPTION_KEY")  # names of keys that must be 32 bytes, padded


class Store(Protocol):
    """The secrets of one environment."""

    in_place: bool
    """Whether a value can be set in what is there; else each change makes a new revision."""

    mends: str = "set"
    """The verb of `morrow secrets` that gives a key that is missing its value."""

    random: bool
    """Whether the tool makes the values: then a rotation gives new ones."""

    revision_written_first: bool = False
    """Whether the revision is written down before its values are made, as they outlive a kill."""

    programs: tuple[str, ...] = ()
    """What it needs on this machine."""

    def faults(self, environment: Environment) -> list[Problem]:
        """Return what is wrong with its file, as far as that shows without a key and a cluster."""
        return []

    def inventory(self, site: Site) -> tuple[str, set[str]]:
        """Return where the secrets are, and which of the declared keys have a value there."""

    def check(self, site: Site) -> None:
        """Refuse what cannot be deployed; nothing has been touched yet."""
        return

    def make(self, site: Site) -> None:
        """Make what the release will read, where it is missing; the lock is held."""
        return

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Set values in place."""
        raise NotImplementedError  # a revision never changes: each value makes a new one

    def next_revision(self, site: Site) -> str:
        """Return the first free revision after the present one."""

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Make the next revision of the given values, and the present ones of the other keys.

        Returns what else the environment's file must say of that revision.
        """

    def values(self, site: Site) -> dict[str, bytes]:
        """Return the values of the declared keys, for another store or to compare."""

    def notes(self, site: Site) -> list[Problem]:
        """Return warnings: what stops no deploy."""
        return []

    def unread(self, site: Site) -> list[Problem]:
        """Return why what the next Secret is made from cannot be read now, or is not whole."""
        return []

    def sources(self, environment: Environment) -> list[Path]:
        """Return the files that a rotation changes, beside the environment's own."""
        return []

    def after_rollout(self, site: Site) -> None:
        """Drop what was kept outside for older revisions; all pods have the present one."""

    def ages(self, site: Site) -> dict[str, datetime]:
        """Return when each key got its value, as far as it is known."""
        return changed(site.secret)

    def sweep(self, site: Site, naming: str) -> list[str]:
        """Remove what the tool made and `naming` (all texts that may refer to it) does not name."""
        return []

    def purge(self, site: Site) -> None:
        """Remove all that the tool made."""


class Folders(Protocol):
    """What a store of a process gives beside: a folder for each revision."""

    def folder(self, environment: Environment, revision: str) -> Path:
        """Return where a revision's files are, or will be."""

    def complete(self, environment: Environment, revision: str) -> Path:
        """Return the folder of a revision; what is missing in it is made."""


# target.kind, secrets.provider: the class
STORES = {
    ("process", "generated"): "files:Files",
    ("kubernetes", "generated"): "generated:Generated",
    ("process", "sops"): "sops:EncryptedFiles",
    ("kubernetes", "existing"): "existing:Existing",
    ("kubernetes", "sops"): "sops:Encrypted",
    ("kubernetes", "external"): "external:External",
}


def store_of(environment: Environment) -> Store:
    """Return the environment's store, or raise why there is none."""
    if wrong := unsupported(environment):
        raise Failure(wrong)
    return store_for(environment.kind, environment.secrets.provider)


def store_for(kind: str, provider: str) -> Store:
    """Return the store of a kind of target and a provider that are supported together."""
    return cast(Store, resolve_name(f"morrow.tool.stores.{STORES[kind, provider]}")())


def folders_of(environment: Environment) -> Folders:
    """Return the store of an environment whose target is a process."""
    return cast(Folders, store_of(environment))


def unsupported(environment: Environment) -> Problem | None:
    """Return why the secrets cannot come from their provider; None when they can."""
    provider = environment.secrets.provider
    if (environment.kind, provider) in STORES:
        return None
    where = environment.place("secrets", "provider")
    able = providers(environment.kind)
    cause = f"secrets.provider is {provider}; a {environment.kind} takes {' or '.join(able)}"
    change = f"set secrets.provider: {able[0]} in {where}"
    return problem("provider-unsupported", where, cause, change=change)


def providers(kind: str) -> list[str]:
    """Return what a kind of target takes secrets of."""
    return [name for one, name in STORES if one == kind]


def following(present: str) -> tuple[str, int]:
    """Return a revision's stem and number, to count on from."""
    if present.isdigit():
        return "", int(present)
    return (f"{present}-" if present else ""), 0


def require_text(environment: Environment, values: Mapping[str, bytes]) -> None:
    """Refuse bytes where only text can be kept."""
    for key, value in values.items():
        try:
            value.decode()
        except UnicodeDecodeError:
            cause = "it is not text, and its store holds only text: encode it, say with base64"
            label = environment.label
            raise Failure(problem("secret-value", key, cause, environment=label, key=key)) from None


def too_large(values: Mapping[str, bytes], whole: str, size: int, holds: int) -> Problem:
    """Return that values are more than one place holds, by the largest of them."""
    key = max(values, key=lambda name: len(values[name]))
    cause = f"its {len(values[key]):,} bytes make {whole} {size:,} bytes, and it holds {holds:,}"
    return problem("secret-too-large", key, cause)


def fresh(key: str) -> bytes:
    """Return a new random value, of letters that every system takes; a key of Fernet's as one."""
    if CIPHER.search(key.upper()):
        return f"{secrets.token_urlsafe(32)}=".encode()
    return secrets.token_urlsafe(48).encode()  # Django asks for 50 letters
