"""The README's commands for a cluster, typed as printed in a clone, on this cluster.

What differs from the page: the context, the image (the lab's registry instead of one that was
loaded by hand) and the namespace, so that the tests can run side by side.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.unit.frame.markdown import Block, blocks

README = (ROOT / "README.md").read_text()
WITHOUT_TOOL = "Without the tool"


def section(block: Block) -> str:
    """Return the heading that the block stands under."""
    above = "\n".join(README.splitlines()[: block.line])
    headings: list[str] = re.findall(r"^## (.+)$", above, re.MULTILINE)
    return headings[-1]


LAB = [block for block in blocks(README) if block.marks.get("test") == "lab"]
BY_TOOL = [block for block in LAB if section(block) != WITHOUT_TOOL]
BY_HAND = [block for block in LAB if section(block) == WITHOUT_TOOL]

Typed = Callable[[Block], str]


@pytest.fixture
def typed(cluster: Cluster, hello_image: Image, tmp_path: Path) -> Iterator[Typed]:
    """A function that types a block in a clone of this repository, in a namespace of its own."""
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "-c", "safe.directory=*", "clone", "--quiet", str(ROOT), str(clone)], check=True
    )
    (clone / ".venv").symlink_to(ROOT / ".venv")
    namespace = f"e2e-readme-{secrets.token_hex(3)}"
    dev = clone / "environments" / "dev.yaml"
    values = yaml.safe_load(dev.read_text())
    values["image"] = {"repository": hello_image.repository, "digest": hello_image.digest}
    values["target"]["namespace"] = namespace
    dev.write_text(yaml.safe_dump(values))
    own = {
        "MORROW_CONTEXT": cluster.context,
        "PYTHONPATH": os.pathsep.join([str(clone / "src"), str(clone / "apps/hello")]),
    }

    def type_block(block: Block) -> str:
        text = re.sub(r"(--namespace|create namespace) hello\b", rf"\1 {namespace}", block.text)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=clone,
            env=cluster.environment() | own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"README.md:{block.line}: {text}\n{done.stdout}"
        return done.stdout

    try:
        yield type_block
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")


@pytest.mark.timeout(1800)
def test_the_tool_deploys_verifies_rolls_back_and_leaves(typed: Typed) -> None:
    assert len(BY_TOOL) >= 2
    output = "".join(typed(block) for block in BY_TOOL)
    for command in ("doctor", "plan", "up", "status", "verify", "rollback", "down"):
        assert any(f"morrow {command} dev" in block.text for block in BY_TOOL), command
    assert "hello" in output


@pytest.mark.timeout(1800)
def test_helm_alone_deploys_tests_and_uninstalls(typed: Typed) -> None:
    assert BY_HAND
    output = "".join(typed(block) for block in BY_HAND)
    assert re.search(r"Phase:\s+Succeeded", output)
    assert 'release "hello" uninstalled' in output
