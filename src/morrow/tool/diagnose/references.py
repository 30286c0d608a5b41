"""What the pods of a release read or hold besides: its absence shows only when a pod starts."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import KEEPERS, containers_of, spec_of, template_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.missing import SOURCES, held_by, missing_reference
from morrow.tool.diagnose.view import Finding

SETTLES = 8.0
ISSUED = 60.0  # seconds for who makes a certificate
CERTIFICATE = ("tls.crt", "tls.key")
BINDINGS = ("RoleBinding", "ClusterRoleBinding")
ACCOUNT = "ServiceAccount"
FOR = "for"  # under this name a reference says whose it is: it was not applied itself


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
        told = place.problem(
            "role-missing",
            where,
            f"it gives the {kind} {name}, which is not there",
            what=f"{kind} {name}",
        )
    elif owner["kind"] == "Ingress":
        cause = f"its certificate's Secret {name} is not in the namespace {place.namespace}"
        told = place.problem("certificate-missing", where, cause, what=name, first="")
        yield Finding(told, ISSUED, True)
        return
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
    yield Finding(told, SETTLES, True)


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
        if item is None or key in {**(item.get("data") or {}), **(item.get("binaryData") or {})}:
            continue
        cause = f"{kind} {name} in the namespace {place.namespace} has no key {key}"
        code = "secret-key-missing" if kind == "Secret" else "configmap-key-missing"
        told = place.problem(code, title(owner), cause, key=key, what=f"{kind} {name}")
        yield Finding(told, SETTLES, True)


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
