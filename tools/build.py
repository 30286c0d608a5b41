"""Build the third-party programs that tests and lab use, once for each version.

A folder beside this file is one Go module: its `go.mod` names the programs by `tool` lines,
`go.sum` pins every byte. Those that `go.work` names are compiled from one set of libraries.
What is built is kept under the user's cache folder by the hash of all that pins it, so that a
second checkout builds nothing.

    python3 -m tools.build helm kubeconform    # prints one folder of programs a line
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

from tools import go
from tools.cache import UnavailableError, cache_folder, only_one

__all__ = ["UnavailableError", "cache_folder", "folder", "folders", "names", "program", "version"]

HERE = Path(__file__).resolve().parent

# Built when something asks for them, for minutes; not by `python -m tools.build` alone.
ON_DEMAND = (
    "contour",
    "external-secrets",
    "flux",
    "jaeger",
    "monitoring",
    "prometheus",
    "syft",
    "tofu",
)

# Without these `helm template` believes that it talks to Kubernetes 1.20; Helm 4 knows better.
HELM_3 = (
    "-X helm.sh/helm/v3/internal/version.version={v}"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor={k8s_minor}"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1"
    " -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor={k8s_minor}"
)

# Programs that learn their version only from the linker. {v} is the module's version.
LINKER_FLAGS = {
    "kubernetes": (
        "-X k8s.io/component-base/version.gitVersion={v}"
        " -X k8s.io/component-base/version.gitMajor={major}"
        " -X k8s.io/component-base/version.gitMinor={minor}"
        " -X k8s.io/client-go/pkg/version.gitVersion={v}"
    ),
    "helm": HELM_3,
    "helm-3.18": HELM_3,
    "helm-4": "-X helm.sh/helm/v4/internal/version.version={v}",
    "etcd": "-X go.etcd.io/etcd/api/v3/version.GitSHA=module",
    "traefik": "-X github.com/traefik/traefik/v3/pkg/version.Version={v}",
    "coredns": "-X github.com/coredns/coredns/coremain.GitCommit=module",
    "metrics-server": "-X sigs.k8s.io/metrics-server/pkg/version.gitVersion={v}",
}


def names() -> list[str]:
    """Return the name of every tool folder."""
    return sorted(path.parent.name for path in HERE.glob("*/go.mod"))


def version(name: str, module: str) -> str:
    """Return the version at which the tool folder `name` requires `module`."""
    text = (HERE / name / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise UnavailableError(f"tools/{name}/go.mod does not require {module}")
    return found[1]


def _workspace() -> list[str]:
    """Return the names of the tools in `go.work`."""
    file = HERE / "go.work"
    return re.findall(r"^\s*\./(\S+)$", file.read_text(), re.MULTILINE) if file.exists() else []


def _pins(name: str) -> list[Path]:
    """Return the files that decide of what the tool `name` is built."""
    together = _workspace()
    members = together if name in together else [name]
    pins = [HERE / member / file for member in members for file in ("go.mod", "go.sum")]
    pins += sorted(file for member in members for file in (HERE / member).glob("*.go"))
    return pins + ([HERE / "go.work", HERE / "go.work.sum"] if name in together else [])


def _key(name: str) -> str:
    """Return the hash that names one build: what pins it, the flags, this platform."""
    digest = hashlib.sha256()
    for file in _pins(name):
        digest.update(file.read_bytes())
    digest.update(LINKER_FLAGS.get(name, "").encode())
    digest.update(" ".join((sys.platform, os.uname().machine)).encode())
    return digest.hexdigest()[:12]


def _programs(name: str) -> list[str]:
    """Return the import paths on the module's `tool` lines."""
    text = (HERE / name / "go.mod").read_text()
    block = re.search(r"^tool \((.*?)^\)", text, re.MULTILINE | re.DOTALL)
    if block:
        return block[1].split()
    return re.findall(r"^tool (\S+)", text, re.MULTILINE)


