"""What the pods of a release read or hold besides: its absence shows only when a pod starts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from posixpath import normpath

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import KEEPERS, containers_of, spec_of, template_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import HEALS_OFTEN, Finding
from morrow.tool.stores.store import store_for

SETTLES = 8.0
ISSUED = 60.0  # seconds for who makes a certificate
CERTIFICATE = ("tls.crt", "tls.key")
BINDINGS = ("RoleBinding", "ClusterRoleBinding")
ACCOUNT = "ServiceAccount"
FOR = "for"  # under this name a reference says whose it is: it was not applied itself
# How a pod's volume holds an object of a kind: under which key, and which field names it.
SOURCES = {"Secret": ("secret", "secretName"), "ConfigMap": ("configMap", "name")}


def references(declared: list[Json], namespace: str = "") -> list[Json]:
    """Return what the declared objects refer to and the release does not make itself."""
    known = {(one["kind"], one["metadata"]["name"]) for one in declared}
    found: dict[tuple[str, str], Json] = {}
    for owner in declared:
        spec = spec_of(_template(owner))
        named = list(_named(spec)) if spec else []
        if owner["kind"] == "StatefulSet" and spec_of(owner).get("serviceName"):
            named.append(("Service", spec_of(owner)["serviceName"]))
        named += [("Secret", name) for name in _certificates(owner)]
        if owner["kind"] in BINDINGS:
            named.append((owner["roleRef"]["kind"], owner["roleRef"]["name"]))
            named += [(ACCOUNT, name) for name in _accounts(owner, namespace)]
        for kind, name in named:
            if (kind, name) not in known:
                version = owner["apiVersion"] if kind.endswith("Role") else "v1"
                at_owner = owner["metadata"].get("namespace")
                granted = kind == ACCOUNT and owner["kind"] in BINDINGS  # of ours, wherever it is
                meta = {"name": name, "namespace": namespace if granted else at_owner}
                meta = {key: value for key, value in meta.items() if value}
                thing = {"apiVersion": version, "kind": kind, "metadata": meta, FOR: owner}
                found.setdefault((kind, name), thing)
    return list(found.values())


def absent(reference: Json, place: Place) -> Iterator[Finding]:
    """Yield that it is not there: what runs goes on, and no pod of it starts anew."""
    kind, name, owner = reference["kind"], reference["metadata"]["name"], reference[FOR]
    where = title(owner)
    if kind == ACCOUNT:
        does = "it gives its role to" if owner["kind"] in BINDINGS else "its pods are to run as"
        cause = f"{does} ServiceAccount {name}, which is not there"
        told = place.problem("service-account-missing", where, cause, what=name)
    elif owner["kind"] in BINDINGS:
        cause = f"it gives the {kind} {name}, which is not there"
        told = place.problem("role-missing", where, cause, what=f"{kind} {name}")
    elif owner["kind"] == "Ingress":
        cause = f"its certificate's Secret {name} is not in the namespace {place.namespace}"
        told = place.problem("certificate-missing", where, cause, what=name, first="")
    elif kind == "Service":
        cause = f"it names Service {name}, which is not there"
        told = place.problem("service-missing", where, cause, what=name)
    elif kind == "PersistentVolumeClaim":
        cause = f"its pods are to hold the claim {name}, which is not there"
        told = place.problem("volume-claim-missing", where, cause, what=name)
    else:
        words = f'{kind.lower()} "{name}" not found'
        found = missing_reference(words, where, _template(owner), place)
        if found is None:
            return
        told = found.problem
    yield Finding(told, ISSUED if owner["kind"] == "Ingress" else SETTLES, True)


def lacking(owner: Json, live: dict[tuple[str, str], Json], place: Place) -> Iterator[Finding]:
    """Yield a key that its pods name and that is not in what holds it.

    That of a cron shows at its next run; a file that is mounted alone is made as an empty folder.
    """
    for name in _certificates(owner):
        held = live.get(("Secret", name), {"data": CERTIFICATE})
        if lacks := [key for key in CERTIFICATE if key not in (held.get("data") or {})]:
            cause = f"its certificate's Secret {name} has no {' and no '.join(lacks)}"
            first = f"{place.kubectl} delete secret {name}, then: "
            told = place.problem("certificate-missing", title(owner), cause, what=name, first=first)
            yield Finding(told, ISSUED, True)
    spec = spec_of(_template(owner))
    for kind, name, key in _keys_named(spec, env=owner["kind"] == "CronJob") if spec else ():
        item = live.get((kind, name))
        if item and key not in {**(item.get("data") or {}), **(item.get("binaryData") or {})}:
            yield Finding(_keyless(key, kind, name, title(owner), place), SETTLES, True)


def _certificates(owner: Json) -> list[str]:
    """Return the Secrets in which an Ingress has its certificates."""
    tls = spec_of(owner).get("tls") or [] if owner["kind"] == "Ingress" else []
    return [one["secretName"] for one in tls if one.get("secretName")]


def _accounts(binding: Json, namespace: str) -> list[str]:
    """Return the accounts of this namespace to which it gives its role."""
    own = binding["metadata"].get("namespace") or namespace
    subjects = [one for one in binding.get("subjects") or [] if one["kind"] == ACCOUNT]
    return [one["name"] for one in subjects if (one.get("namespace") or own) == namespace]


def _keys_named(spec: Json, *, env: bool) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and key of each file that is mounted alone and, with `env`, variable."""
    volumes = {one.get("name"): one for one in spec.get("volumes") or []}
    for container in containers_of(spec):
        for mount in container.get("volumeMounts") or []:
            volume = volumes.get(mount["name"], {})
            # Of a projected one each source may bring the file.
            alone = mount.get("subPath") and "projected" not in volume
            for kind, name, source in held_by(volume) if alone else ():
                if source.get("optional"):
                    continue
                items = source.get("items") or []
                paths = {normpath(one["path"]): one["key"] for one in items}
                path = normpath(mount["subPath"])
                # A folder is mounted whole, as the volume itself is.
                if path != "." and not any(one.startswith(f"{path}/") for one in paths):
                    yield kind, name, paths.get(path, path)
        for variable in (container.get("env") or []) if env else ():
            source = variable.get("valueFrom") or {}
            for kind, name in _read(source, "KeyRef"):
                yield kind, name, source[f"{SOURCES[kind][0]}KeyRef"]["key"]


