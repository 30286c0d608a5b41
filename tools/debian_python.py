"""A newer Python than this machine's Debian has: that of Debian's next release, beside the system.

Its packages are unpacked into the cache folder with the C library that they ask for, and the
program is told to load that one. Nothing of the system changes, and no root is needed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.cache import UnavailableError, cache_folder, only_one

RELEASE = "forky"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What the standard library links, and the program that writes into a program what it loads.
LIBRARIES = (
    "libc6", "libssl3t64", "libffi8", "zlib1g", "libsqlite3-0", "libbz2-1.0", "liblzma5",
    "libexpat1", "libzstd1", "libgcc-s1", "libstdc++6", "libuuid1", "libtinfo6", "libncursesw6",
    "libreadline8t64", "patchelf",
)  # fmt: skip


def python(version: str) -> Path | None:
    """Return Debian's Python of that version; None where this is no Debian or has it not."""
    if not shutil.which("dpkg-deb") or not Path(KEYS).exists():
        return None
    name = f"debian-{RELEASE}-{version}"
    home = cache_folder() / "python" / name
    program = home / "usr" / "bin" / f"python{version}"
    with only_one(home.with_name(f"{name}.lock")):
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)  # of one that was cut off
            try:
                _unpack(version, home)
                _bind(program)
            except UnavailableError:  # this release has it not, or no mirror answers
                shutil.rmtree(home)
                return None
            (home / "ready").touch()
    return program


def _unpack(version: str, home: Path) -> None:
    packages = home / "packages"
    (home / "lists" / "partial").mkdir(parents=True)
    packages.mkdir()
    sources = home / "sources.list"
    sources.write_text(f"deb [signed-by={KEYS}] {_mirror()} {RELEASE} main\n")
    apt = [
        "apt-get",
        "-qq",
        "-o",
        f"Dir::Etc::sourcelist={sources}",
        "-o",
        "Dir::Etc::sourceparts=-",
    ]
    apt += ["-o", f"Dir::State::lists={home / 'lists'}", "-o", f"Dir::Cache={home}"]
    apt += ["-o", "APT::Sandbox::User="]
    _run([*apt, "update"], home)
    own = [f"python{version}", f"python{version}-minimal"]
    own += [f"libpython{version}-minimal", f"libpython{version}-stdlib"]
    _run([*apt, "download", *(f"{name}/{RELEASE}" for name in (*own, *LIBRARIES))], packages)
    for package in packages.iterdir():
        _run(["dpkg-deb", "--extract", str(package), str(home)], home)
    for weight in (packages, home / "lists", home / "usr" / "share"):
        shutil.rmtree(weight)


def _bind(program: Path) -> None:
    """Let it load the libraries beside it, from where it is now."""
    libraries = next(program.parents[1].glob("lib/*-linux-gnu"))
    loader = next(libraries.glob("ld-linux*.so.*"))
    own = program.with_name("own")  # what runs cannot be written
    shutil.copy2(program, own)
    with_them = [str(loader), "--library-path", str(libraries), str(program.with_name("patchelf"))]
    # In this order, and each by itself: else patchelf 0.18 leaves a program that crashes.
    for words in (["--force-rpath", "--set-rpath", libraries], ["--set-interpreter", loader]):
        _run([*with_them, *map(str, words), str(own)], program.parent)
    own.rename(program)


def _mirror() -> str:
    """Return the Debian mirror that this machine's apt uses."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)"]
    for line in _run(asked, Path.cwd()).splitlines():
        address, _, label = line.partition(" ")
        if address.rstrip("/").endswith("/debian") or label == "Debian":
            return address
    raise UnavailableError("apt on this machine names no Debian mirror")


def _run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(f"{words[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout
