"""The store `generated` in a cluster: immutable Secrets that the tool makes, one a revision."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.stores import objects
from morrow.tool.stores.store import Store, following


def fresh() -> bytes:
    """Return a new random value, of letters that every system takes."""
    return random.token_urlsafe(32).encode()


class Generated(Store):
    """One that is there already is taken as it is, so that two laptops agree."""

    in_place = False
    random = True

    def held(self, site: Site) -> tuple[str, set[str]]:
        """Say which keys the Secret has."""
        return objects.held(site)

    def check(self, site: Site) -> None:
        """Refuse a Secret that lacks a key; one that is missing will be made."""
        if site.secret is not None:
            objects.require_keys(site.environment, site.secret, "rotate")

    def make(self, site: Site) -> None:
        """Make the Secret of the present revision when it is missing."""
        wanted = site.environment.secrets
        if not wanted.keys or site.secret is not None:
            return
        if objects.create(site, wanted.object_name, {key: fresh() for key in wanted.keys}):
            said = f"made with {len(wanted.keys)} generated values"
            terminal.say(f"  Secret {wanted.object_name} {said}")
        else:
            theirs = site.kubectl.get("secret", wanted.object_name)
            objects.require_keys(site.environment, theirs, "rotate")

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Refuse: an immutable Secret cannot change."""
        raise NotImplementedError

    def next_revision(self, site: Site) -> str:
        """Return the first after the present one that has no Secret."""
        stem, number = following(site.environment.secrets.revision)
        while True:
            number += 1
            revision = f"{stem}{number}"
            if site.kubectl.get("secret", site.environment.secret_of(revision)) is None:
                return revision

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> None:
        """Make the next Secret: what is given, what the present one holds, else a random value."""
        held = objects.values_of(site.secret)
        values = {key: held.get(key) or fresh() for key in site.environment.secrets.keys}
        name = site.environment.secret_of(revision)
        objects.create(site, name, {**values, **given})
        terminal.say(f"  Secret {name} made")

    def sweep(self, site: Site, naming: str) -> list[str]:
        """Remove old Secrets and ConfigMaps."""
        return objects.sweep(site, naming)

    def purge(self, site: Site) -> None:
        """Remove all of them."""
        objects.purge(site)
