"""One key of a values file is edited; every other byte of the file stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from morrow.tool.base.project import Project
from morrow.tool.environment.edit import edited, write
from morrow.tool.environment.load import read

FILES = {
    "no secrets": "environment: dev  # mine\n",
    "block": 'name: x\nsecrets:  # where\n  keys: [A]\n  revision: "1"  # this\nconfig: {}\n',
    "block, unquoted": "secrets:\n  revision: 1 # this\n  keys: [A]\n",
    "block without": "secrets:\n    # a comment\n    keys: [A]\nconfig:\n  revision: stays\n",
    "flow": 'secrets: {provider: generated, revision: "1", keys: [A]}  # kept\nx: 1\n',
    "flow without": "secrets: {keys: [A, B]}\n",
    "flow in flow": "secrets: {external: {store: aws}, keys: [A]}  # kept\n",
    "flow, empty": "secrets: {}\n",
    "at the end": "config: {}\nsecrets:\n  keys: [A]",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_only_the_revision_changes(text: str) -> None:
    after = edited(text, "secrets", "revision", "7")
    wanted = yaml.safe_load(text)
    wanted["secrets"] = {**(wanted.get("secrets") or {}), "revision": "7"}
    assert yaml.safe_load(after) == wanted
    kept = [line for line in text.splitlines() if "revision" not in line and "secrets" not in line]
    assert [line for line in after.splitlines() if line in kept] == kept
    for comment in ("# mine", "# where", "# this", "# a comment", "# kept"):
        assert (comment in after) is (comment in text)


def test_twice_is_once() -> None:
    for text in FILES.values():
        once = edited(text, "secrets", "revision", "7")
        assert edited(once, "secrets", "revision", "7") == once


def test_a_word_needs_no_quotes_and_a_number_does() -> None:
    assert edited("", "target", "namespace", "shop-qa").endswith("target:\n  namespace: shop-qa\n")
    assert edited("", "target", "namespace", "no").endswith('  namespace: "no"\n')


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
@pytest.mark.parametrize("value", ["true", "null", 'a "b"', "back\\1slash", "ünï", None])
def test_a_text_stays_a_text(text: str, value: str | None) -> None:
    for before in (text, edited(text, "config", "MODE", "old")):
        after = yaml.safe_load(edited(before, "config", "MODE", value))
        assert after["config"]["MODE"] == value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_file_keeps_the_ends_of_its_lines(project_folder: Path, end: str) -> None:
    file = project_folder / "environments" / "dev.yaml"
    before = FILES["block"].replace("name: x", "environment: dev").replace("\n", end).encode()
    file.write_bytes(before)
    write(read(Project.find(), "dev"), "secrets", {"revision": "7"})
    assert file.read_bytes() == before.replace(b'"1"', b'"7"')
