"""Stand-ins for the base images of a service's Dockerfile, where their registry is out of reach.

Both are made from the same Debian packages as the real ones: `debootstrap` of the release that
distroless Python is built from. The builder has uv and a shell; the runtime has Python alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

from lab import lock, oci, versions
from lab.errors import LabError
from lab.images import NONROOT
from lab.layout import CACHE, REGISTRY
from lab.shell import run

RELEASE = f"{versions.PYTHON}-{versions.DEBIAN}"
# What makes them is part of the tag, so that a change of it makes new images.
_SOURCES = Path(__file__).read_bytes() + Path(oci.__file__).read_bytes()
TAG = f"{RELEASE}-{hashlib.sha256(_SOURCES).hexdigest()[:8]}"
BUILDER = f"{REGISTRY}/stand-in/python-builder:{TAG}"
RUNTIME = f"{REGISTRY}/stand-in/python-runtime:{TAG}"
CERTIFICATES = "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"

# Weight that no program reads.
LEFT_OUT = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)


def push() -> None:
    """Push both stand-ins unless the registry has them."""
    with lock.alone("base-images"):
        _push()


def _push() -> None:
    if not oci.digest_of(RUNTIME):
        settings = {
            "Entrypoint": [f"/usr/bin/python{versions.PYTHON}"],
            "User": NONROOT,
            "WorkingDir": "/home/nonroot",
            "Env": ["PATH=/usr/bin:/bin", CERTIFICATES],
        }
        oci.push(RUNTIME, _archive(_system(), programs=False), settings)
    if not oci.digest_of(BUILDER):
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        oci.push(BUILDER, _archive(_system(), programs=True), {"Env": [path, CERTIFICATES]})


def _system() -> Path:
    """Return a folder with a minimal Debian and Python in it; make it when missing."""
    home = CACHE / "base" / RELEASE
    if home.is_dir():
        return home
    unfinished = home.with_name(f"{RELEASE}.part")
    if unfinished.exists():
        if (unfinished / "proc/self").exists():  # one that was killed leaves it mounted
            run("umount", unfinished / "proc")
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    packages = f"--include=python{versions.PYTHON},ca-certificates"
    words = ("--variant=minbase", packages, versions.DEBIAN, unfinished, _mirror())
    run("debootstrap", *words, within=1800)  # a busy machine takes many minutes
    for name in LEFT_OUT:
        shutil.rmtree(unfinished / name, ignore_errors=True)
    (unfinished / "usr/bin/python3").symlink_to(f"python{versions.PYTHON}")
    with (unfinished / "etc/passwd").open("a") as users:
        users.write(f"nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin\n")
    with (unfinished / "etc/group").open("a") as groups:
        groups.write(f"nonroot:x:{NONROOT}:\n")
    nonroot = unfinished / "home/nonroot"
    nonroot.mkdir(mode=0o700)
    os.chown(nonroot, int(NONROOT), int(NONROOT))
    unfinished.rename(home)
    return home


def _mirror() -> str:
    """Return the Debian mirror that this machine's apt uses."""
    for line in run("apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)").splitlines():
        address, _, label = line.partition(" ")
        if address.rstrip("/").endswith("/debian") or label == "Debian":
            return address
    raise LabError("apt on this machine names no Debian mirror, so no base image can be made")


def _archive(system: Path, *, programs: bool) -> bytes:
    """Return the system as a tar: with uv and all programs, or with none but Python."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            path = Path(entry.name)
            is_program = path.parent in (Path("usr/bin"), Path("usr/sbin"))
            if is_program and not programs and not path.name.startswith("python"):
                return None
            return None if entry.isdev() else entry

        for part in sorted(system.iterdir()):
            tar.add(part, arcname=part.name, filter=kept)
        if programs:
            tar.add(_uv(), arcname="usr/local/bin/uv")
    return buffer.getvalue()


def _uv() -> str:
    """Return the uv beside the Python that runs this, or the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise LabError("there is no uv; `make dev` brings it")
    return found
