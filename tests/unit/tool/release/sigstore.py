"""A stand-in for a public Sigstore: `PYTHON sigstore.py FOLDER`, until its input ends.

It signs what the real ones sign, each with a key of its own: the authority a certificate for
whom a token names, the certificate log a promise about it, the transparency log an entry with
its proof. It believes every token. In FOLDER it writes where it is (signing_config.json) and
whom to trust (trusted_root.json), as cosign reads them. It needs `cryptography`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding as As
from cryptography.hazmat.primitives.serialization import PublicFormat, load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ISSUER, PROMISES = "1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.11129.2.4.2"
BEGAN = datetime.now(UTC) - timedelta(hours=1)
ORIGIN = "log.example.com"


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signed(by: ec.EllipticCurvePrivateKey, content: bytes) -> bytes:
    seal: bytes = by.sign(content, ec.ECDSA(SHA256()))
    return seal


def spki(of: ec.EllipticCurvePrivateKey) -> bytes:
    told: bytes = of.public_key().public_bytes(As.DER, PublicFormat.SubjectPublicKeyInfo)
    return told


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def canonical(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def short(content: bytes) -> bytes:
    """A string of DER, or a text of TLS, needs its length before it."""
    return struct.pack(">H", len(content)) + content


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x81" + bytes([size])
    return bytes([tag]) + length + content


class Sigstore:
    """The keys, and what each signs."""

    def __init__(self) -> None:
        self.root_key, self.promise_key, self.log_key = key(), key(), key()
        self.entries = 0
        self.lock = threading.Lock()
        self.root = (
            x509.CertificateBuilder()
            .subject_name(named("a stand-in's root"))
            .issuer_name(named("a stand-in's root"))
            .public_key(self.root_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEGAN)
            .not_valid_after(BEGAN + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.root_key, SHA256())
        )

    def certificate(self, token: str, public: str) -> str:
        """Return a certificate of ten minutes for whom the token names, with the log's promise."""
        padded = token.split(".")[1] + "=="
        claims = json.loads(base64.urlsafe_b64decode(padded))
        who = claims["sub"]
        name = x509.RFC822Name(who) if "@" in who else x509.UniformResourceIdentifier(who)
        now = datetime.now(UTC)
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False
        )  # fmt: skip
        vouched = der(0x0C, str(claims["iss"]).encode())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.root.subject)
            .public_key(load_pem_public_key(public.encode()))
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ObjectIdentifier(ISSUER), vouched), False)
        )
        promise = self._promise(builder.sign(self.root_key, SHA256()).tbs_certificate_bytes)
        told = der(0x04, short(short(promise)))
        extension = x509.UnrecognizedExtension(ObjectIdentifier(PROMISES), told)
        made = builder.add_extension(extension, critical=False).sign(self.root_key, SHA256())
        return str(made.public_bytes(As.PEM), "ascii")

    def _promise(self, body: bytes) -> bytes:
        at = struct.pack(">Q", int(time.time() * 1000))
        issuer = digest(spki(self.root_key))
        whole = b"\0\0" + at + b"\0\1" + issuer + struct.pack(">I", len(body))[1:] + body + b"\0\0"
        sealed = short(signed(self.promise_key, whole))
        return b"\0" + digest(spki(self.promise_key)) + at + b"\0\0" + b"\4\3" + sealed

    def entry(self, asked: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return a new entry of the log, which is the only one in its tree, and its name."""
        body = canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": _spec(asked["spec"])})
        log = spki(self.log_key)
        with self.lock:
            index, self.entries = self.entries, self.entries + 1
        payload = {
            "body": b64(body),
            "integratedTime": int(time.time()),
            "logID": digest(log).hex(),
            "logIndex": index,
        }
        leaf = digest(b"\0" + body)
        text = f"{ORIGIN} - 1\n1\n{b64(leaf)}\n"
        seal = b64(digest(log)[:4] + signed(self.log_key, text.encode()))
        proof = {
            "checkpoint": f"{text}\n\N{EM DASH} {ORIGIN} {seal}\n",
            "hashes": [],
            "logIndex": 0,
            "rootHash": leaf.hex(),
            "treeSize": 1,
        }
        promise = b64(signed(self.log_key, canonical(payload)))
        told = {"inclusionProof": proof, "signedEntryTimestamp": promise}
        return f"{0:016x}{leaf.hex()}", {**payload, "verification": told}

    def trusted_root(self, address: str) -> dict[str, Any]:
        """Return whom to trust."""
        since = {"start": BEGAN.isoformat()}

        def log(of: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            kind = "PKIX_ECDSA_P256_SHA_256"
            public = {"rawBytes": b64(spki(of)), "keyDetails": kind, "validFor": since}
            told = {"baseUrl": address, "hashAlgorithm": "SHA2_256", "publicKey": public}
            return {**told, "logId": {"keyId": b64(digest(spki(of)))}}

        chain = {"certificates": [{"rawBytes": b64(self.root.public_bytes(As.DER))}]}
        subject = {"organization": "example.com", "commonName": "a stand-in"}
        authority = {"subject": subject, "uri": address, "certChain": chain, "validFor": since}
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "certificateAuthorities": [authority],
            "tlogs": [log(self.log_key)],
            "ctlogs": [log(self.promise_key)],
        }


def _spec(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the log keeps of an envelope: its hashes, its signature, whose it is."""
    content = asked["proposedContent"]
    envelope = json.loads(content["envelope"])

    def sha256(of: bytes) -> dict[str, str]:
        return {"algorithm": "sha256", "value": digest(of).hex()}

    return {
        "envelopeHash": sha256(content["envelope"].encode()),
        "payloadHash": sha256(base64.b64decode(envelope["payload"])),
        "signatures": [
            {"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}
        ],
    }


def signing_config(address: str) -> dict[str, Any]:
    """Return where to sign."""
    valid = {"start": BEGAN.isoformat()}
    service = {"url": address, "majorApiVersion": 1, "operator": "example.com", "validFor": valid}
    return {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service],
        "oidcUrls": [service],
        "rekorTlogUrls": [service],
        "rekorTlogConfig": {"selector": "ANY"},
    }


def main(folder: Path) -> None:
    """Serve until nobody holds the other end of the input."""
    sigstore = Sigstore()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = ""
            if self.path == "/api/v2/signingCert":
                token = self.headers["Authorization"].removeprefix("Bearer ")
                public = asked["publicKeyRequest"]["publicKey"]["content"]
                chain = {"certificates": [sigstore.certificate(token, public)]}
                answer: dict[str, Any] = {"signedCertificateEmbeddedSct": {"chain": chain}}
            else:
                name, entry = sigstore.entry(asked)
                answer = {name: entry}
            content = json.dumps(answer).encode()
            self.send_response(201 if name else 200)
            for header, value in (
                ("ETag", name), ("Content-Type", "application/json"),
                ("Content-Length", str(len(content))),
            ):  # fmt: skip
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    (folder / "trusted_root.json").write_text(json.dumps(sigstore.trusted_root(address)))
    (folder / "signing_config.json").write_text(json.dumps(signing_config(address)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
