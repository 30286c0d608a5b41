"""Certificates, made by openssl: the cluster's are new at each start, the gateway's are kept."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.layout import CACHE, CLUSTER_DNS, GATEWAY_DOMAIN, HOST, NODES, PKI
from lab.shell import run

SERVICE_ADDRESS = CLUSTER_DNS.rsplit(".", 1)[0] + ".1"
DAYS = 3650
GATEWAY = CACHE / "gateway"


# Nothing from the machine's own openssl.cnf, which would make every certificate an authority.
CONFIG = "[req]\ndistinguished_name = name\n[name]\n"


def make_authority(folder: Path, name: str) -> None:
    """Make an authority `name` unless the folder has it already."""
    if (folder / f"{name}.crt").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rights = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    _certificate(folder, name, f"/CN=morrow-lab-{name}", [*rights, "subjectKeyIdentifier=hash"])


def issue(
    folder: Path, name: str, subject: str, *extensions: str, by: str = "ca", days: int = DAYS
) -> None:
    """Issue a certificate signed by the authority `by` of the same folder."""
    signed: list[str | Path] = ["-CA", folder / f"{by}.crt", "-CAkey", folder / f"{by}.key"]
    _certificate(
        folder, name, subject, ["basicConstraints=critical,CA:FALSE", *extensions], signed, days
    )


def _certificate(
    folder: Path,
    name: str,
    subject: str,
    extensions: Sequence[str],
    signed: Sequence[str | Path] = (),
    days: int = DAYS,
) -> None:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    files: list[str | Path] = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    ask = ["openssl", "req", "-x509", "-config", "-", *key, "-days", str(days), "-subj", subject]
    # The certificate is written last: a folder that has it has the key, too.
    run(*ask, *files, *signed, *added, stdin=CONFIG)


def make_cluster() -> None:
    """Make all that the control plane and the nodes identify themselves with."""
    PKI.mkdir(parents=True, mode=0o700)
    with ThreadPoolExecutor() as pool:
        authorities = [
            pool.submit(make_authority, PKI, name) for name in ("ca", "front-proxy-ca", "etcd-ca")
        ]
        pairs = pool.submit(_make_account_keys)
        for each in authorities:
            each.result()
        made = [
            pool.submit(issue, PKI, name, subject, *extensions, by=by)
            for name, (by, subject, *extensions) in _certificates().items()
        ]
        for each in [*made, pairs]:
            each.result()


def _certificates() -> dict[str, tuple[str, ...]]:
    """Return what each certificate is: who signs it, its subject, its extensions."""
    inside = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    names = ",".join(f"DNS:{name}" for name in [*inside, inside[-1] + ".cluster.local"])
    addresses = f"IP:{HOST},IP:{SERVICE_ADDRESS}"
    client = "extendedKeyUsage=clientAuth"
    both = "extendedKeyUsage=clientAuth,serverAuth"
    return {
        "apiserver": ("ca", "/CN=kube-apiserver", f"subjectAltName={names},{addresses}"),
        "admin": ("ca", "/O=system:masters/CN=admin", client),
        "controller-manager": ("ca", "/CN=system:kube-controller-manager", client),
        "scheduler": ("ca", "/CN=system:kube-scheduler", client),
        "proxy": ("ca", "/CN=system:kube-proxy", client),
        "front-proxy": ("front-proxy-ca", "/CN=front-proxy", client),
        "etcd": ("etcd-ca", "/CN=etcd", f"subjectAltName=IP:{HOST}"),
        "etcd-client": ("etcd-ca", "/CN=kube-apiserver", client),
        **{
            node.name: (
                "ca",
                f"/O=system:nodes/CN=system:node:{node.name}",
                both,
                f"subjectAltName=DNS:{node.name},IP:{node.address}",
            )
            for node in NODES
        },
    }


def _make_account_keys() -> None:
    run("openssl", "genrsa", "-out", PKI / "accounts.key", "2048")
    run("openssl", "rsa", "-in", PKI / "accounts.key", "-pubout", "-out", PKI / "accounts.pub")


def make_gateway() -> None:
    """Make the gateway's authority and certificate; both outlive the cluster."""
    make_authority(GATEWAY, "ca")
    if not (GATEWAY / "gateway.crt").exists():
        names = f"subjectAltName=DNS:{GATEWAY_DOMAIN},DNS:*.{GATEWAY_DOMAIN}"
        issue(GATEWAY, "gateway", f"/CN={GATEWAY_DOMAIN}", names)


def kubeconfig(path: Path, user: str, server: str) -> None:
    """Write a kubeconfig for the user who has `user.crt`; certificates are written into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"""apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab
  cluster: {{server: "{server}", certificate-authority-data: {_encoded(PKI / "ca.crt")}}}
users:
- name: {user}
  user:
    client-certificate-data: {_encoded(PKI / f"{user}.crt")}
    client-key-data: {_encoded(PKI / f"{user}.key")}
contexts:
- name: lab
  context: {{cluster: lab, user: {user}}}
"""
    )


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
