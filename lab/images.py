"""Images without Docker: put together here, pushed to the lab's registry."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from pathlib import Path

from lab import oci, versions
from lab.layout import REGISTRY
from lab.shell import run

NONROOT = "65532"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

PAUSE_IMAGE = f"{REGISTRY}/lab/pause:{versions.PAUSE}"
COREDNS_IMAGE = f"{REGISTRY}/lab/coredns:{versions.COREDNS}"
METRICS_SERVER_IMAGE = f"{REGISTRY}/lab/metrics-server:{versions.METRICS_SERVER}"
TRAEFIK_IMAGE = f"{REGISTRY}/lab/traefik:{versions.TRAEFIK}"

# Holds a pod's namespaces open and collects its orphans.
PAUSE_SOURCE = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int number) { (void)number; _exit(0); }
static void collect(int number) { (void)number; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(void) {
    struct sigaction end = {.sa_handler = leave};
    struct sigaction child = {.sa_handler = collect, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGINT, &end, 0);
    sigaction(SIGTERM, &end, 0);
    sigaction(SIGCHLD, &child, 0);
    for (;;) pause();
}
"""


def push_pause() -> None:
    """Compile and push the pause image unless the registry has it."""
    if oci.digest_of(PAUSE_IMAGE):
        return
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "pause"
        compile_c(PAUSE_SOURCE, binary)
        push_program(PAUSE_IMAGE, binary)


def compile_c(source: str, binary: Path) -> None:
    """Make a program that needs nothing beside itself."""
    run("gcc", "-Os", "-static", "-x", "c", "-", "-o", binary, stdin=source)


def libraries(binary: Path) -> list[Path]:
    """Return the shared libraries and the loader that a program asks for, as they are here."""
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", run("ldd", binary))]


def push_program(image: str, binary: Path, *beside: Path) -> None:
    """Push an image of one program, without root and shell, unless the registry has it.

    A program that is not static finds the files `beside` it at their own places.
    """
    if oci.digest_of(image):
        return
    settings = {"Entrypoint": [f"/bin/{binary.name}"], "User": f"{NONROOT}:{NONROOT}"}
    oci.push(image, _layer(binary, *beside), settings)


def _layer(binary: Path, *beside: Path) -> bytes:
    """Return a tar with the program, the machine's CA bundle and a /tmp; the same at every call."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name: str, mode: int, content: bytes | None = None) -> None:
            entry = tarfile.TarInfo(name)
            entry.mode = mode
            if content is None:
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))

        add("tmp", 0o1777)
        for folder in ("bin", "etc", "etc/ssl", "etc/ssl/certs"):
            add(folder, 0o755)
        add("etc/passwd", 0o644, f"nonroot:x:{NONROOT}:{NONROOT}::/:/\n".encode())
        add("etc/ssl/certs/ca-certificates.crt", 0o644, CERTIFICATES.read_bytes())
        add(f"bin/{binary.name}", 0o755, binary.read_bytes())
        folders = {parent for file in beside for parent in file.parents[:-1]}
        for parent in sorted(folders):
            add(str(parent)[1:], 0o755)
        for file in beside:
            add(str(file)[1:], 0o755, file.read_bytes())
    return buffer.getvalue()
