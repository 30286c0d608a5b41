"""The External Secrets Operator: its store, what it delivers, and what it says when it cannot."""

from __future__ import annotations

import json
import re
import time

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import condition_of, owned_by_helm
from morrow.tool.cluster.site import Site
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.stores.objects import mentions
from morrow.tool.stores.place import BY_KMS

KIND = "externalsecrets.external-secrets.io"
PATIENCE = 30.0  # seconds within which a running operator reports something
# The operator's message about the provider, and the error code for it.
CODES = (
    (BY_KMS, "kms-denied"),
    (r"AccessDenied|not authorized to perform", "aws-denied"),
    (r"(key|property) \S+ does not exist", "property-missing"),
    (r"does not exist|ResourceNotFound|can't find", "entry-missing"),
)


def store_object(site: Site) -> Json:
    """Return the SecretStore, or raise why nothing can be read from it."""
    environment = site.environment
    table = environment.value("secrets", "external") or {}
    kind, name = str(table.get("storeKind") or "SecretStore"), str(table.get("store") or "")
    where, shown = environment.place("secrets", "external"), f"{kind} {name}"
    if not name:
        cause = "secrets.external names none, and the key of its entry"
        raise Failure(problem("store-missing", kind, cause, file=where))
    done = site.kubectl.run(
        "get", f"{kind.lower()}s.external-secrets.io", name, "-o", "json", "--ignore-not-found"
    )
    if "doesn't have a resource type" in done.err:
        cause = "the cluster does not know External Secrets"
        raise Failure(problem("operator-missing", shown, cause))
    if done.code:
        raise site.kubectl.failure(done)
    if not done.out.strip():
        cause = f"the cluster has no such store (namespace {environment.namespace})"
        raise Failure(problem("store-missing", shown, cause, file=where))
    store: Json = json.loads(done.out)
    ready = condition_of(store, "Ready")
    if not ready:
        cause = "no operator has looked at it"
        raise Failure(problem("operator-missing", shown, cause))
    if ready["status"] != "True":
        cause = f"{ready.get('reason')}: {ready.get('message')}"
        kubectl = site.kubectl.typed
        raise Failure(problem("store-not-ready", shown, cause, kubectl=kubectl, kind=kind.lower()))
    return store


def synced(site: Site) -> Json:
    """Wait until the operator has made the Secret of the present revision; return it."""
    secrets, deadline = site.environment.secrets, time.monotonic() + PATIENCE
    while True:
        resource = site.kubectl.get(KIND, secrets.object_name)
        ready = condition_of(resource or {}, "Ready")
        if ready.get("status") == "True":
            secret = site.kubectl.get("secret", secrets.object_name)
            if secret is not None:
                return secret
        elif ready:
            raise Failure(_refused(site, ready), refused=False)
        if time.monotonic() > deadline:
            cause = f"no operator has made Secret {secrets.object_name} in {PATIENCE:.0f} s"
            raise Failure(
                problem("operator-missing", f"ExternalSecret {secrets.object_name}", cause),
                refused=False,
            )
        terminal.status(f"waiting for External Secrets to deliver {secrets.object_name} …")
        time.sleep(0.2)


def _refused(site: Site, ready: Json) -> Problem:
    """Name the cause by the operator's message about the provider."""
    environment, secrets = site.environment, site.environment.secrets
    message = _event_message(site.kubectl, secrets.object_name) or str(ready.get("message") or "")
    where = f"{secrets.entry} (by ExternalSecret {secrets.object_name})"
    code = next((code for text, code in CODES if re.search(text, message)), "store-refused")
    if action := re.search(r"not authorized to perform: (\S+)", message):
        where = f"{action[1]} on {where}"
    key = next((key for key in secrets.keys if mentions(message, key)), "")
    region = ""
    if code == "entry-missing":
        message += f"; the version asked for is {secrets.version}" if secrets.version else ""
        spec = (store_object(site)["spec"].get("provider") or {}).get("aws") or {}
        region = str(spec.get("region") or "the store's region")
        message += f"; the store reads {region}"
    return problem(
        code, where, message,
        environment=environment.label, key=key, entry=secrets.entry, region=region,
    )  # fmt: skip


def _event_message(kubectl: Kubectl, name: str) -> str:
    """Return the operator's event; it comes a moment after the condition."""
    which = f"involvedObject.kind=ExternalSecret,involvedObject.name={name},type=Warning"
    for _ in range(10):
        events = kubectl.json("get", "events", f"--field-selector={which}")["items"]
        if events:
            return " ".join(str(events[-1].get("message") or "").split())
        time.sleep(0.2)
    return ""


def owned(site: Site) -> Json:
    """Return the ExternalSecret of the release, labelled so that Helm adopts it."""
    environment = site.environment
    resource = next(one for one in site.objects if one["kind"] == "ExternalSecret")
    resource = owned_by_helm(resource, environment.name, environment.namespace)
    resource["metadata"]["namespace"] = environment.namespace
    return resource
