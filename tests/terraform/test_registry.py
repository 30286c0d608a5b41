"""A chart in a registry: a real registry on loopback, asked by the provider while it plans."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.terraform.chart_registry import push, registry
from tests.terraform.fixtures import Run
from tests.terraform.test_module import MODULE, ok

__all__ = ["registry"]


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
