"""Every command of the README: run here, on a cluster, by CI, or listed as needing Docker."""

from __future__ import annotations

import importlib
import re
import socket
import subprocess
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from morrow import Service
from tests.unit.frame import fresh_clone
from tests.unit.frame.fresh_clone import Clone, missing_lines
from tests.unit.frame.interpreters import python_without
from tests.unit.frame.markdown import Block, blocks
from tests.unit.frame.repository import ROOT
from tests.unit.frame.skips import cannot

BLOCKS = blocks((ROOT / "README.md").read_text())
SHELL = [block for block in BLOCKS if block.language == "sh"]
KINDS = ("local", "lab", "ci", "docker", "stranger")  # the last: test_package.py
LOCAL = [block for block in SHELL if block.marks.get("test") == "local"]


def test_every_block_says_how_it_is_tested() -> None:
    assert {block.language for block in BLOCKS} == {"sh", "text", "yaml", "python", "mermaid"}
    for block in SHELL:
        assert block.marks.get("test") in {*KINDS}, f"line {block.line}"
    for kind in KINDS:
        assert any(block.marks["test"] == kind for block in SHELL), kind


def test_an_output_block_stands_behind_the_block_that_prints_it() -> None:
    for before, block in pairwise(BLOCKS):
        if block.language == "text":
            assert "output" in block.marks
            assert before in LOCAL, f"line {block.line}"


def test_what_needs_docker_is_listed() -> None:
    for block in SHELL:
        if block.marks["test"] == "docker":
            subprocess.run(["bash", "-n", "-c", block.text], check=True)
            commands = "; ".join(block.text.strip().splitlines())
            warnings.warn(f"README.md:{block.line} needs Docker, not run: {commands}", stacklevel=1)


def test_what_ci_runs_is_run_by_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for block in SHELL:
        if block.marks["test"] == "ci":
            for line in block.text.strip().splitlines():
                assert re.search(rf"^stage \w+ {re.escape(line)}$", script, re.MULTILINE), line


def test_the_readme_names_only_verbs_that_make_knows() -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    readme = (ROOT / "README.md").read_text()
    code = [*re.findall(r"`([^`\n]+)`", readme), *(block.text for block in BLOCKS)]
    named = set(re.findall(r"\bmake ([a-z0-9-]+)", "\n".join(code)))
    assert named - known == set()
    assert named >= {"up", "down", "test", "e2e", "lint", "bench", "proof", "image"}


def test_the_example_service_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = next(block.text for block in BLOCKS if block.language == "python")
    (tmp_path / "readme_shop.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    shop = importlib.import_module("readme_shop")
    client = shop.create_app(shop.ShopSettings.load({"API_TOKEN": "t0ken"})).test_client()
    assert client.get("/").json == {"items": 20}
    assert isinstance(shop.service, Service)


@pytest.fixture(scope="module")
def clone() -> Iterator[Clone]:
    if fresh_clone.as_nobody() and not fresh_clone.nobody_has_python():
        cannot(
            "a fresh clone as a user who is not root", "nobody finds no Python >= 3.11 with venv"
        )
    with fresh_clone.fresh_clone() as made:
        yield made


@pytest.mark.timeout(1800)
def test_the_tour_runs_as_printed_in_a_fresh_clone(clone: Clone) -> None:
    for block, after in zip(BLOCKS, [*BLOCKS[1:], Block("", {}, "", 0)], strict=True):
        if block not in LOCAL:
            continue
        output = clone.run_block(block)
        if after.language == "text":
            lacking = missing_lines(clone.with_port(after.text), output)
            assert not lacking, f"README.md:{after.line} shows {lacking}, the output is\n{output}"


@pytest.mark.timeout(1800)
def test_up_typed_twice_a_taken_port_and_nothing_left_behind(clone: Clone) -> None:
    first = clone.run("make up")
    assert first.returncode == 0, first.stdout
    again = clone.run("make up")
    assert again.returncode == 0, again.stdout
    assert "already runs" in again.stdout
    down = clone.run("make down")
    assert down.returncode == 0, down.stdout

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = clone.run("make up", PORT=str(port))
    assert refused.returncode != 0
    assert f"port-taken: port {port}" in refused.stdout
    assert "make up PORT=" in refused.stdout

    made_by_the_tour = "git clean -fdq environments terraform"  # `env new qa`
    left = clone.run(f"{made_by_the_tour}; git status --porcelain")
    assert left.stdout == ""


@pytest.mark.timeout(1800)
def test_a_second_install_needs_neither_the_network_nor_the_interpreters_pip(clone: Clone) -> None:
    first = clone.run("requirements/install.sh")
    assert first.returncode == 0, first.stdout
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    python = str(python_without("pip", folder=clone.folder.parent))
    again = "rm -rf .venv; requirements/install.sh; .venv/bin/morrow --version"
    done = clone.run(again, PYTHON=python, **nowhere)
    assert done.returncode == 0, done.stdout
    assert "morrow, version" in done.stdout
    without_wheels = "rm .venv/installed; MORROW_CACHE=../none requirements/install.sh"
    refused = clone.run(without_wheels, PYTHON=python, **nowhere)
    assert refused.returncode != 0, refused.stdout


def test_the_output_check_sees_a_line_that_is_missing() -> None:
    output = "hello runs (pid 12)\n  service  http://127.0.0.1:5000/\n"
    assert missing_lines("hello runs (pid …)\n", output) == []
    assert missing_lines("hello runs (pid …)\n  probes …\n", output) == ["  probes …"]


@pytest.mark.parametrize("page", ["AGENTS.md", "CONTRIBUTING.md"])
def test_the_pages_for_contributors_name_only_verbs_that_make_knows(page: str) -> None:
    known = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z0-9-]+)", (ROOT / page).read_text()))
    assert len(named) > 4
    assert named - known == set()
