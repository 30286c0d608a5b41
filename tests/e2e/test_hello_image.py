"""hello's image: what is in it, what it says of itself, and that a build can be repeated."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pytest

from lab import service_image
from lab.layout import REGISTRY
from lab.oci import MANIFEST, Reference
from morrow.kit.settings.description import schema
from tests.e2e.cluster import Image


@dataclass(frozen=True)
class Read:
    """An image as the registry holds it."""

    config: dict[str, Any]
    layers: tuple[str, ...]


def ask(method: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(REGISTRY, timeout=60)
    try:
        connection.request(method, path, headers={"Accept": MANIFEST})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    assert answer.status < 300, (method, path, answer.status, content[:300])
    return content


def read(name: str) -> Read:
    manifest = json.loads(ask("GET", f"/v2/hello/manifests/{name}"))
    config = json.loads(ask("GET", f"/v2/hello/blobs/{manifest['config']['digest']}"))
    return Read(config, tuple(layer["digest"] for layer in manifest["layers"]))


def members(layer: str) -> Iterator[tarfile.TarInfo]:
    content = ask("GET", f"/v2/hello/blobs/{layer}")
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        yield from archive


@pytest.fixture(scope="module")
def hello(hello_image: Image) -> Read:
    return read(hello_image.digest)


def test_it_runs_as_nobody_and_says_what_it_needs(hello: Read) -> None:
    from hello.app import HelloSettings

    settings = hello.config["config"]
    assert settings["User"] == "10001:10001"
    assert settings["Entrypoint"][-2:] == ["-m", "morrow"]
    labels = settings["Labels"]
    assert labels["org.opencontainers.image.title"] == "hello"
    assert json.loads(labels["morrow.settings"]) == schema(HelloSettings)


def test_its_code_is_compiled_root_owned_and_brings_no_tools(hello: Read) -> None:
    added = list(members(hello.layers[-1]))
    names = [PurePosixPath(member.name) for member in added]
    assert {(member.uid, member.gid) for member in added} == {(0, 0)}
    assert not [member.name for member in added if member.isfile() and member.mode & 0o022]
    assert any(name.match("app/morrow/kit/serving/__pycache__/serve.*.pyc") for name in names)
    assert {name.name for name in names}.isdisjoint({"pip", "uv", "uvx", "sh", "bash"})
    assert not any(name.match("app/morrow/tool") for name in names), "the tool stays outside"
    assert any(name.match("app/granian") for name in names), "the control: names are seen"


def test_a_second_build_gives_the_same_layers(hello: Read) -> None:
    again = f"{service_image.REPOSITORY}:again-{uuid.uuid4().hex[:8]}"
    service_image.build(again)
    # By the digests of what is in them: a compressor at work on several cores differs by itself.
    second = read(Reference.parse(again).tag).config["rootfs"]["diff_ids"]
    assert second == hello.config["rootfs"]["diff_ids"]
    assert len(second) == len(hello.layers) >= 2
