"""Secrets in an encrypted file, with the real sops and age, for a process of this machine."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.terraform.aws import account as accounts
from tests.unit.tool import sealing
from tests.unit.tool.sealing import Identity, Sealed

CANARY = 'canary-71c2 "never" shown/+'
SHAPES = {
    CANARY.encode(),
    base64.b64encode(CANARY.encode()),
    json.dumps(CANARY)[1:-1].encode(),
    quote(CANARY, safe="").encode(),
}


@pytest.fixture
def who(tmp_path: Path) -> Identity:
    return sealing.identity(tmp_path / "me.txt")


@pytest.fixture
def shop(tmp_path: Path, who: Identity) -> Iterator[Sealed]:
    made = Sealed(tmp_path / "project", who)
    try:
        yield made
    finally:
        if made.processes():
            made.morrow("down", "local")


def leaks(folder: Path) -> list[str]:
    """Name the files below a folder in which the canary stands, in any of its shapes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [str(f) for f in files if any(shape in f.read_bytes() for shape in SHAPES)]


def test_a_value_is_sealed_delivered_and_nowhere_else(shop: Sealed, tmp_path: Path) -> None:
    told = shop.morrow("secrets", "set", "local", "API_TOKEN", "--show-commands", stdin=CANARY)
    assert told.code == 0, told
    written, made = told.err.index("secrets.revision: "), told.err.index("$ sops encrypt")
    assert written < made, "a file that outlives a kill never holds values of no revision"
    up = shop.morrow("up", "local", "--show-commands")
    assert up.code == 0, up
    assert shop.get() == "one hello"
    listed = shop.morrow("secrets", "list", "local", "--json").answer
    assert listed["keys"] == [{"name": "API_TOKEN", "set": True}]
    pid = shop.processes()[0]
    environ = Path(f"/proc/{pid}/environ").read_bytes()
    held = Path(re.search(rb"MORROW_SECRETS_DIR=([^\0]+)", environ)[1].decode())  # type: ignore[index]
    assert held.parts[:3] == ("/", "dev", "shm")
    assert (held / "API_TOKEN").read_text() == CANARY
    assert (held / "API_TOKEN").stat().st_mode & 0o777 == 0o600
    said = told.out + told.err + up.out + up.err
    assert not any(shape.decode() in said for shape in SHAPES)
    assert not any(shape in environ for shape in SHAPES)
    assert leaks(tmp_path) == []
    assert shop.morrow("down", "local").code == 0
    assert not held.exists(), "what was decrypted is gone from memory"
    assert shop.morrow("secrets", "rotate", "local").code == 0
    assert not held.parent.exists(), "nothing runs, so nothing is decrypted"
    (tmp_path / "planted").write_bytes(base64.b64encode(CANARY.encode()))
    assert leaks(tmp_path) == [str(tmp_path / "planted")], "the control"


def test_a_rotation_rolls_out_and_a_bad_value_ends_with_the_old_one_serving(shop: Sealed) -> None:
    shop.write(start="assert not settings.api_token.reveal().startswith('bad')")
    shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="good")
    assert shop.morrow("up", "local").code == 0
    old = shop.processes()
    told = shop.morrow("secrets", "rotate", "local", "--json")
    assert (told.code, told.answer["revision"]) == (0, "3"), told
    new = shop.processes()
    assert new != old
    before = shop.before
    told = shop.morrow("secrets", "set", "local", "API_TOKEN", "--json", stdin="bad-one")
    assert (told.code, told.problem["code"]) == (1, "process-crashed"), told
    assert "the old process serves on" in told.problem["cause"]
    assert "new in secrets revision 4: API_TOKEN" in told.problem["details"]
    assert "bad-one" not in told.out + told.err
    assert shop.before == before, "both files say again what serves"
    assert (shop.processes(), shop.get()) == (new, "one hello")
    told = shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="good again")
    assert told.code == 0, told


def test_a_value_that_the_service_refuses_changes_nothing(shop: Sealed) -> None:
    source = shop.folder / "source" / "shop.py"
    text = source.read_text().replace("api_token: Secret", "api_token: Url")
    source.write_text(text.replace("import Secret,", "import Url,"))
    good = "postgres://me:word@db.example.com/shop"
    assert shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=good).code == 0
    before = shop.before
    told = shop.morrow("secrets", "set", "local", "API_TOKEN", "--json", stdin=CANARY)
    assert (told.code, told.problem["code"], told.problem["object"]) == (
        2, "secret-refused", "API_TOKEN",
    )  # fmt: skip
    assert CANARY not in told.out + told.err
    assert shop.before == before


