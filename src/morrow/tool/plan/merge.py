"""What an object will be after Helm has patched it.

Helm makes a three-way patch: what the new manifest says is set, what the old manifest said and
the new one does not is removed, what only the live object has stays. Lists of known fields
merge by key; objects of CRDs get a two-way JSON patch from the old manifest to the new one,
which does not look at the live object.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from morrow.tool.base.outcome import Json
from morrow.tool.plan.objects import BUILT_IN, RETAIN_KEYS, group, merge_key

Map = dict[str, Any]


def patched(old: Json, new: Json, live: Json) -> Json:
    """Return the live object as Helm's patch leaves it."""
    kind = str(new.get("kind", ""))
    if group(new) in BUILT_IN:
        return _three_way(kind, "", old, new, live)
    return _json_patched(old, new, live)


def _three_way(kind: str, field: str, old: Map, new: Map, live: Map) -> Map:
    result: Map = {}
    for name, current in live.items():
        if name in new:
            continue
        if name not in old:
            result[name] = deepcopy(current)
        # else only the old manifest has it: removed
    for name, wanted in new.items():
        if wanted is None:
            continue
        result[name] = _value(kind, field, name, old.get(name), wanted, live.get(name))
    # Keep the live order, which the diff shows.
    ordered = {name: result[name] for name in live if name in result}
    return {**ordered, **result}


def _value(kind: str, parent: str, name: str, old: object, new: object, live: object) -> object:
    if isinstance(new, dict):
        if name == "selector" and kind == "PodDisruptionBudget":
            return deepcopy(new)  # Kubernetes marks it `replace`
        old_map = old if isinstance(old, dict) else {}
        live_map = live if isinstance(live, dict) else {}
        merged = _three_way(kind, name, old_map, new, live_map)
        if name == "strategy" and kind == "Deployment":
            return _retained(merged, new)
        return merged
    if isinstance(new, list):
        by = merge_key(kind, name, parent)
        if by and isinstance(live, list):
            return _merged_list(kind, name, by, old if isinstance(old, list) else [], new, live)
        if name == "finalizers" and parent == "metadata" and isinstance(live, list):
            was = old if isinstance(old, list) else []
            return [*(one for one in live if one in new or one not in was)] + [
                one for one in new if one not in live
            ]
    return deepcopy(new)


def _merged_list(
    kind: str, name: str, by: str, old: list[Map], new: list[Map], live: list[Map]
) -> list[Map]:
    was = {item.get(by): item for item in old}
    is_now = {item.get(by): item for item in live}
    wanted = []
    for item in new:
        current = is_now.get(item.get(by), {})
        merged = _three_way(kind, name, was.get(item.get(by), {}), item, current)
        wanted.append(_retained(merged, item) if name in RETAIN_KEYS else merged)
    names = {item.get(by) for item in new}
    kept = [item for item in live if item.get(by) not in names and item.get(by) not in was]
    return _in_order(by, wanted, kept, live)


def _in_order(by: str, wanted: list[Map], kept: list[Map], live: list[Map]) -> list[Map]:
    """Order items as the manifest does; items of the cluster alone keep their position."""
    if not kept:
        return wanted
    position = {item.get(by): index for index, item in enumerate(live)}
    result = []
    rest = list(kept)
    for item in wanted:
        place = position.get(item.get(by))
        while rest and place is not None and position[rest[0].get(by)] < place:
            result.append(deepcopy(rest.pop(0)))
        result.append(item)
    return result + deepcopy(rest)


def _retained(merged: Map, new: Map) -> Map:
    return {name: value for name, value in merged.items() if name in new}


def _json_patched(old: Map, new: Map, live: Map) -> Map:
    """Apply the JSON merge patch from old to new."""
    result = deepcopy(live)
    for name in old:
        if name not in new:
            result.pop(name, None)
    for name, wanted in new.items():
        was = old.get(name)
        if name in old and was == wanted:
            continue
        current = result.get(name)
        if isinstance(wanted, dict) and isinstance(was, dict):
            result[name] = _json_patched(was, wanted, current if isinstance(current, dict) else {})
        elif isinstance(wanted, dict) and isinstance(current, dict):
            result[name] = _json_patched({}, wanted, current)
        else:
            result[name] = deepcopy(wanted)
    return result
