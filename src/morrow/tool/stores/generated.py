"""The store `generated` in a cluster: immutable Secrets that the tool makes, one a revision."""

from __future__ import annotations

from collections.abc import Mapping

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site
from morrow.tool.stores import objects
from morrow.tool.stores.objects import InCluster
from morrow.tool.stores.store import following, fresh


class Generated(InCluster):
    """An existing Secret is used as it is, so that two laptops agree."""

    in_place = False
    random = True
    mends = "rotate"

    def check(self, site: Site) -> None:
        """Refuse a Secret that lacks a key; one that is missing will be made."""
        if site.secret is not None:
            objects.require_keys(site.environment, site.secret, self.mends)

    def make(self, site: Site) -> None:
        """Make the Secret of the present revision when it is missing."""
        secrets = site.environment.secrets
        if not secrets.keys or site.secret is not None:
            return
        if objects.create(site, secrets.object_name, {key: fresh(key) for key in secrets.keys}):
            count = len(secrets.keys)
            terminal.say(f"  Secret {secrets.object_name} made with {count} generated values")
        else:
            theirs = site.kubectl.get("secret", secrets.object_name)
            objects.require_keys(site.environment, theirs, self.mends)

    def next_revision(self, site: Site) -> str:
        """Return the first after the present one that has no Secret."""
        stem, number = following(site.environment.secrets.revision)
        while True:
            number += 1
            revision = f"{stem}{number}"
            if site.kubectl.get("secret", site.environment.secret_of(revision)) is None:
                return revision

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Make the next Secret: what is given, what the present one holds, else a random value."""
        present = objects.values_of(site.secret)
        values = {key: present.get(key) or fresh(key) for key in site.environment.secrets.keys}
        name = site.environment.secret_of(revision)
        objects.create(site, name, {**values, **given})
        terminal.say(f"  Secret {name} made")
        return {}
