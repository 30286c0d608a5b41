"""A registry on loopback, images in it, keys, and cosign: what signatures are tried with."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from morrow.tool.programs.cosign import NO_SERVICE, NOBODY
from tests.unit.tool.command import Told, morrow
from tools.build import program

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = """
version: 0.1
log: {level: info, formatter: text}
storage: {filesystem: {rootdirectory: %s}}
http: {addr: "127.0.0.1:0"}
"""
ROOT = Path(__file__).resolve().parents[4]


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """The address of an empty registry."""
    (folder / "registry.yaml").write_text(CONFIG % (folder / "blobs"))
    words = [str(program("registry")), "serve", str(folder / "registry.yaml")]
    quiet = os.environ | {"OTEL_TRACES_EXPORTER": "none"}
    log = folder / "registry.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=written, env=quiet) as running,
    ):
        try:
            while not (found := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text())):
                assert running.poll() is None, log.read_text()
                time.sleep(0.05)
            yield found[1]
        finally:
            running.kill()


@dataclass(frozen=True)
class Shop:
    """A project with `dev` and `prod`, whose images are in a registry of its own."""

    folder: Path
    registry: str
    repository: str = "shop"

    def push(self, label: str) -> str:
        """Push an image of no layers that no other test has; return its digest."""
        own = f"{self.folder}/{label}"
        config = self.config({"config": {"Labels": {"is": own}}})
        told = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
        return self.put(json.dumps(told).encode(), hashlib.sha256(own.encode()).hexdigest())

    def put(self, manifest: bytes, tag: str, kind: str = MANIFEST) -> str:
        """Store a manifest under a tag."""
        answer = self._ask("PUT", f"manifests/{tag}", manifest, kind)
        return answer.headers["Docker-Content-Digest"]

    def get(self, what: str, kind: str = INDEX) -> bytes:
        """Return what the registry has."""
        return self._ask("GET", what, b"", kind).body

    def image(self, digest: str) -> str:
        """Name an image."""
        return f"{self.registry}/{self.repository}@{digest}"

    def config(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Store an image's settings; return what a manifest says of them."""
        content = json.dumps(settings).encode()
        kind = "application/vnd.oci.image.config.v1+json"
        return {"mediaType": kind, "digest": self.blob(content), "size": len(content)}

    def blob(self, content: bytes) -> str:
        """Store a blob; return its digest."""
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        place = self._ask("POST", "blobs/uploads/", b"", "").headers["Location"]
        self._send("PUT", f"{place}&digest={digest}", content, "application/octet-stream")
        return digest

    def _ask(self, method: str, what: str, content: bytes, kind: str) -> Answer:
        return self._send(method, f"/v2/{self.repository}/{what}", content, kind)

    def _send(self, method: str, place: str, content: bytes, kind: str) -> Answer:
        connection = http.client.HTTPConnection(self.registry, timeout=10)
        path = place if place.startswith("/") else "/" + place.split("/", 3)[3]
        headers = {"Accept": kind} if method == "GET" else {"Content-Type": kind}
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status < 300, (method, path, answer.status, body)
        return Answer(dict(answer.headers), body)

    # -- keys and cosign -----------------------------------------------------------------------

    def cosign(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run cosign in the project's folder; no key has a password."""
        return subprocess.run(
            [program("cosign"), *map(str, words)],
            cwd=self.folder,
            env=os.environ | {"COSIGN_PASSWORD": ""},
            capture_output=True,
            text=True,
            check=True,
        )

    def key(self, name: str) -> str:
        """Make a pair of keys; return the private one's file."""
        self.cosign("generate-key-pair", "--output-key-prefix", name)
        return f"{name}.key"

    def _alone(self) -> list[str]:
        """Say to cosign that it tells no public service."""
        (self.folder / "none.json").write_text(NO_SERVICE)
        (self.folder / "nobody.json").write_text(NOBODY)
        return ["--yes", "--signing-config", "none.json", "--trusted-root", "nobody.json"]

    def sign(self, digest: str, key: str) -> None:
        """Sign a digest."""
        self.cosign("sign", "--key", key, *self._alone(), self.image(digest))

    def attest(self, digest: str, key: str, kind: str, predicate: object) -> None:
        """Attach a signed statement."""
        (self.folder / "predicate.json").write_text(json.dumps(predicate))
        words = ["attest", "--key", key, "--type", kind, "--predicate", "predicate.json"]
        self.cosign(*words, *self._alone(), self.image(digest))

    # -- environments --------------------------------------------------------------------------

    def write(self, label: str, digest: str, verify: dict[str, Any] | None = None) -> Path:
        """Write an environment's file."""
        image: dict[str, Any] = {"repository": f"{self.registry}/shop", "digest": digest}
        values = {
            "name": "shop",
            "environment": label,
            "image": image | ({"verify": verify} if verify else {}),
            "target": {"kind": "kubernetes", "context": label, "namespace": "shop"},
        }
        file = self.folder / "environments" / f"{label}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(values, sort_keys=False))
        (self.folder / "pyproject.toml").write_text(f'[tool.morrow]\nchart = "{ROOT / "chart"}"\n')
        return file

    def morrow(self, *words: str, **variables: str) -> Told:
        """Run the command there."""
        variables = {"MORROW_COSIGN": str(program("cosign"))} | variables
        return morrow(*words, folder=self.folder, **variables)


@dataclass(frozen=True)
class Answer:
    """What the registry answered."""

    headers: dict[str, str]
    body: bytes
