"""The store `external`: a service outside, whose versions the External Secrets Operator delivers.

An ExternalSecret is named by the revision and pins the version, so each revision is a Secret that
never changes. The tool creates it before the release does, and rolls only when it is synced.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import NAME, title
from morrow.tool.cluster.site import Site
from morrow.tool.stores import age, objects
from morrow.tool.stores.generated import Generated
from morrow.tool.stores.operator import KIND, owned, store_object, synced
from morrow.tool.stores.place import Place, Version, place_of
from morrow.tool.stores.store import fresh, require_text

# Why one person cannot read the entry: to deploy, only the operator must.
OWN = ("extra-missing", "aws-login", "store-not-written")


class External(Generated):
    """ExternalSecrets, one a revision."""

    mends = "set"

    def check(self, site: Site) -> None:
        """Refuse where there is no operator, or a store that it cannot read."""
        secrets = site.environment.secrets
        if not secrets.keys:
            return
        if site.secret is not None:
            objects.require_keys(site.environment, site.secret, self.mends)
            return
        store_object(site)

    def make(self, site: Site) -> None:
        """Let the operator make the Secret of the present revision, and wait for it."""
        secrets = site.environment.secrets
        if not secrets.keys or site.secret is not None:
            return
        began, kubectl = time.monotonic(), site.kubectl
        # A leftover of a killed command is replaced: the operator may pause after a failure,
        # but reads a new object at once.
        kubectl.check("delete", KIND, secrets.object_name, "--ignore-not-found")
        kubectl.check("create", "-f", "-", input=json.dumps(owned(site)))
        try:
            secret = synced(site)
            objects.require_keys(site.environment, secret, self.mends)
        except BaseException:
            # Its Secret is nobody's yet, and would stay.
            kinds = f"{KIND},secrets"
            kubectl.run("delete", kinds, secrets.object_name, "--ignore-not-found")
            raise
        self._mark(site, secret)
        took = time.monotonic() - began
        terminal.say(
            f"  Secret {secrets.object_name} delivered by External Secrets in {took:.1f} s"
        )

    def renew(self, site: Site, revision: str, given: Mapping[str, bytes]) -> dict[str, str]:
        """Store a version of what is given; all else of the entry stays as it is."""
        place, pin = self._place(site)
        present = self._present(site, place, pin)
        missing = [key for key in site.environment.secrets.keys if not present.values.get(key)]
        values = {**{key: fresh(key) for key in missing}, **given}
        require_text(site.environment, values)
        version = place.put(values, revision, present)
        terminal.say(f"  {site.environment.secrets.entry}: version {version} stored")
        return {"version": pin + version}

    def after_rollout(self, site: Site) -> None:
        """Make the version current; let those go whose revision has no Secret any more."""
        environment = site.environment
        place, pin = self._place(site)
        stem = environment.secret_of("")
        listed = site.kubectl.check("get", "secrets", "-o", "name").split()
        names = [one.removeprefix("secret/") for one in listed]
        needed = [name.removeprefix(stem) for name in names if name.startswith(stem)]
        gone = place.make_current(environment.secrets.version.removeprefix(pin), needed)
        if gone:
            terminal.say(f"  versions of revision {', '.join(gone)} dropped")

    def values(self, site: Site) -> dict[str, bytes]:
        """Read the version that the environment names."""
        place, pin = self._place(site)
        present = self._present(site, place, pin).values
        return {key: present[key] for key in site.environment.secrets.keys if key in present}

    def sweep(self, site: Site, still_needed: str) -> list[str]:
        """Remove ExternalSecrets that killed commands left, then old Secrets."""
        label = f"{NAME}={site.environment.name}"
        for resource in site.kubectl.list(KIND, label):
            name = resource["metadata"]["name"]
            present = name == site.environment.secrets.object_name
            if not present and not objects.mentions(still_needed, name):
                site.kubectl.check("delete", KIND, name, "--ignore-not-found")
        return super().sweep(site, still_needed)

    def notes(self, site: Site) -> list[Problem]:
        """Compare the entry with the keys, where this person may read it."""
        return [one for one in self.unread(site) if one.code not in OWN]

    def unread(self, site: Site) -> list[Problem]:
        """Return why the entry cannot be read, or which property it lacks."""
        secrets = site.environment.secrets
        try:
            has = self.values(site)
        except Failure as failure:
            return list(failure.problems)
        return [
            problem("property-missing", secrets.entry, f"it has no property {key}",
                    environment=site.environment.label, key=key)
            for key in secrets.keys if not has.get(key)
        ]  # fmt: skip

    def _mark(self, site: Site, secret: Json) -> None:
        """Write the time of each key's value onto the Secret; unchanged values keep theirs."""
        label = f"{NAME}={site.environment.name},{objects.BY_OPERATOR}=true"
        name = site.environment.secrets.object_name
        others = [one for one in site.kubectl.list("secrets", label)
                  if one["metadata"]["name"] != name]  # fmt: skip
        before = max(
            others, key=lambda one: str(one["metadata"]["creationTimestamp"]), default=None
        )
        values, old = objects.values_of(secret), objects.values_of(before)
        text = age.mark(values, old, age.changed(before))
        site.kubectl.check("annotate", "secret", name, f"{age.CHANGED}={text}", "--overwrite")

    def _present(self, site: Site, place: Place, pin: str) -> Version:
        version = site.environment.secrets.version.removeprefix(pin)
        return place.version(version) if version else place.newest()

    def _place(self, site: Site) -> tuple[Place, str]:
        store = store_object(site)
        provider = store["spec"].get("provider") or {}
        return place_of(provider, site.environment.secrets.entry, title(store))
