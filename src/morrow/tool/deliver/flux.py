"""What Flux says of an environment, where it is in the same cluster and we may look.

A Kustomization applies what its source has fetched. From Git that is a commit; an OCI artifact may
say of which commit it was made, and is compared object by object where it does not.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import condition_of, last_part, spec_of, status_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.argocd import Application, all_of

KIND = "kustomizations.kustomize.toolkit.fluxcd.io"
SOURCES = "source.toolkit.fluxcd.io"
MARK = "kustomize.toolkit.fluxcd.io/"  # labels of what it applied: its name, its namespace
COMMIT = re.compile(r"(?:^|@)sha1:([0-9a-f]{40})$")
WAITS = "DependencyNotReady"
MADE_OF = "org.opencontainers.image.revision"


@dataclass(frozen=True)
class Kustomization(Application):
    """A Kustomization and its source, as one look found them; it is asked as an Application is."""

    source: Json
    word = "Kustomization"
    window, stands = "", True

    @property
    def described(self) -> str:
        """The command that shows what it says, and what its source says."""
        meta = self.source.get("metadata") or {}
        beside = meta.get("namespace") == self.namespace
        source = f" {self.source['kind'].lower()}/{meta['name']}" if beside else ""
        return f"kubectl -n {self.namespace} describe kustomization/{self.name}{source}"

    @property
    def started(self) -> str:
        """How it is told to apply something again."""
        return f"flux -n {self.namespace} resume kustomization {self.name}, and its source"

    @property
    def asks(self) -> tuple[str, ...]:
        """What is noted where, so that its source looks now."""
        meta = self.source.get("metadata") or {}
        kind = f"{self.source.get('kind', '')}.{SOURCES}".lower()
        note = f"reconcile.fluxcd.io/requestedAt={time.time()}"
        return (meta.get("namespace", ""), kind, meta.get("name", ""), note)

    @property
    def synced(self) -> bool:
        """Whether what its source has now is applied."""
        status = _ready(self.item), _ready(self.source)
        has = self._artifact.get("revision") or ""
        return status == ("True", "True") and self._status.get("lastAppliedRevision") == has

    @property
    def revisions(self) -> tuple[str, ...]:
        """The commit of what is applied; none where its artifact names none."""
        told = self._status.get("lastAppliedOriginRevision")
        return _commit(told or self._status.get("lastAppliedRevision"))

    @property
    def applied(self) -> tuple[str, ...]:
        """The same."""
        return self.revisions

    @property
    def paused(self) -> str:
        """Which of the two applies nothing by itself; "" when both do."""
        for item in (self.item, self.source):
            if spec_of(item).get("suspend"):
                return f"{item['kind']} {item['metadata']['name']} is suspended"
        return ""

    @property
    def tells(self) -> bool:
        """Whether it says at which commit it is."""
        return bool(self.revisions)

    @property
    def says(self) -> str:
        """Why nothing newer is taken, in their own words: it may be, a moment later."""
        waits = self.item if _reason(self.item) == WAITS else {}
        return next((_said(one) for one in (self.source, waits) if _ready(one) == "False"), "")

    @property
    def error(self) -> str:
        """Nothing that holds for every commit."""
        return ""

    @property
    def failure(self) -> str:
        """Why it could not apply what its source has."""
        return _said(self.item) if _ready(self.item) == "False" and not self.attempts else ""

    @property
    def refused(self) -> tuple[str, ...]:
        """The commit that it could not apply."""
        return self._fetched if self.failure else ()

    @property
    def attempts(self) -> tuple[str, ...]:
        """The commit for which it waits: for the health of what it applied, or for others."""
        waits = _ready(self.item) == "Unknown" or _reason(self.item) == WAITS
        return self._fetched if waits else ()

    @property
    def _fetched(self) -> tuple[str, ...]:
        made_of = (self._artifact.get("metadata") or {}).get(MADE_OF)
        return _commit(made_of or self._artifact.get("revision"))

    @property
    def _artifact(self) -> Json:
        found: Json = status_of(self.source).get("artifact") or {}
        return found


def kustomization_of(site: Site) -> Kustomization | None:
    """Return the Kustomization of an environment: what its Deployment is marked by; before there is
    one, the only one that applies to its namespace. None: there is none, or we may not look.
    """
    environment = site.environment
    items = all_of(site, KIND)
    if items is None:
        return None
    deployment = site.kubectl.get("deployment", environment.name)
    labels = (deployment or {"metadata": {}})["metadata"].get("labels") or {}
    marked = (labels.get(f"{MARK}namespace"), labels.get(f"{MARK}name"))
    found = [
        one for one in items if marked == (one["metadata"]["namespace"], one["metadata"]["name"])
    ]
    if deployment is None:
        there = environment.namespace
        found = [one for one in items if spec_of(one).get("targetNamespace") == there]
    if len(found) != 1:
        return None
    meta, reference = found[0]["metadata"], spec_of(found[0])["sourceRef"]
    kind = f"{reference['kind']}.{SOURCES}".lower()
    where = ("-n", reference.get("namespace") or meta["namespace"], "-o", "json")
    done = site.kubectl.run("get", kind, reference["name"], *where)
    return Kustomization(found[0], {} if done.code else json.loads(done.out))


def _ready(item: Json) -> str:
    return str(condition_of(item, "Ready").get("status", ""))


def _reason(item: Json) -> str:
    return str(condition_of(item, "Ready").get("reason", ""))


def _said(item: Json) -> str:
    return last_part(str(condition_of(item, "Ready").get("message") or ""))


def _commit(revision: str | None) -> tuple[str, ...]:
    """Return the commit of "main@sha1:..."; what an artifact's digest says is none."""
    return tuple(COMMIT.findall(revision or ""))