def _template(owner: Json) -> Json:
    return template_of(owner) if owner["kind"] in (*KEEPERS, "CronJob") else {}


def _named(spec: Json) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what a pod cannot start without."""
    if account := spec.get("serviceAccountName"):
        yield ACCOUNT, account
    for volume in spec.get("volumes") or []:
        for kind, name, source in held_by(volume):
            if not source.get("optional"):
                yield kind, name
        if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield "PersistentVolumeClaim", claim
    for container in containers_of(spec):
        for source in container.get("envFrom") or []:
            yield from _read(source, "Ref")
        for variable in container.get("env") or []:
            yield from _read(variable.get("valueFrom") or {}, "KeyRef")


def _read(source: Json, suffix: str) -> Iterator[tuple[str, str]]:
    for kind, (field, _) in SOURCES.items():
        read = source.get(f"{field}{suffix}") or {}
        if read.get("name") and not read.get("optional"):
            yield kind, str(read["name"])


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
    wrong = _keyless(key, kind, name, where, place)
    if kind == "Secret" and name == place.secret:
        verb = store_for("kubernetes", place.provider).mends
        wrong = place.problem("secret-incomplete", where, wrong.cause, verb=verb, key=key)
    return Finding(wrong, HEALS_OFTEN)


def _keyless(key: str, kind: str, name: str, where: str, place: Place) -> Problem:
    cause = f"{kind} {name} in the namespace {place.namespace} has no key {key}"
    code = "secret-key-missing" if kind == "Secret" else "configmap-key-missing"
    return place.problem(code, where, cause, key=key, what=f"{kind} {name}")


def _mounted(message: str, key: str, kind: str, pod: Json) -> str:
    """Return the name of what a volume holds: the kubelet names the volume only."""
    for volume in pod["spec"].get("volumes") or []:
        if f'volume "{volume["name"]}"' in message:
            held = [(name, source) for own, name, source in held_by(volume) if own == kind]
            asks = [name for name, source in held if f'"{key}"' in json.dumps(source)]
            return next(iter((*asks, *(name for name, _ in held))), f"of volume {volume['name']}")
    return "of a volume"
