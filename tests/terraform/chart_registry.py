"""A registry on loopback, and charts pushed to it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.build import program

CONFIG = """
version: 0.1
log: {level: info, formatter: text}
storage: {filesystem: {rootdir: %s}}
http: {addr: "127.0.0.1:0"}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The address of an empty registry."""
    binary = program("registry")
    (tmp_path / "registry.yaml").write_text(CONFIG % (tmp_path / "blobs"))
    with subprocess.Popen(
        [binary, "serve", str(tmp_path / "registry.yaml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        said = ""
        for line in running.stderr:
            said += line
            found = re.search(r"listening on (127\.0\.0\.1:\d+)", line)
            if found:
                break
        else:
            pytest.fail(f"the registry does not start: {said}")
        yield found[1]
        running.kill()


def push(chart: Path, registry: str, version: str, folder: Path) -> None:
    """Put a chart into the registry under a version."""
    helm = program("helm")
    subprocess.run(
        [helm, "package", chart, "--version", version, "-d", folder],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            helm,
            "push",
            folder / f"morrow-{version}.tgz",
            f"oci://{registry}/charts",
            "--plain-http",
        ],
        check=True,
        capture_output=True,
    )
