"""What the builders are told of time; each is a stand-in that writes down its words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from morrow.tool.programs.builder import Builder, Order

STAND_IN = """\
#!{python}
import pathlib, sys
if sys.argv[1:] == ["build", "--help"]:
    print("{knows}")
else:
    pathlib.Path(__file__).with_name("words").write_text(" ".join(sys.argv[1:]))
"""
TIMES = ("--timestamp", "--rewrite-timestamp", "--build-arg")


@pytest.mark.parametrize(
    ("name", "knows", "made_at", "words"),
    [
        ("buildah", "--timestamp int", "17", ["--build-arg", "--timestamp"]),
        # Newer ones take the argument for the time, and refuse the older word beside it.
        ("podman", "--rewrite-timestamp", "17", ["--build-arg", "--rewrite-timestamp"]),
        ("docker", "", "17", ["--build-arg"]),
        ("buildah", "--timestamp int", "", []),
    ],
)
def test_each_builder_is_told_the_time_in_its_own_words(
    name: str,
    knows: str,
    made_at: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / name
    program.write_text(STAND_IN.format(python=sys.executable, knows=knows))
    program.chmod(0o755)
    monkeypatch.setenv(f"MORROW_{name.upper()}", str(program))
    file = tmp_path / "Dockerfile"
    Builder(name).build(Order(tmp_path, file, "x", {}, made_at), push=False)
    said = (tmp_path / "words").read_text().split()
    assert [word for word in said if word in TIMES] == words
    assert ("SOURCE_DATE_EPOCH=17" in said) is bool(made_at)
