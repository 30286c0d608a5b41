"""The one line of a rotation is edited; every other byte of the file stays."""

from __future__ import annotations

import pytest
import yaml

from morrow.tool.secrets_rotate import edited

FILES = {
    "no secrets": "environment: dev  # mine\n",
    "block": 'name: x\nsecrets:  # where\n  keys: [A]\n  revision: "1"  # this\nconfig: {}\n',
    "block, unquoted": "secrets:\n  revision: 1 # this\n  keys: [A]\n",
    "block without": "secrets:\n    # a comment\n    keys: [A]\nconfig:\n  revision: stays\n",
    "flow": 'secrets: {provider: generated, revision: "1", keys: [A]}  # kept\nx: 1\n',
    "flow without": "secrets: {keys: [A, B]}\n",
    "flow, empty": "secrets: {}\n",
    "at the end": "config: {}\nsecrets:\n  keys: [A]",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_only_the_revision_changes(text: str) -> None:
    after = edited(text, "7")
    wanted = yaml.safe_load(text)
    wanted["secrets"] = {**(wanted.get("secrets") or {}), "revision": "7"}
    assert yaml.safe_load(after) == wanted
    kept = [line for line in text.splitlines() if "revision" not in line and "secrets" not in line]
    assert [line for line in after.splitlines() if line in kept] == kept
    for comment in ("# mine", "# where", "# this", "# a comment", "# kept"):
        assert (comment in after) is (comment in text)


def test_twice_is_once() -> None:
    for text in FILES.values():
        assert edited(edited(text, "7"), "7") == edited(text, "7")
