"""A chart in a registry: a real registry on loopback, asked by the provider while it plans."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.fixtures import Run, cannot_run
from tests.terraform.test_module import MODULE, ok
from tools.build import UnavailableError, program

CONFIG = """
version: 0.1
log: {level: info, formatter: text}
storage: {filesystem: {rootdir: %s}}
http: {addr: "127.0.0.1:0"}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The address of an empty registry."""
    try:
        binary = program("registry")
    except UnavailableError as missing:
        cannot_run(f"no registry to take a chart from: {missing}")
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


def test_a_chart_of_a_registry_is_planned_by_its_version(
    copy: Path, registry: str, terraform: Run, tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        push(copy / "chart", registry, version, tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(copy / MODULE / "versions.tf", root)
    (root / "main.tf").write_text(
        f"""
        variable "chart_version" {{ type = string }}
        module "service" {{
          source        = "{copy / MODULE}"
          name          = "hello"
          namespace     = "hello"
          chart         = "oci://{registry}/charts/morrow"
          chart_version = var.chart_version
          values        = [file("{copy}/environments/base.yaml")]
        }}
        """
    )
    ok(terraform(root, "init", "-input=false"))

    def plan(version: str) -> subprocess.CompletedProcess[str]:
        given = f"-var=chart_version={version}"
        return terraform(root, "plan", "-input=false", "-no-color", given)

    for version in ("1.0.0", "1.1.0"):
        said = ok(plan(version))
        assert f'"chart oci://{registry}/charts/morrow:{version} values' in said
    missing = plan("2.0.0")
    assert missing.returncode == 1
    assert "2.0.0" in missing.stderr
