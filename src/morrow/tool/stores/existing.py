"""The store `existing`: a Secret that someone else made; the tool checks that it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from morrow.tool.cluster.site import Site
from morrow.tool.stores import objects
from morrow.tool.stores.age import changed
from morrow.tool.stores.objects import InCluster
from morrow.tool.stores.store import following


class Existing(InCluster):
    """Its name stands in `secrets.name`, its maker makes it; a revision only renews the pods."""

    in_place = True
    random = False

    def check(self, site: Site) -> None:
        """Refuse a Secret that is not there or lacks a key."""
        objects.require_keys(site.environment, site.secret, self.mends)

    def set(self, site: Site, given: Mapping[str, bytes]) -> None:
        """Set values in it, as its maker would."""
        objects.patch(site, site.environment.secrets.object_name, given)

    def next_revision(self, site: Site) -> str:
        """Count up: the revision is in no object's name."""
        stem, number = following(site.environment.secrets.revision)
        return f"{stem}{number + 1}"

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Check again that it has every key; its values are its maker's business."""
        self.check(site)
        return {}

    def ages(self, site: Site) -> dict[str, datetime]:
        """Return when it was last written; it does not say which key changed."""
        words = ("get", "secret", site.environment.secrets.object_name, "--show-managed-fields")
        return changed(site.kubectl.json(*words)) if site.secret else {}
