"""Signatures of an identity, not of a key: the real cosign signs and asks, a registry keeps them.

The public services that vouch for an identity are a stand-in (sigstore.py) on loopback.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from tests.unit.tool.release.signing import ROOT, Shop
from tests.unit.tool.release.test_signatures import codes as shown
from tools.build import program
from tools.environments import environment

GITHUB = "https://token.actions.example.com"
WORKFLOW = "https://github.example.com/shop/shop/.github/workflows/image.yml@refs/heads/main"
FORK = WORKFLOW.replace("shop/shop", "fork/shop")


@dataclass(frozen=True)
class Vouching:
    """The services, by the two files that say where they are and whom to trust."""

    folder: Path

    def of(self, identity: str, issuer: str = GITHUB) -> list[str]:
        """Return the arguments of cosign by which it signs as somebody."""
        claims = {"iss": issuer, "sub": identity, "aud": "sigstore"}
        parts = [{"alg": "RS256"}, claims]
        encoded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
        token = ".".join([*(one.rstrip("=") for one in encoded), "c2lnbmVk"])
        services = ["--signing-config", str(self.folder / "signing_config.json")]
        return ["--yes", "--identity-token", token, *services, "--trusted-root", self.root]

    @property
    def root(self) -> str:
        """Whom to trust."""
        return str(self.folder / "trusted_root.json")


@contextmanager
def vouching(folder: Path) -> Iterator[Vouching]:
    """Run the stand-in while the block runs."""
    folder.mkdir()
    python = environment(Path(sys.executable), ROOT / "requirements" / "fake-aws.txt") / "python"
    script = Path(__file__).with_name("sigstore.py")
    words = [str(python), str(script), str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert running.stdout.readline() == b"ready\n"
        yield Vouching(folder)
        running.stdin.close()


@pytest.fixture(autouse=True)
def cosign(monkeypatch: pytest.MonkeyPatch) -> None:
    print("a stand-in vouches for identities in place of the public Sigstore")
    monkeypatch.setenv("MORROW_COSIGN", str(program("cosign")))


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Vouching]:
    with vouching(tmp_path / "services") as found:
        yield found


def codes(shop: Shop, digest: str, verify: dict[str, Any]) -> list[str]:
    shop.write("prod", digest, verify)
    return shown(shop)


def test_an_identity_is_believed_and_no_other(
    shop: Shop, services: Vouching, tmp_path: Path
) -> None:
    digest = shop.push("good")
    ours = {"identity": WORKFLOW, "issuer": GITHUB, "trustedRoot": services.root}
    assert codes(shop, digest, ours) == ["signature-missing"]
    shop.cosign("sign", *services.of(FORK), shop.image(digest))
    assert codes(shop, digest, ours) == ["signature-other"], "a workflow of the same name elsewhere"
    elsewhere = "https://issuer.example.com"
    shop.cosign("sign", *services.of(WORKFLOW, elsewhere), shop.image(digest))
    assert codes(shop, digest, ours) == ["signature-other"], "the same name, by another issuer"
    with vouching(tmp_path / "others") as others:
        shop.cosign("sign", *others.of(WORKFLOW), shop.image(digest))
        assert codes(shop, digest, ours) == ["signature-other"], "by who is not trusted"
        assert codes(shop, digest, {**ours, "trustedRoot": others.root}) == [], "the control"

    shop.cosign("sign", *services.of(WORKFLOW), shop.image(digest))
    assert codes(shop, digest, ours) == []
    by_pattern = {
        **ours,
        "identityPattern": r"^https://github\.example\.com/shop/.*@refs/heads/main$",
    }
    del by_pattern["identity"]
    assert codes(shop, digest, by_pattern) == []
    assert codes(shop, digest, {**by_pattern, "identityPattern": "^https://other/"}) == [
        "signature-other"
    ]
    assert codes(shop, shop.push("next"), ours) == ["signature-missing"]


def test_what_an_identity_attested_is_asked_for(shop: Shop, services: Vouching) -> None:
    digest = shop.push("good")
    ours = {"identity": WORKFLOW, "issuer": GITHUB, "trustedRoot": services.root}
    wanted = {**ours, "attestations": ["cyclonedx"]}
    (shop.folder / "bom.json").write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    attest = ["attest", "--type", "cyclonedx", "--predicate", "bom.json"]
    shop.cosign("sign", *services.of(WORKFLOW), shop.image(digest))
    shop.cosign(*attest, *services.of(FORK), shop.image(digest))
    assert codes(shop, digest, wanted) == ["attestation-missing"]
    shop.cosign(*attest, *services.of(WORKFLOW), shop.image(digest))
    assert codes(shop, digest, wanted) == []


def test_a_root_that_cannot_be_read_is_no_yes(shop: Shop, services: Vouching) -> None:
    digest = shop.push("good")
    shop.cosign("sign", *services.of(WORKFLOW), shop.image(digest))
    ours = {"identity": WORKFLOW, "issuer": GITHUB}
    with pytest.raises(Failure, match="signature-unasked"):
        codes(shop, digest, {**ours, "trustedRoot": "gone.json"})
