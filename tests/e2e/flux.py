"""The real Flux of the lab, given the objects of `gitops/flux` for an environment of a test's own.

What is changed in the objects is what a person who copies them changes: names, namespaces, where
the registry is and that it speaks plain HTTP; and how often Flux looks, so that no test waits.
"""

from __future__ import annotations

import io
import json
import secrets
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.flux import CONTROLLERS, SPACE
from tests.e2e.cluster import ROOT, Cluster, CommandError, eventually
from tests.unit.frame.skips import cannot
from tests.unit.tool.release.signing import MANIFEST, Shop

SOURCE, APPLIED = (
    "ocirepositories.source.toolkit.fluxcd.io",
    "kustomizations.kustomize.toolkit.fluxcd.io",
)
ASK = "reconcile.fluxcd.io/requestedAt"
CONFIG = "application/vnd.cncf.flux.config.v1+json"
LAYER = "application/vnd.cncf.flux.content.v1.tar+gzip"
NAME = "hello-prod"  # in `gitops/flux`
UNSIGNED = ("no signatures found", "no matching signatures", "failed to verify")
OURS, THEIRS = "ours", "theirs"  # pairs of keys; Flux believes the first


def needs_flux(cluster: Cluster) -> None:
    """Skip what asks Flux where there is none."""
    try:
        for name in CONTROLLERS:
            cluster.get("deployment", name, "-n", SPACE)
    except CommandError:
        cannot("Flux in the cluster", "`python -m lab add flux` brings it", "flux")