def test_an_editor_changes_it_in_memory(shop: Sealed, tmp_path: Path) -> None:
    shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="first")
    assert shop.morrow("up", "local").code == 0
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/where\nsed -i s/first/second/ "$1"\n')
    editor.chmod(0o755)
    told = shop.morrow("secrets", "edit", "local", "--json", EDITOR=str(editor))
    assert (told.code, told.answer["revision"]) == (0, "3"), told
    draft = Path((tmp_path / "where").read_text().strip())
    assert draft.parts[:3] == ("/", "dev", "shm")
    assert not draft.parent.parent.exists()
    told = shop.morrow("secrets", "edit", "local", "--json", EDITOR="true")
    assert (told.code, told.answer["revision"]) == (0, "3"), "nothing changed: no new revision"
    told = shop.morrow("secrets", "edit", "local", "--json", MORROW_MEMORY=str(tmp_path / "no"))
    assert (told.code, told.problem["code"]) == (2, "no-memory")


def test_without_an_editor_and_a_terminal_none_is_opened(shop: Sealed, tmp_path: Path) -> None:
    """Sops would take vim, which waits for ever and writes the value where a log is."""
    shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=CANARY)
    vim, opened = tmp_path / "vim", tmp_path / "opened"
    vim.write_text(f"#!/bin/sh\ntouch {opened}\n")
    vim.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    none = {"EDITOR": "", "SOPS_EDITOR": "", "PATH": path}
    told = shop.morrow("secrets", "edit", "local", "--json", **none)
    assert (told.code, told.problem["code"]) == (2, "editor-failed"), told
    assert not opened.exists()
    assert shop.morrow("secrets", "edit", "local", **{**none, "EDITOR": "vim"}).code == 0
    assert opened.exists(), "the control"


def test_a_file_that_can_be_read_is_refused_everywhere(shop: Sealed) -> None:
    shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=CANARY)
    assert shop.morrow("secrets", "check").code == 0, "the control"
    sealed = shop.file.read_text()
    half = re.sub(r"^API_TOKEN: .*$", "API_TOKEN: open", sealed, flags=re.MULTILINE)
    for text in ("API_TOKEN: open\n", half, "[1]"):
        shop.file.write_text(text)
        for words in (("secrets", "check"), ("up", "local")):
            told = shop.morrow(*words, "--json")
            assert (told.code, told.problem["code"]) == (2, "secrets-plain"), (text, told)
    told = shop.morrow("secrets", "check", str(shop.settings), "--json")
    assert told.problem["code"] == "secrets-plain", "any file that is named"


def test_an_empty_file_is_as_good_as_none(shop: Sealed) -> None:
    shop.file.write_text("\n")
    told = shop.morrow("up", "local", "--json")
    assert told.problem["code"] == "secrets-file-missing", told
    assert shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=CANARY).code == 0
    assert "ENC[" in shop.file.read_text()


def test_doctor_names_what_is_wrong_with_the_file(
    shop: Sealed, who: Identity, tmp_path: Path
) -> None:
    def found() -> dict[str, str]:
        checks = shop.morrow("doctor", "local", "--json").answer["checks"]
        return {c["problem"]["code"]: c["problem"]["cause"] for c in checks if c["problem"]}

    assert "secrets-file-missing" in found()
    shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=CANARY)
    assert found() == {}, "the control"
    sealed = shop.file.read_text()
    other = sealing.identity(tmp_path / "other.txt")
    shop.who = other
    assert who.recipient in found()["secrets-no-identity"]
    shop.who = who
    shop.file.write_text(sealed.replace("API_TOKEN:", "API_TOKN:"))
    assert "did you mean 'API_TOKEN'" in found()["secrets-unknown-key"]
    assert "API_TOKEN" in found()["secret-incomplete"]
    shop.file.write_text(re.sub(r'lastmodified: "20\d\d', 'lastmodified: "2001', sealed))
    assert "secrets-altered" in found()
    shop.file.write_text(sealed)
    sealing.rule(shop.folder, other.recipient)
    told = found()["secrets-recipients"]
    assert other.recipient in told or who.recipient in told
    told_rekey = shop.morrow("secrets", "rekey", "local", "--json")
    assert told_rekey.answer["removed"] == [who.recipient]
    assert told_rekey.answer["added"] == [other.recipient]
    assert "secrets-no-identity" in found(), "who left opens it no longer"
    shop.who = other
    assert found() == {}
    (shop.folder / ".sops.yaml").unlink()
    shop.file.unlink()
    told_set = shop.morrow("secrets", "set", "local", "API_TOKEN", "--json", stdin="x")
    assert told_set.problem["code"] == "secrets-no-rule"


def test_a_key_of_aws_opens_it_too(shop: Sealed, tmp_path: Path) -> None:
    """KMS is moto's: not AWS. It can't show that a disabled key opens nothing."""
    with accounts.running(tmp_path / "aws") as account:
        key = account.ask("kms", "create_key")["KeyMetadata"]["Arn"]
        sealing.rule(shop.folder, key, kind="kms")
        shop.who = None
        there = account.environment
        told = shop.morrow("secrets", "set", "local", "API_TOKEN", stdin=CANARY, **there)
        assert told.code == 0, told
        assert shop.morrow("doctor", "local", **there).code == 0
        assert leaks(shop.folder) == []
        told = shop.morrow("doctor", "local", "--json")
        found = next(c["problem"] for c in told.answer["checks"] if c["state"] == "fail")
        assert (found["code"], key in found["cause"]) == ("secrets-no-identity", True)
