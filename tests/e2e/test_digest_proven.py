"""A proof in the cluster, signed onto the digest, and what takes it and what does not."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path

import pytest

from morrow.tool.programs.cosign import NO_SERVICE, NOBODY
from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_project import Told, ToolProject
from tests.unit.tool.release.signing import MANIFEST, Shop
from tools.build import program

pytestmark = pytest.mark.timeout(900)


def of_this_test(image: Image, folder: Path) -> Image:
    """The same layers in an image of this test: the registry keeps what earlier runs attached."""
    registry, _, name = image.repository.partition("/")
    shop, own = Shop(folder, registry, name), secrets.token_hex(6)
    manifest = json.loads(shop.get(f"manifests/{image.digest}", MANIFEST))
    settings = json.loads(shop.get(f"blobs/{manifest['config']['digest']}"))
    settings["config"]["Labels"] = {"com.example.test": own}
    manifest["config"] = shop.config(settings)
    return Image(image.repository, shop.put(json.dumps(manifest).encode(), own))


def codes(told: Told) -> set[str]:
    """What a refusal named."""
    assert told.code == 2, told
    return {one["code"] for one in told.answer["problems"]}


def test_what_was_proven_in_one_environment_is_taken_by_the_next_and_nothing_else(
    cluster: Cluster, namespace: str, hello_images: dict[str, Image], tmp_path: Path
) -> None:
    first, second = (of_this_test(hello_images[name], tmp_path) for name in ("hello", "hello-next"))
    project = ToolProject(tmp_path, cluster, namespace, first)
    project.variables |= {"MORROW_COSIGN": str(program("cosign")), "COSIGN_PASSWORD": ""}

    def cosign(*words: str) -> None:
        command = [str(program("cosign")), *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=project.environment(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr

    cosign("generate-key-pair", "--output-key-prefix", "ours")
    (tmp_path / "none.json").write_text(NO_SERVICE)
    (tmp_path / "nobody.json").write_text(NOBODY)
    proof = {"from": "test", "within": "1h", "requests": 20}
    image = {"digest": second.digest, "verify": {"key": "ours.pub", "proof": proof}}
    project.write(project.hello())
    file = project.write(project.hello(environment="prod", image=image), "prod")
    told = project.morrow("up", "test")
    assert told.code == 0, told

    promote = ("promote", "test", "prod", "--json")
    assert codes(project.morrow(*promote)) == {"signature-missing", "proof-missing"}
    verify = ("verify", "test", "--load", "20", "--for", "2s", "--attest", "ours.key")
    told = project.morrow(*verify)
    assert told.code == 0, told
    assert "signed statement attached to " in told.err, told
    assert codes(project.morrow(*promote)) == {"signature-missing"}, "a proof is no signature"
    sign = ("sign", "--yes", "--key", "ours.key", "--signing-config", "none.json")
    named = f"{first.repository}@{first.digest}"
    cosign(*sign, "--trusted-root", "nobody.json", named)

    # The next image is neither: `up` touches nothing.
    missing = {"signature-missing", "proof-missing"}
    assert codes(project.morrow("up", "prod", "--json")) == missing
    assert codes(project.morrow("plan", "prod", "--json")) == missing
    told = project.morrow(*promote)
    assert (told.code, told.answer["digest"]) == (0, first.digest), told
    assert first.digest in file.read_text()
    assert project.morrow("promote", "test", "prod", "--check").code == 0
    checks = project.morrow("doctor", "prod", "--json").answer["checks"]
    (said,) = [one for one in checks if one["name"] == "signature"]
    assert said["state"] == "ok", said

    # What runs is not what the file names: nobody can say what was verified.
    project.write(project.hello(image={"digest": second.digest}))
    told = project.morrow(*verify, "--json")
    assert (told.code, told.problem["code"]) == (2, "proof-impossible"), told