def _linker_flags(name: str) -> str:
    flags = LINKER_FLAGS.get(name, "")
    if not flags:
        return "-s -w"
    program = _programs(name)[0]
    text = (HERE / name / "go.mod").read_text()
    required = re.findall(r"^\s*(?:require )?([\w./-]+) (v\S+)", text, re.MULTILINE)
    matches = [(module, v) for module, v in required if program.startswith(module)]
    tag = max(matches)[1]
    major, minor, *_ = tag.lstrip("v").split(".")
    k8s_minor = dict(required).get("k8s.io/client-go", "v0.0.0").split(".")[1]
    return "-s -w " + flags.format(v=tag, major=major, minor=minor, k8s_minor=k8s_minor)


def _home(name: str) -> Path:
    """Return where the programs of the tool `name` are, once they are built."""
    return cache_folder() / "tools" / f"{name}-{_key(name)}"


def folder(name: str) -> Path:
    """Return the folder that holds the programs of the tool `name`; build them when missing."""
    return folders([name])[0]


def folders(wanted: Sequence[str]) -> list[Path]:
    """Return the folder of each tool; build those that are missing, one after the other."""
    for name in wanted:
        if name not in names():
            known = ", ".join(names())
            raise UnavailableError(f"there is no tools/{name}/go.mod; known: {known}")
    homes = {name: _home(name) for name in wanted}
    missing = [name for name, home in homes.items() if not home.is_dir()]
    if not missing:
        return list(homes.values())
    try:
        compiler = go.find()
    except UnavailableError as problem:
        raise UnavailableError(f"{missing[0]} is built with Go: {problem}", "go") from None
    for name, following in zip_longest(missing, missing[1:]):
        home = homes[name]
        with only_one(home.parent / f"{name}.lock"), _fetching(compiler, following):
            if not home.is_dir():
                _build(compiler, name, home)
    return list(homes.values())


@contextmanager
def _fetching(compiler: go.Go, name: str | None) -> Iterator[None]:
    """Download what the tool `name` is built from, as long as another one compiles.

    What is still to come then, or cannot be had, is left to its own build.
    """
    if name is None:
        yield
        return
    words = [compiler.program, "list", "-deps", "-mod=readonly", *_programs(name)]
    silent = subprocess.DEVNULL
    download = subprocess.Popen(
        words, cwd=HERE / name, env=settings(compiler, name), stdout=silent, stderr=silent
    )
    try:
        yield
    finally:
        download.terminate()
        download.wait()


def settings(compiler: go.Go, name: str) -> dict[str, str]:
    """Return the environment in which `go` works on the tool `name`."""
    workspace = str(HERE / "go.work") if name in _workspace() else "off"
    own = {"CGO_ENABLED": "0", "GOWORK": workspace}
    return {"GOGC": "400"} | os.environ | compiler.environment | own


def _build(compiler: go.Go, name: str, home: Path) -> None:
    """Compile into a folder beside `home`, then rename: a broken build leaves nothing usable."""
    unfinished = home.parent / f"{home.name}.part"
    shutil.rmtree(unfinished, ignore_errors=True)  # of a build that was killed
    unfinished.mkdir()
    began = time.monotonic()
    print(f"building {name} (once for this version) ...", file=sys.stderr, flush=True)
    # Symbols are stripped below, so the compiler need not write them, and it may use more memory
    # before it collects: together a sixth of the processor time of a cold build.
    command = [compiler.program, "build", "-trimpath", "-mod=readonly", "-gcflags=all=-dwarf=false"]
    command += ["-ldflags", _linker_flags(name), "-o", f"{unfinished}/", *_programs(name)]
    done = subprocess.run(
        command,
        cwd=HERE / name,
        env=settings(compiler, name),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        shutil.rmtree(unfinished)
        raise UnavailableError(f"{name} does not build:\n{done.stderr.strip()[-2000:]}")
    if _home(name) != home:
        # In a workspace `go` adds a hash that lacks, whatever `-mod` says.
        shutil.rmtree(unfinished)
        raise UnavailableError(f"{name}: tools/go.work.sum lacked hashes; look at what go added")
    unfinished.rename(home)
    print(f"built {name} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def program(name: str, binary: str = "") -> Path:
    """Return one program of the tool `name` (its namesake unless `binary` says otherwise)."""
    return folder(name) / (binary or name)


def main(arguments: list[str]) -> int:
    """Build each named tool (all but those on demand when none is named); print its folder."""
    try:
        everything = [name for name in names() if name not in ON_DEMAND]
        print(*folders(arguments or everything), sep="\n")
    except UnavailableError as problem:
        print(f"tools: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
