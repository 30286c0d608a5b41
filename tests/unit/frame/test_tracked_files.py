"""What stands in the repository: no registry's host, no path of a machine, pins with hashes."""

from __future__ import annotations

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.unit.frame import machine
from tests.unit.frame.repository import ROOT, tracked

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOGETHER = {*PROJECT["project"]["optional-dependencies"], "hello", "build"}
# The others are programs with an environment of their own.
APART = {file.stem for file in REQUIREMENTS} - TOGETHER


def test_no_tracked_file_names_a_registry_or_a_path_of_this_machine() -> None:
    words = machine.registry_hosts() | machine.folders(ROOT)
    found = machine.findings(tracked(), words)
    assert not found, "\n".join(f"{f.file.relative_to(ROOT)}:{f.line}: {f.what}" for f in found)


def test_the_search_sees_what_is_planted(tmp_path: Path) -> None:
    hosts = machine.hosts(
        ["index-url = https://user:pw@index.example.com/simple", "proxy.example.org|direct\n"]
    )
    assert hosts == {"index.example.com", "proxy.example.org"}
    planted = tmp_path / "requirements.txt"
    planted.write_text(f"a==1\n--index-url https://index.example.com/simple\n# {ROOT}/src\n")
    found = machine.findings([planted], hosts | machine.folders(ROOT))
    assert [f.line for f in found] == [2, 3]
    assert found[0].what == "index.example.com"
    assert f"{ROOT}/".startswith(found[1].what)


def test_this_machines_clients_name_at_least_one_registry() -> None:
    assert machine.registry_hosts()


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_by_hash(file: Path) -> None:
    entries = re.split(r"\n(?=\S)", file.read_text().strip())
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry, re.IGNORECASE), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda path: path.name)
def test_no_requirement_file_writes_an_address(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"^--?(i|index|extra-index|find-links|f)\b", text, re.MULTILINE)
    assert "://" not in text


def test_every_extra_and_the_build_backend_is_locked() -> None:
    assert {file.stem for file in REQUIREMENTS} >= TOGETHER
    script = (ROOT / "requirements" / "lock.sh").read_text()
    for name in APART:
        assert re.search(
            rf"^(python=\S+ )?lock {name} requirements/{name}\.in\b", script, re.MULTILINE
        ), name
    build = (ROOT / "requirements" / "build.txt").read_text()
    for name in PROJECT["build-system"]["requires"]:
        assert re.search(rf"^{re.escape(name)}==", build, re.MULTILINE), name


def test_the_smaller_files_agree_with_the_one_that_holds_everything() -> None:
    def pins(file: Path) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", file.read_text(), re.MULTILINE))

    everything = pins(ROOT / "requirements" / "dev.txt")
    for file in REQUIREMENTS:
        if file.stem not in APART:
            assert pins(file) <= everything, file.name


def test_no_tracked_file_is_what_git_ignores() -> None:
    listed = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--ignored",
            "--exclude-standard",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed == ""


def test_the_builder_is_sent_what_the_image_copies_and_nothing_else() -> None:
    dockerfile = (ROOT / "apps" / "hello" / "Dockerfile").read_text()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    assert sorted(f"!{path}" for line in copies for path in line.split()) == sorted(ignored[1:-1])
    assert ignored[-1] == "**/__pycache__"


def test_no_two_test_modules_have_one_name() -> None:
    """Pytest imports them by their bare name: the second would not even be collected."""
    names = [path.name for path in tracked("tests/**/test_*.py", "apps/**/test_*.py")]
    assert len(names) > 30
    assert sorted(names) == sorted(set(names))


def conflicts(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("<" * 7 + " ", ">" * 7 + " "))]


def test_no_tracked_file_holds_what_a_merge_left() -> None:
    assert [file for file in tracked() if conflicts(file.read_text(errors="replace"))] == []
    assert conflicts("<" * 7 + " HEAD\nours\n"), "the control"


def _watched(ecosystem: str) -> list[str]:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    own = [one for one in updates if one["package-ecosystem"] == ecosystem]
    return [path for one in own for path in one.get("directories") or [one["directory"]]]


@pytest.mark.parametrize(
    ("ecosystem", "patterns"),
    [
        ("pip", ("requirements/*.txt",)),
        ("gomod", ("*go.mod",)),
        ("terraform", ("terraform/*.tf",)),
        ("docker", ("*Dockerfile",)),
    ],
)
def test_what_pins_a_version_is_watched_for_newer_ones(
    ecosystem: str, patterns: tuple[str, ...]
) -> None:
    folders = {f"/{file.parent.relative_to(ROOT)}" for file in tracked(*patterns)}
    assert folders
    watched = _watched(ecosystem)
    assert [one for one in folders if not any(fnmatch(one, path) for path in watched)] == []
    assert not any(fnmatch("/elsewhere", path) for path in watched)


def _unpinned(text: str) -> list[str]:
    used = re.findall(r"(?m)^\s*(?:- )?uses: *(\S+)", text)
    return [one for one in used if not re.fullmatch(r"\./\S+|\S+@[0-9a-f]{40}", one)]


def test_every_action_is_pinned_by_hash() -> None:
    workflows = tracked(".github/workflows/*.yml")
    assert workflows
    assert {file.name: _unpinned(file.read_text()) for file in workflows} == {
        file.name: [] for file in workflows
    }
    assert _unpinned("steps:\n  - uses: actions/checkout@v4\n") == ["actions/checkout@v4"]
