"""The modules say `aws >= 5.100, < 7`, and 6 has no binary here: its names are looked up instead.

npm's @cdktf/provider-aws 21.22.1 is generated from hashicorp/aws 6.25.0: one declaration for each
resource, with every argument. What this cannot see is a change of meaning.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.native.conftest import Run
from tests.terraform.native.test_policies import OFFLINE
from tests.terraform.test_module import ok
from tools.cache import UnavailableError, cache_folder

PACKAGE = "@cdktf/provider-aws@21.22.1"
SHA256 = "d1446ab6ac6526c6fab4b28a5ebefdd90c0ce56203949925d35a4d286c05cbbf"
META = {"lifecycle", "depends_on", "count", "for_each", "provider"}


def bindings() -> Path:
    """Fetch the package once, through npm."""
    place = cache_folder() / "cdktf-provider-aws-21.22.1.tgz"
    if not place.exists():
        if shutil.which("npm") is None:
            raise UnavailableError("there is no `npm` on PATH", "npm")
        place.parent.mkdir(parents=True, exist_ok=True)
        words = ["npm", "pack", "--silent", "--pack-destination", str(place.parent), PACKAGE]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnavailableError(f"npm does not give {PACKAGE}: {done.stderr[-300:]}", "npm")
        (place.parent / done.stdout.strip().splitlines()[-1]).replace(place)
    assert hashlib.sha256(place.read_bytes()).hexdigest() == SHA256
    return place


def used(module: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name every resource type and argument that a plan's configuration holds."""
    for resource in module.get("resources", []):
        if resource["type"].startswith("aws_"):
            for name in arguments(resource.get("expressions", {})):
                yield resource["type"], name
    for call in module.get("module_calls", {}).values():
        yield from used(call["module"])


def arguments(expressions: Any) -> Iterator[str]:
    """Name arguments and blocks, and those inside of blocks."""
    if isinstance(expressions, list):
        for block in expressions:
            yield from arguments(block)
    elif isinstance(expressions, dict) and not {"references", "constant_value"} & set(expressions):
        for name, value in expressions.items():
            yield name
            yield from arguments(value)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def unknown(names: set[tuple[str, str]], package: Path) -> list[str]:
    """Return what 6.25 does not have."""
    wrong = []
    with tarfile.open(package) as archive:
        for kind in sorted({kind for kind, _ in names}):
            file = f"package/lib/{kind.removeprefix('aws_').replace('_', '-')}/index.d.ts"
            try:
                found = archive.extractfile(file)
            except KeyError:
                wrong.append(kind)
                continue
            assert found is not None
            known = {
                word.lower() for word in re.findall(r"readonly (\w+)\??:", found.read().decode())
            }
            wrong += [
                f"{kind}.{name}"
                for of, name in sorted(names)
                if of == kind and camel(name).lower() not in known and name not in META
            ]
    return wrong


@pytest.fixture(scope="module")
def names(bare: Run, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Plan prod's root and the bootstrap; return all that their configurations name."""
    top = tmp_path_factory.mktemp("names")
    terraform = Path(__file__).resolve().parents[3] / "terraform"
    shutil.copytree(terraform, top / "terraform", ignore=shutil.ignore_patterns(".terraform*"))
    found: set[tuple[str, str]] = set()
    for name in ("prod", "bootstrap"):
        root = top / "terraform" / "platform" / name
        local = 'terraform {\n  backend "local" {}\n}\n'
        (root / "offline_override.tf").write_text(OFFLINE + local)
        ok(bare(root, "init", "-input=false"))
        ok(bare(root, "plan", "-input=false", "-out=test.tfplan"))
        plan = json.loads(ok(bare(root, "show", "-json", "test.tfplan")))
        found |= set(used(plan["configuration"]["root_module"]))
    return found


@pytest.mark.full
def test_every_name_is_in_6_25_too(names: set[tuple[str, str]]) -> None:
    assert len({kind for kind, _ in names}) > 45
    # The binding leaves a web ACL's statement without a type.
    untyped = {"rate_based_statement", "managed_rule_group_statement", "vendor_name", "limit"}
    untyped |= {"aggregate_key_type"}
    acl = {("aws_wafv2_web_acl", name) for name in untyped}
    assert unknown(names - acl, bindings()) == []
    assert unknown({("aws_vpc", "cidr_blocks"), ("aws_vpcs", "x")}, bindings()) == [
        *("aws_vpc.cidr_blocks", "aws_vpcs")
    ]
