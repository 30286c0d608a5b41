"""What the tool's tests share: Helm, and a project of a test's own."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from tools.build import UnavailableError, program

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def helm() -> Path:
    """The pinned Helm; without one the test is skipped, in CI it fails."""
    try:
        return program("helm")
    except UnavailableError as problem:
        if os.environ.get("CI") == "true":
            pytest.fail(str(problem))
        pytest.skip(str(problem))


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose chart is ours and whose environments are two small files."""
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.morrow]\nchart = "{ROOT / "chart"}"\nterraform = "tf"\n'
    )
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "base.yaml").write_text(
        textwrap.dedent(
            """\
            name: shop
            image: {repository: registry.example.com/shop, tag: "1"}
            config:
              LEVEL: INFO
              SIZE: "10"
            """
        )
    )
    (folder / "dev.yaml").write_text(
        textwrap.dedent(
            """\
            environment: dev
            target: {kind: kubernetes, context: dev, namespace: shop-dev, delivery: helm}
            config:
              LEVEL: DEBUG
            """
        )
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path
