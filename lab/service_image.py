"""Build a service's image from its Dockerfile without Docker, and push it to the lab's registry."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from lab import base_images, lock, oci
from lab.errors import LabError
from lab.layout import CACHE, REGISTRY, ROOT, RUN
from lab.shell import run

DOCKERFILE = ROOT / "apps/hello/Dockerfile"
REPOSITORY = f"{REGISTRY}/hello"
ORDERS = ROOT / "apps/orders/Dockerfile"
ORDERS_REPOSITORY = f"{REGISTRY}/orders"
# The machine's CA bundle, as the builder reaches the package index through this machine.
TRUST = "/etc/ssl/certs:/etc/ssl/certs:ro"


def build_hello() -> dict[str, str]:
    """Build hello twice, as two releases that differ in a label; return their digests by tag."""
    tag = _inputs_hash("apps/hello")
    first, second = f"{REPOSITORY}:{tag}", f"{REPOSITORY}:{tag}-next"
    with lock.alone("hello-image"):
        if not oci.digest_of(first):
            if not DOCKERFILE.exists():
                raise LabError(f"there is no {DOCKERFILE} to build")
            base_images.push()
            build(first)
        if not oci.digest_of(second):
            _derive(first, second)
    return {"hello": oci.digest_of(first), "hello-next": oci.digest_of(second)}


def build_orders() -> str:
    """Build orders; return its digest."""
    image = f"{ORDERS_REPOSITORY}:{_inputs_hash('apps/orders')}"
    with lock.alone("orders-image"):
        if not oci.digest_of(image):
            base_images.push()
            build(image, ORDERS)
    return oci.digest_of(image)


def build(image: str, dockerfile: Path = DOCKERFILE) -> None:
    """Build a service, hello if none is named, from its Dockerfile and push it."""
    stand_ins = _stand_ins(dockerfile).items()
    arguments = [word for pair in stand_ins for word in ("--build-arg", "=".join(pair))]
    _buildah(
        "bud",
        "--isolation",
        "chroot",
        "--tls-verify=false",
        "--volume",
        TRUST,
        *arguments,
        "--timestamp",
        "0",
        "--format",
        "oci",
        "--file",
        str(dockerfile),
        "--tag",
        image,
        str(ROOT),
    )
    _buildah("push", "--tls-verify=false", image)


def _derive(first: str, second: str) -> None:
    """Push the same files under another digest."""
    container = _buildah("from", "--tls-verify=false", first).strip()
    _buildah("config", "--label", "org.opencontainers.image.version=next", container)
    _buildah("commit", "--timestamp", "0", "--format", "oci", "--rm", container, second)
    _buildah("push", "--tls-verify=false", second)


def _stand_ins(dockerfile: Path) -> dict[str, str]:
    """Return a build argument for each base image that the Dockerfile names by one."""
    head = dockerfile.read_text().partition("\nFROM ")[0]
    images = dict(re.findall(r"^ARG (\w+)=(\S+/\S+)", head, re.MULTILINE))
    if not images:
        raise LabError(f"{dockerfile} names no base image by an ARG with a default before FROM")
    return {
        name: base_images.RUNTIME if "distroless" in image else base_images.BUILDER
        for name, image in images.items()
    }


def _inputs_hash(folder: str) -> str:
    """Return a short hash over every file that git knows or would add, and that may go in."""
    inside = [
        folder,
        "src/morrow",
        "requirements",
        "pyproject.toml",
        "lab/base_images.py",
        "lab/oci.py",
        "lab/versions.py",
    ]
    listed = run("git", "ls-files", "-co", "--exclude-standard", *inside, cwd=ROOT).split()
    digest = hashlib.sha256()
    for name in sorted(listed):
        if not (ROOT / name).is_file() or name.startswith("src/morrow/tool/"):
            continue
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return digest.hexdigest()[:12]


def _buildah(*arguments: str) -> str:
    """Run buildah with a store of its own."""
    store = ["--root", str(CACHE / "buildah"), "--runroot", str(RUN / "buildah")]
    return run("buildah", *store, *arguments, within=600, cwd=ROOT)
