"""Secrets and ConfigMaps, and keys of them, that a pod names and that are not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import containers_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import HEALS_OFTEN, Finding
from morrow.tool.stores.store import store_for

# How a pod's volume holds an object of a kind: under which key, and which field names it.
SOURCES = {"Secret": ("secret", "secretName"), "ConfigMap": ("configMap", "name")}


def held_by(volume: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield kind, name and source of what a volume holds, by itself or projected."""
    for one in _sources(volume):
        for kind, (field, named) in SOURCES.items():
            source = one.get(field) or {}
            if name := source.get(named) or source.get("name"):  # a projected Secret has a name
                yield kind, str(name), source


def lost_source(pods: Json, there: Json) -> str:
    """Say which volume has lost what it holds: an API server drops what it does not know."""
    now = {one.get("name"): one for one in there.get("volumes") or []}
    for one in pods.get("volumes") or []:
        rows = _sources(one), _sources(now.get(one.get("name"), one))
        for wanted, live in zip(*rows, strict=False):
            if lost := [key for key in wanted if wanted[key] is not None and key not in live]:
                return f"its volume {one['name']} has no {lost[0]}, and the cluster may not know it"
    return ""


def _sources(volume: Json) -> list[Json]:
    return [volume, *((volume.get("projected") or {}).get("sources") or [])]


def missing_reference(message: str, where: str, pod: Json, place: Place) -> Finding | None:
    """Return the finding for a Secret, ConfigMap or key that is not there."""
    key = re.search(
        r"couldn't find key (\S+) in (Secret|ConfigMap) (?:[\w.-]+/)?([\w.-]+)", message
    )
    if key:
        return _missing_key(key[1], key[2], key[3], where, place)
    volume = re.search(r"references non-existent (secret|config) key: ([\w.-]+)", message)
    if volume:
        kind = "Secret" if volume[1] == "secret" else "ConfigMap"
        return _missing_key(volume[2], kind, _mounted(message, volume[2], kind, pod), where, place)
    whole = re.search(r'(secret|configmap) "(?:[\w.-]+/)?([\w.-]+)" not found', message)
    if whole is None:
        return None
    kind, name = ("Secret" if whole[1] == "secret" else "ConfigMap"), whole[2]
    cause = f"{kind} {name} is not in the namespace {place.namespace}"
    own = kind == "Secret" and name == place.secret
    wanted = place.secret_keys if own else tuple(dict.fromkeys(_keys(pod, kind, name)))
    keys = " ".join(f"--from-file={key}=PATH" for key in wanted or ("KEY",))
    if kind == "ConfigMap":
        problem = place.problem("configmap-missing", where, cause, what=name, keys=keys)
        return Finding(problem, HEALS_OFTEN)
    made_by_up = own and not store_for("kubernetes", place.provider).in_place
    create = "" if made_by_up else f"{place.kubectl} create secret generic {name} {keys}, then: "
    return Finding(place.problem("secret-missing", where, cause, create=create), HEALS_OFTEN)


def _keys(pod: Json, kind: str, name: str) -> Iterator[str]:
    """Yield the keys that a pod wants of a Secret or a ConfigMap."""
    spec, field = pod["spec"], SOURCES[kind][0]
    for container in containers_of(spec):
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get(f"{field}KeyRef") or {}
            if reference.get("name") == name:
                yield reference["key"]
    for volume in spec.get("volumes") or []:
        for held, own, source in held_by(volume):
            if (held, own) == (kind, name):
                yield from (item["key"] for item in source.get("items") or [])


def _missing_key(key: str, kind: str, name: str, where: str, place: Place) -> Finding:
    cause = f"{kind} {name} in the namespace {place.namespace} has no key {key}"
    if kind == "Secret" and name == place.secret:
        verb = store_for("kubernetes", place.provider).mends
        own = place.problem("secret-incomplete", where, cause, verb=verb, key=key)
        return Finding(own, HEALS_OFTEN)
    code = "secret-key-missing" if kind == "Secret" else "configmap-key-missing"
    problem = place.problem(code, where, cause, key=key, what=f"{kind} {name}")
    return Finding(problem, HEALS_OFTEN)


def _mounted(message: str, key: str, kind: str, pod: Json) -> str:
    """Return the name of what a volume holds: the kubelet names the volume only."""
    for volume in pod["spec"].get("volumes") or []:
        if f'volume "{volume["name"]}"' in message:
            held = [(name, source) for own, name, source in held_by(volume) if own == kind]
            asks = [name for name, source in held if f'"{key}"' in json.dumps(source)]
            return next(iter((*asks, *(name for name, _ in held))), f"of volume {volume['name']}")
    return "of a volume"
