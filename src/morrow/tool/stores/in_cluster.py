"""What all stores have in common whose values a release reads from a Secret."""

from __future__ import annotations

from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import MADE_BY, NAME, is_kept, labels_of
from morrow.tool.cluster.site import Site
from morrow.tool.stores.objects import BY_OPERATOR, mentions, values_of
from morrow.tool.stores.store import Store


class InCluster(Store):
    """A Secret named by the environment's file, and what older revisions have left beside it."""

    def inventory(self, site: Site) -> tuple[str, set[str]]:
        """Return the Secret's name, and which declared keys have a value in it."""
        wanted, present = site.environment.secrets, values_of(site.secret)
        return f"Secret {wanted.object_name}", {key for key in wanted.keys if present.get(key)}

    def values(self, site: Site) -> dict[str, bytes]:
        """Read the present Secret."""
        present = values_of(site.secret)
        return {key: present[key] for key in site.environment.secrets.keys if key in present}

    def sweep(self, site: Site, still_needed: str) -> list[str]:
        """Remove each Secret and ConfigMap of ours that `still_needed` does not mention."""
        present, gone = site.environment.secrets.object_name, []
        for kind, name in _removable_objects(site):
            if name != present and not mentions(still_needed, name):
                site.kubectl.check("delete", kind, name, "--ignore-not-found")
                gone.append(f"{kind} {name}")
        if gone:
            terminal.say(f"  removed what nothing names any more: {', '.join(gone)}")
        return gone

    def purge(self, site: Site) -> None:
        """Remove every Secret and ConfigMap that the tool or the chart made for the service."""
        for kind, name in _removable_objects(site):
            site.kubectl.check("delete", kind, name, "--ignore-not-found")


def _removable_objects(site: Site) -> list[tuple[str, str]]:
    label = f"{NAME}={site.environment.name}"
    items = site.kubectl.list("secrets,configmaps", label)
    return [(item["kind"], item["metadata"]["name"]) for item in items if _is_removable(item)]


def _is_removable(item: Json) -> bool:
    if item["kind"] == "Secret":
        ours = labels_of(item).get(MADE_BY) == "morrow" or BY_OPERATOR in labels_of(item)
    else:
        ours = is_kept(item)
    return ours and bool(item.get("immutable"))