def packed(folder: Path) -> bytes:
    """Return the files of a folder as Flux unpacks them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, file.name)
    return buffer.getvalue()


@dataclass
class Flux:
    """An artifact's place in the registry, and the objects that bring it into a namespace."""

    cluster: Cluster
    namespace: str
    shop: Shop
    tags: dict[str, bytes] = field(default_factory=dict)  # the manifest of each digest

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The objects of `gitops/flux/artifact.yaml`, for this namespace."""
        text = (ROOT / "gitops" / "flux" / "artifact.yaml").read_text()
        made = list(
            yaml.safe_load_all(text.replace("namespace: hello", f"namespace: {self.namespace}"))
        )
        source, applied = made[0]["spec"], made[1]["spec"]
        source.update(url=f"oci://{self.shop.registry}/{self.shop.repository}", insecure=True)
        source["interval"], applied["retryInterval"] = "2s", "5s"
        applied["targetNamespace"] = self.namespace
        return made

    def trust(self, key: str) -> None:
        """Say whose signatures Flux believes."""
        file = f"--from-file={self.shop.folder / key}.pub"
        self._make("secret", "generic", "hello-signers", file)

    def open_with(self, file: Path) -> None:
        """Give Flux an identity of age's."""
        self._make("secret", "generic", "hello-age", f"--from-file=hello.agekey={file}")

    def add(self) -> None:
        """Give Flux its objects, and the rights that they name."""
        pipeline = str(ROOT / "gitops" / "rbac" / "pipeline.yaml")
        self.cluster.kubectl("apply", "-n", self.namespace, "-f", pipeline)
        self.cluster.apply(self.namespace, *self.objects)

    def push(self, folder: Path, *signers: str, revision: str = "", follow: bool = True) -> str:
        """Push what a folder holds, signed by whom is named; let Flux's tag follow it."""
        content = packed(folder)
        layer = {"mediaType": LAYER, "digest": self.shop.blob(content), "size": len(content)}
        config = {"mediaType": CONFIG, "digest": self.shop.blob(b"{}"), "size": 2}
        notes = {"org.opencontainers.image.revision": revision} if revision else {}
        told = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        # Each push is another artifact: no signature of an earlier one is found at it.
        notes["com.example.push"] = secrets.token_hex(6)
        manifest = json.dumps({**told, "annotations": notes}).encode()
        digest = self.shop.put(manifest, f"push-{notes['com.example.push']}")
        self.tags[digest] = manifest
        for key in signers:
            self.shop.sign(digest, f"{key}.key")
        if follow:
            self.follow(digest)
        return digest

    def follow(self, digest: str) -> None:
        """Move the tag that Flux reads, and ask it to look."""
        self.shop.put(self.tags[digest], "prod")
        self.look()

    def look(self, kind: str = SOURCE) -> None:
        """Ask Flux to look now, as `flux reconcile` does."""
        note = f"{ASK}={time.time()}"
        self.cluster.kubectl("-n", self.namespace, "annotate", "--overwrite", kind, NAME, note)

    def apply_again(self) -> None:
        """Let it apply what it has once more, and wait until it has."""
        self.look(APPLIED)

        def applied() -> bool:
            made = self.get(APPLIED)
            asked = made["metadata"]["annotations"][ASK]
            return bool(made["status"].get("lastHandledReconcileAt") == asked) and self._ready(made)

        eventually("it is applied again", applied, within=120)

    def get(self, kind: str) -> Any:
        """Return one of the two objects."""
        return self.cluster.get(kind, NAME, "-n", self.namespace)

    def at(self, digest: str) -> bool:
        """Whether an artifact is applied."""
        made = self.get(APPLIED)
        status = made.get("status") or {}
        return self._ready(made) and str(status.get("lastAppliedRevision")).endswith(digest)

    def says(self, kind: str) -> str:
        """Return the condition Ready of one of the two in a line."""
        for one in (self.get(kind).get("status") or {}).get("conditions") or []:
            if one["type"] == "Ready":
                return f"{one['status']} {one['reason']}: {one['message']}"
        return ""

    def refuses(self, kind: str, *words: str) -> None:
        """Wait until it says why it goes no further."""

        def refused() -> bool:
            said = self.says(kind)
            return said.startswith("False ") and any(word in said for word in words)

        try:
            eventually(f"{kind} is refused", refused, within=60)
        except AssertionError as late:
            raise AssertionError(f"{late}; it says: {self.says(kind)}") from None

    def applies(self, digest: str, within: float = 60) -> None:
        """Wait until an artifact is applied."""
        try:
            eventually(f"{digest} is applied", lambda: self.at(digest), within=within)
        except AssertionError as late:
            both = f"{self.says(SOURCE)}; {self.says(APPLIED)}"
            raise AssertionError(f"{late}; it says: {both}") from None

    def remove(self) -> None:
        """Take both away, and wait until what they made is gone: a namespace goes after them."""
        for kind in (APPLIED, SOURCE):
            where = ("-n", self.namespace, kind, NAME)
            self.cluster.kubectl("delete", *where, "--ignore-not-found", "--timeout=90s")

    def _make(self, *words: str) -> None:
        where = ("-n", self.namespace)
        made = self.cluster.kubectl(*where, "create", *words, "--dry-run=client", "-o", "json")
        self.cluster.kubectl(*where, "apply", "-f", "-", stdin=made)

    @staticmethod
    def _ready(made: dict[str, Any]) -> bool:
        status = made.get("status") or {}
        fresh = status.get("observedGeneration") == made["metadata"]["generation"]
        conditions = {one["type"]: one["status"] for one in status.get("conditions") or []}
        return fresh and conditions.get("Ready") == "True"


@contextmanager
def flux(cluster: Cluster, namespace: str, folder: Path) -> Iterator[Flux]:
    """Flux for one namespace, with keys in a folder and an empty place in the registry."""
    needs_flux(cluster)
    folder.mkdir()
    shop = Shop(folder, cluster.registry, f"e2e/flux-{secrets.token_hex(6)}")
    for name in (OURS, THEIRS):
        shop.key(name)
    made = Flux(cluster, namespace, shop)
    made.trust(OURS)
    try:
        yield made
    finally:
        made.remove()
