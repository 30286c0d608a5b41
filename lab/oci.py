"""Push an image to the lab's registry: three kinds of blobs over HTTP, no Docker."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass

from lab.errors import LabError
from lab.layout import REGISTRY

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Reference:
    """An image's place in the lab's registry."""

    repository: str
    tag: str

    @classmethod
    def parse(cls, image: str) -> Reference:
        """Read `host:port/repository:tag`."""
        repository, _, tag = image.removeprefix(REGISTRY + "/").rpartition(":")
        return cls(repository, tag)

    def path(self, kind: str, name: str) -> str:
        """Return the registry's path of a manifest or blob."""
        return f"/v2/{self.repository}/{kind}/{name}"


def digest_of(image: str) -> str:
    """Return the digest of the image's manifest; empty when the registry does not have it."""
    reference = Reference.parse(image)
    _, headers = _send("HEAD", reference.path("manifests", reference.tag), kind=MANIFEST)
    return headers.get("Docker-Content-Digest", "")


def push(image: str, layer: bytes, settings: Mapping[str, object]) -> None:
    """Push an image of one layer, a tar."""
    reference = Reference.parse(image)
    layer_digest = _push_blob(reference, layer)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        "history": [{"created_by": "morrow lab"}],
    }
    config_bytes = json.dumps(config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": CONFIG,
            "digest": _push_blob(reference, config_bytes),
            "size": len(config_bytes),
        },
        "layers": [{"mediaType": LAYER, "digest": layer_digest, "size": len(layer)}],
    }
    place = reference.path("manifests", reference.tag)
    _send("PUT", place, json.dumps(manifest).encode(), MANIFEST)


def _push_blob(reference: Reference, content: bytes) -> str:
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    _, headers = _send("POST", reference.path("blobs", "uploads/"))
    place = headers["Location"]
    joint = "&" if "?" in place else "?"
    _send("PUT", f"{place}{joint}digest={digest}", content)
    return digest


def _send(
    method: str, path: str, content: bytes = b"", kind: str = "application/octet-stream"
) -> tuple[int, dict[str, str]]:
    """Ask the registry; return its status and headers."""
    connection = http.client.HTTPConnection(REGISTRY, timeout=120)
    try:
        sent = {"Content-Type": kind, "Accept": kind}
        connection.request(method, path.removeprefix(f"http://{REGISTRY}"), content, sent)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status >= 400 and (method, answer.status) != ("HEAD", 404):
        raise LabError(f"the registry refused {method} {path}: {answer.status} {said[:300]!r}")
    return answer.status, dict(answer.headers)
