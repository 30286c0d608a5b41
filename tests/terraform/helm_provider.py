"""Which provider hashicorp/helm the tests use: the real one, else this repository's stand-in.

Tried in this order: the filesystem mirror MORROW_TF_MIRROR, then wherever Terraform itself
looks, then the stand-in of `provider/`, built once for its sources. Never anybody's default: the
mirror that holds it is a folder of the test run, named by a CLI configuration of the test run.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools import go
from tools.build import UnavailableError, cache_folder, program

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "provider"
MODULE = HERE.parents[1] / "terraform" / "modules" / "service"
STAND_IN_VERSION = "3.1.2"


@dataclass(frozen=True)
class Provider:
    """How Terraform gets the provider in a test."""

    name: str  # for the one line that says which it was
    environment: dict[str, str]
    is_stand_in: bool


def find(folder: Path) -> Provider:
    """Find the provider once for a test run; what is made for it lies in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "provider.json"
    with (folder / "provider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            found = _find(folder)
            kept.write_text(json.dumps(found.__dict__))
    return Provider(**json.loads(kept.read_text()))


def _find(folder: Path) -> Provider:
    if shutil.which("terraform") is None:
        raise UnavailableError("there is no `terraform` on PATH", "terraform")
    named = os.environ.get("MORROW_TF_MIRROR")
    if named:
        variables = _mirrored(folder, Path(named))
        wrong = _init(folder, variables)
        if wrong:
            raise UnavailableError(f"MORROW_TF_MIRROR={named} does not give the provider: {wrong}")
        return Provider(f"the real one of MORROW_TF_MIRROR={named}", variables, False)
    # Fetched once into a cache. The tests take it from there as from a mirror: a cache itself must
    # not be used by several `init` at a time, each puts the provider there anew.
    plugins = folder / "plugins"
    plugins.mkdir(exist_ok=True)
    if not _init(folder, {"TF_PLUGIN_CACHE_DIR": str(plugins)}):
        variables = _mirrored(folder, plugins)
        return Provider("the real one that Terraform found by itself", variables, False)
    variables = _mirrored(folder, _stand_in_mirror(folder))
    variables["MORROW_STAND_IN_HELM"] = str(program("helm"))
    wrong = _init(folder, variables)
    if wrong:
        raise UnavailableError(f"the stand-in provider does not load: {wrong}")
    return Provider("this repository's stand-in (no mirror has the real one)", variables, True)


def _mirrored(folder: Path, mirror: Path) -> dict[str, str]:
    """Return the variables that make Terraform take providers from a folder, and only there."""
    file = folder / "terraform.rc"
    place = json.dumps(str(mirror.resolve()))
    file.write_text(f"provider_installation {{\n  filesystem_mirror {{ path = {place} }}\n}}\n")
    return {"TF_CLI_CONFIG_FILE": str(file), "TF_PLUGIN_CACHE_DIR": ""}


def _init(folder: Path, variables: dict[str, str]) -> str:
    """Return what `terraform init` says when it fails; nothing when it has the provider."""
    root = folder / "probe"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    shutil.copy(MODULE / "versions.tf", root)
    done = _terraform(root, variables, "init", "-input=false", "-no-color")
    return "" if done.returncode == 0 else " ".join(done.stderr.split())[-400:]


def _terraform(
    root: Path, variables: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", f"-chdir={root}", *arguments],
        env=os.environ | {"CHECKPOINT_DISABLE": "1"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def _stand_in_mirror(folder: Path) -> Path:
    """Lay the stand-in where Terraform looks for this source address in a mirror."""
    said = _terraform(folder / "probe", {}, "providers").stdout
    address = re.search(r"provider\[([^\]]+/hashicorp/helm)\]", said)
    if address is None:
        raise UnavailableError(f"`terraform providers` does not name the provider: {said}")
    version = json.loads(_terraform(folder / "probe", {}, "version", "-json").stdout)
    mirror = folder / "mirror"
    place = mirror / address[1] / STAND_IN_VERSION / version["platform"]
    place.mkdir(parents=True, exist_ok=True)
    binary = place / f"terraform-provider-helm_v{STAND_IN_VERSION}"
    if not binary.exists():
        binary.symlink_to(build())
    return mirror


def build() -> Path:
    """Build the stand-in, once for its sources; return the program."""
    compiler = go.find()
    digest = hashlib.sha256()
    for file in sorted(SOURCES.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    kept = cache_folder() / "terraform-stand-in"
    binary = kept / f"{digest.hexdigest()[:12]}-{os.uname().machine}"
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            unfinished = binary.with_suffix(".part")
            done = subprocess.run(
                [
                    compiler.program,
                    "build",
                    "-trimpath",
                    "-mod=readonly",
                    "-ldflags=-s -w",
                    "-o",
                    unfinished,
                ],
                cwd=SOURCES,
                env=os.environ
                | compiler.environment
                | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise UnavailableError(f"the stand-in does not build: {done.stderr[-1500:]}")
            unfinished.rename(binary)
    return binary
