"""Ask cosign what is attached to an image's digest, and let it attach a statement.

How others use it: `signer = Signer(key="cosign.pub")`; `signed(image, signer)` returns why the
image is not signed by them, or nothing; `statements(image, signer, kind)` returns the in-toto
statements of one kind that they signed. A question that cosign could not ask raises `Failure`.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.programs.runner import Result, run

KEYLESS = "keyless"
TIMEOUT = 60.0
# The types of a signature. `cosign verify` accepts any bundle of the signer, also
# one that only attests something, which has another type.
SIGNATURE = ("https://sigstore.dev/cosign/sign/v1", "cosign container image signature")
# Signing with a key of one's own neither asks nor informs a public service.
NO_SERVICE = '{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
NOBODY = '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
NOT_THEIRS = ("failed to verify", "invalid signature", "none of the expected identities")
NOT_THERE = ("no signatures found", "no matching attestations", "matched the predicate type")


@dataclass(frozen=True)
class Signer:
    """Who is believed: a public key, or an identity that an issuer vouched for."""

    key: str = ""
    identity: str = ""
    pattern: str = ""  # in place of the identity
    issuer: str = ""
    root: str = ""  # a file of trusted authorities in place of the public ones

    def __str__(self) -> str:
        """Name them in a message."""
        return self.key or f"{self.identity or self.pattern} of {self.issuer}"

    @property
    def clear(self) -> bool:
        """Whether it names exactly one: a key, or an identity with its issuer."""
        if self.key:
            return not (self.identity or self.pattern or self.issuer)
        return bool(self.issuer) and bool(self.identity) != bool(self.pattern)

    @contextmanager
    def arguments(self) -> Iterator[list[str]]:
        """Return the arguments that tell cosign whom to trust."""
        root = ["--trusted-root", self.root] if self.root else []
        if not self.key:
            name = "--certificate-identity" if self.identity else "--certificate-identity-regexp"
            who = f"{name}={self.identity or self.pattern}"
            yield [who, f"--certificate-oidc-issuer={self.issuer}", *root]
            return
        with _file(NOBODY) as nobody:
            trusted = root or ["--trusted-root", nobody]
            yield ["--key", self.key, *trusted, "--insecure-ignore-tlog=true"]


@contextmanager
def _file(text: str) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        yield file.name


def signed(image: str, signer: Signer) -> tuple[str, str]:
    """Return ("", "") for a signed image, else a problem's code and what cosign says."""
    with signer.arguments() as words:
        done = run("cosign", "verify", "--output=json", *words, image, timeout=TIMEOUT)
    if done.code:
        return _refusal(done, image)
    digest = image.rpartition("@")[2]
    for one in json.loads(done.out):
        critical = one.get("critical") or {}
        about = (critical.get("image") or {}).get("docker-manifest-digest")
        if critical.get("type") in SIGNATURE and about == digest:
            return "", ""
    return (
        "signature-missing",
        "what the signer attached are statements, and none of them is a signature",
    )


def statements(image: str, signer: Signer, kind: str) -> tuple[list[dict[str, Any]], str]:
    """Return the statements of a kind that the signer made of the digest, and why there is none."""
    with signer.arguments() as words:
        words = [f"--type={kind}", "--output=json", *words]
        done = run("cosign", "verify-attestation", *words, image, timeout=TIMEOUT)
    if done.code:
        return [], _refusal(done, image)[1]
    envelopes = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    digest = image.rpartition("@")[2].removeprefix("sha256:")
    contents = [json.loads(base64.b64decode(one["payload"])) for one in envelopes]
    return [one for one in contents if _of(one, digest)], "none of them is about this digest"


def _of(statement: Mapping[str, Any], digest: str) -> bool:
    subjects = statement.get("subject") or []
    return any((one.get("digest") or {}).get("sha256") == digest for one in subjects)


def attest(image: str, key: str, kind: str, predicate: Mapping[str, Any]) -> None:
    """Sign a statement about the image's digest and attach it; raise when it is not attached."""
    words = ["attest", "--yes", f"--type={kind}"]
    with _file(json.dumps(predicate)) as what, _file(NO_SERVICE) as none, _file(NOBODY) as nobody:
        words += ["--predicate", what]
        if key != KEYLESS:
            words += ["--key", key, "--signing-config", none, "--trusted-root", nobody]
        # Without a terminal nobody can type it.
        open_key = {"COSIGN_PASSWORD": os.environ.get("COSIGN_PASSWORD", "")}
        done = run("cosign", *words, image, timeout=TIMEOUT, environment=open_key)
    if done.code:
        raise _failed(done, image, "proof-unattached")


def _refusal(done: Result, image: str) -> tuple[str, str]:
    """Tell "no signature" and "another signer" apart; raise what kept cosign from asking."""
    reason = _last(done)
    for why, signs in (("signature-other", NOT_THEIRS), ("signature-missing", NOT_THERE)):
        if any(words in done.err.lower() for words in signs):
            return why, reason
    raise _failed(done, image)


def _failed(done: Result, image: str, code: str = "signature-unasked") -> Failure:
    details = tuple(line for line in done.err.strip().splitlines()[-6:] if line)
    command = done.line.replace(tempfile.gettempdir() + os.sep, "")
    failed = problem(code, image, _last(done), details=details, command=command)
    return Failure(failed)


def _last(done: Result) -> str:
    lines = [line for line in done.err.splitlines() if line.strip()]
    error = next((line for line in lines if line.startswith("Error: ")), done.last_error)
    return error.removeprefix("Error: ").strip()[:200]


def key_file(root: Path, key: str) -> str:
    """Return the key as cosign takes it: a file's name is one below the project."""
    return key if not key or "://" in key else str(root / key)
