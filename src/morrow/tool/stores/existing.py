"""The store `existing`: a Secret that someone else made; the tool checks that it is whole."""

from __future__ import annotations

from collections.abc import Mapping

from morrow.tool.cluster.site import Site
from morrow.tool.stores import objects
from morrow.tool.stores.store import Store, following


class Existing(Store):
    """Its name stands in `secrets.name`; a new revision only renews the pods."""

    in_place = True
    random = False

    def held(self, site: Site) -> tuple[str, set[str]]:
        """Say which keys the Secret has."""
        return objects.held(site)

    def check(self, site: Site) -> None:
        """Refuse a Secret that is not there or lacks a key."""
        objects.require_keys(site.environment, site.secret, "set")

    def make(self, site: Site) -> None:
        """Leave it to its maker."""

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Set values in it, as its maker would."""
        objects.patch(site, site.environment.secrets.object_name, given)

    def next_revision(self, site: Site) -> str:
        """Count on: the revision names no object of its own."""
        stem, number = following(site.environment.secrets.revision)
        return f"{stem}{number + 1}"

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> None:
        """Read it anew: that it is whole is all that can be asked of it."""
        self.check(site)

    def sweep(self, site: Site, naming: str) -> list[str]:
        """Remove old ConfigMaps."""
        return objects.sweep(site, naming)

    def purge(self, site: Site) -> None:
        """Remove the ConfigMaps; the Secret is not ours."""
        objects.purge(site)
