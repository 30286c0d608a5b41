"""What a digest must show, asked by the real cosign of a real registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.environment import load
from morrow.tool.programs.cosign import Signer
from morrow.tool.rules.signed import unshown
from tests.unit.tool.release.signing import INDEX, Shop
from tools.build import program

BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}


def problems(shop: Shop, label: str = "prod") -> list[Problem]:
    return unshown(load.read(Project.find(shop.folder), label))


def codes(shop: Shop, label: str = "prod") -> list[str]:
    return [found.code for found in problems(shop, label)]


@pytest.fixture(autouse=True)
def cosign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORROW_COSIGN", str(program("cosign")))


def test_a_digest_shows_its_signature_and_what_is_attested(shop: Shop) -> None:
    ours, theirs = shop.key("ours"), shop.key("theirs")
    digest, other = shop.push("good"), shop.push("other")
    wanted: dict[str, Any] = {"key": "ours.pub", "attestations": ["cyclonedx"]}
    shop.write("prod", digest, wanted)

    assert codes(shop) == ["signature-missing", "attestation-missing"]
    shop.attest(digest, ours, "cyclonedx", BOM)
    (found,) = problems(shop)
    assert found.code == "signature-missing", "cosign itself is content with an attestation alone"
    assert "none of them is a signature" in found.cause
    shop.cosign("verify", "--key", "ours.pub", "--trusted-root", "nobody.json",
                "--insecure-ignore-tlog=true", shop.image(digest))  # fmt: skip
    shop.sign(digest, theirs)
    assert codes(shop) == ["signature-missing"], "that of somebody else is no signature of ours"
    shop.sign(digest, ours)
    assert codes(shop) == []

    shop.write("prod", digest, {"key": "theirs.pub"})
    assert codes(shop) == []
    shop.write("prod", digest, {**wanted, "key": "theirs.pub"})
    assert codes(shop) == ["attestation-missing"]
    shop.write("prod", other, {"key": "ours.pub"})
    assert codes(shop) == ["signature-missing"]
    shop.sign(other, theirs)
    (found,) = problems(shop)
    assert (found.code, "ours.pub" in found.cause) == ("signature-other", True), found
    assert found.fix.startswith("cosign sign --key KEY ")

    # What is attached to one digest, moved to another one by whoever can write to the registry.
    third = shop.push("third")
    attached = shop.get(f"manifests/{digest.replace(':', '-')}")
    shop.put(attached, third.replace(":", "-"), INDEX)
    shop.write("prod", third, wanted)
    assert codes(shop) == ["signature-other", "attestation-missing"]


def test_a_question_that_cannot_be_asked_is_no_yes(shop: Shop) -> None:
    ours = shop.key("ours")
    digest = shop.push("good")
    shop.sign(digest, ours)
    shop.write("prod", digest, {"key": "ours.pub"})
    assert codes(shop) == [], "the control"
    shop.write("prod", digest, {"key": "gone.pub"})
    for _ in range(2):
        with pytest.raises(Failure) as raised:
            problems(shop)
        assert raised.value.problems[0].code == "signature-unasked"
        assert raised.value.exit_code == 2
        text = shop.write("prod", digest, {"key": "ours.pub"})
        text.write_text(text.read_text().replace(shop.registry, "127.0.0.1:9"))


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("verify", "code"),
    [
        ({"issuer": "https://issuer.example.com"}, "signature-unclear"),
        ({"identity": "a@example.com"}, "signature-unclear"),
        ({"key": "a.pub", "identity": "a@example.com"}, "signature-unclear"),
        ({"key": "a.pub", "issuer": "https://issuer.example.com"}, "signature-unclear"),
        ({"key": "a.pub", "proof": {"within": "1h"}}, "signature-unclear"),
        ({"key": "a.pub", "proof": {"from": "dev", "identity": "a"}}, "signature-unclear"),
        ({"key": "a.pub", "until": "2026-02-31"}, "signature-unclear"),
        ({"key": "a.pub", "until": str(TODAY - timedelta(days=1))}, "signature-expired"),
    ],
)
def test_whom_to_believe_is_one_and_still_believed(
    shop: Shop, verify: dict[str, Any], code: str
) -> None:
    shop.write("prod", f"sha256:{'0' * 64}", verify)
    assert codes(shop) == [code], "nothing is asked of the registry"
    shop.write("prod", "", {"key": "a.pub"})
    assert codes(shop) == ["digest-needed"]
    shop.write("prod", "")
    assert codes(shop) == [], "an environment that asks for nothing needs no cosign"


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (
            Signer(identity="a@example.com", issuer="https://i.example.com"),
            [
                "--certificate-identity=a@example.com",
                "--certificate-oidc-issuer=https://i.example.com",
            ],
        ),
        (
            Signer(pattern="^a$", issuer="https://i.example.com", root="/r.json"),
            [
                "--certificate-identity-regexp=^a$",
                "--certificate-oidc-issuer=https://i.example.com",
                "--trusted-root",
                "/r.json",
            ],
        ),
    ],
)
def test_an_identity_is_asked_for_with_its_issuer_and_the_public_log(
    signer: Signer, words: list[str]
) -> None:
    with signer.arguments() as told:
        assert told == words


def test_doctor_plan_and_up_refuse_what_is_not_signed(shop: Shop, tmp_path: Path) -> None:
    digest = shop.push("good")
    shop.key("ours")
    shop.write("dev", digest, {"key": "ours.pub"})
    quiet = {"KUBECONFIG": str(tmp_path / "none"), "MORROW_HELM": str(program("helm"))}
    told = shop.morrow("plan", "dev", "--json", **quiet)
    assert (told.code, told.problem["code"]) == (2, "signature-missing"), told
    assert told.problem["fix"] == f"cosign sign --key KEY {shop.image(digest)}"
