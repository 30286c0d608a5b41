"""Whether the cluster carries what was rendered: each object there, and each field as it says.

The API server writes values in its own way ("1000m" is "1") and fills in defaults. It is asked how
it would write each object, by a dry run under a name that nothing has; that is then compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import quantity, template_of, title
from morrow.tool.programs.kubectl import Kubectl, as_list, parse_stream

SUFFIX = "-morrow-asks"
LONGEST = 63 - len(SUFFIX)
BESIDE = ("apiVersion", "kind", "metadata", "status")
RESTARTED = "kubectl.kubernetes.io/restartedAt"  # `morrow restart`, and kubectl's own


def differing(kubectl: Kubectl, wanted: Sequence[Json]) -> list[str]:
    """Name the objects that are missing, or in which a field is another than was rendered."""
    live = {_key(item): item for item in kubectl.there(wanted)}
    normal, found = _as_written(kubectl, wanted), []
    for item in wanted:
        there = live.get(_key(item))
        if there is None or not _same(item, normal.get(_key(item)), there):
            found.append(title(item))
    return found


def _key(item: Json) -> tuple[str, str]:
    return item["kind"], item["metadata"]["name"]


def _as_written(kubectl: Kubectl, wanted: Sequence[Json]) -> dict[tuple[str, str], Json]:
    """Return each object as the API server would store it; none that it may not be asked for."""
    asked = []
    for item in wanted:
        name = item["metadata"]["name"][:LONGEST] + SUFFIX
        asked.append({**item, "metadata": {**item["metadata"], "name": name}})
    words = ("create", "--dry-run=server", "-f", "-", "-o", "json")
    told = {_key(one): one for one in parse_stream(kubectl.run(*words, input=as_list(asked)).out)}
    both = zip(wanted, asked, strict=True)
    return {_key(item): told[_key(other)] for item, other in both if _key(other) in told}


def _same(wanted: Json, normal: Json | None, live: Json) -> bool:
    written = normal or wanted
    parts = (name for name in wanted if name not in BESIDE)
    if not all(_covered(wanted[one], written.get(one), live.get(one)) for one in parts):
        return False
    # In what pods are made from nothing may have been left over either.
    return normal is None or _template(normal) == _template(live)


def _template(item: Json) -> Json:
    template = deepcopy(template_of(item))
    notes = (template.get("metadata") or {}).get("annotations") or {}
    notes.pop(RESTARTED, None)
    if template and not notes:
        template.get("metadata", {}).pop("annotations", None)
    return template


def _covered(wanted: object, normal: object, live: object) -> bool:
    """Whether all that is wanted is there; what the cluster added is left alone."""
    if isinstance(wanted, dict):
        written = normal if isinstance(normal, dict) else {}
        there = live if isinstance(live, dict) else {}
        return all(_covered(one, written.get(key), there.get(key)) for key, one in wanted.items())
    if isinstance(wanted, list):
        items = live if isinstance(live, list) else []
        written_items = normal if isinstance(normal, list) else wanted
        every = zip(wanted, written_items, items, strict=False)
        return len(items) == len(wanted) and all(_covered(*one) for one in every)
    if live is None:
        return normal is None and not wanted  # an empty value is left out
    if normal is not None or not isinstance(wanted, str):
        return live == (wanted if normal is None else normal)
    # Nobody was allowed to ask how it is written: half a core may be "0.5" or "500m".
    return live == wanted or 0 != quantity(wanted) == quantity(str(live))
