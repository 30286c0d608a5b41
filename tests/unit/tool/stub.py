"""A program of a test's own in place of a real one."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tools.environments import BASE_PYTHON


def stub(folder: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stand-in in a program's place; return the file in which it tells what it did."""
    told = folder / f"{name}.told"
    program = folder / name
    program.write_text(f"#!{BASE_PYTHON}\n" + textwrap.dedent(code).format(told=str(told)))
    program.chmod(0o755)
    monkeypatch.setenv(f"MORROW_{name.upper()}", str(program))
    return told
