"""buildah, kept to a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/root"\nrunroot = "{0}/run"\n'
# Its `manifest push` does not read which registries speak plain HTTP, as its `push` does.
PROGRAM = """\
#!/bin/sh
[ "$1 $2" != "manifest push" ] || set -- "$@" --tls-verify=false
exec buildah "$@"
"""
INSECURE = '[[registry]]\nlocation = "{0}"\ninsecure = true\n'


def buildah(folder: Path, registry: str) -> dict[str, str]:
    """The variables that make buildah build here and push to a registry without TLS."""
    storage, registries = folder / "storage.conf", folder / "registries.conf"
    storage.write_text(STORAGE.format(folder / "store"))
    registries.write_text(INSECURE.format(registry))
    program = folder / "buildah"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return {
        "MORROW_BUILDAH": str(program),
        "CONTAINERS_STORAGE_CONF": str(storage),
        "CONTAINERS_REGISTRIES_CONF": str(registries),
        "BUILDAH_ISOLATION": "chroot",
    }
