"""An encrypted file in a stranger's hands: editors that fail, rules that do not fit. Real sops."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from morrow.tool.base.files import draft_folder, draft_of
from tests.unit.tool import sealing
from tests.unit.tool.command import MORROW
from tests.unit.tool.sealing import Sealed

SET = ("secrets", "set", "local", "API_TOKEN")
CANARY = "canary-5d0e-never-shown"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Sealed]:
    made = Sealed(tmp_path / "project", sealing.identity(tmp_path / "me.txt"))
    yield made
    drafts = [one for one in made.folder.rglob(".*") if one.name.startswith(".local.")]
    assert drafts == [], "no draft is left"


def editor(folder: Path, script: str) -> str:
    file = folder / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


WRONG = {
    "exit 3": "editor-failed",
    "kill -9 $$": "editor-failed",
    ': >"$1"': "editor-failed",
    'echo "API_TOKEN: [" >"$1"': "editor-failed",
    'echo "API_TOKEN: 5" >"$1"': "secrets-shape",
    'echo "API_TOKEN: 2030-01-02" >"$1"': "secrets-shape",
    'echo "API_TOKEN:" >"$1"': "secret-incomplete",
    'echo "API_TOKEM: a" >>"$1"': "secrets-unknown-key",
}


def test_an_editor_that_goes_wrong_changes_nothing(shop: Sealed, tmp_path: Path) -> None:
    assert shop.morrow(*SET, stdin="first").code == 0
    before = shop.before
    for script, code in WRONG.items():
        told = shop.morrow("secrets", "edit", "local", "--json", EDITOR=editor(tmp_path, script))
        assert (told.code, told.problem["code"]) == (2, code), (script, told)
        assert shop.before == before, f"{script}: both files are as before"
    good = editor(tmp_path, 'sed -i s/first/second/ "$1"')
    told = shop.morrow("secrets", "edit", "local", EDITOR=good)
    assert (told.code, shop.before == before) == (0, False), "the control"


def test_what_is_no_encrypted_file_is_not_opened(shop: Sealed, tmp_path: Path) -> None:
    """Sops would open an example of its own where there is no file."""
    opens = editor(tmp_path, f"touch {tmp_path}/opened")
    for text, code in ((None, "secrets-file-missing"), ("API_TOKEN: a\n", "secrets-plain")):
        if text is not None:
            shop.file.write_text(text)
        for verb in ("edit", "rekey"):
            told = shop.morrow("secrets", verb, "local", "--json", EDITOR=opens)
            assert (told.code, told.problem["code"]) == (2, code), (verb, told)
    assert not (tmp_path / "opened").exists()


def test_an_encrypted_file_that_is_broken_is_not_called_plain(shop: Sealed) -> None:
    assert shop.morrow(*SET, stdin="first").code == 0
    text = shop.file.read_text()
    broken = text.replace("sops:", "<<<<<<< HEAD\nsops:")
    shop.file.write_text(broken)
    for words in (SET, ("secrets", "check")):
        told = shop.morrow(*words, "--json", stdin="second")
        assert (told.code, told.problem["code"]) == (2, "secrets-altered"), told
        assert "no YAML any more, line " in told.problem["cause"]
        assert "git checkout" in told.problem["fix"]
    assert shop.file.read_text() == broken
    shop.file.write_text(text)
    assert shop.morrow("secrets", "check").code == 0, "the control"


def test_an_identity_that_cannot_be_read_is_named_with_the_reason(
    shop: Sealed, tmp_path: Path
) -> None:
    assert shop.morrow(*SET, stdin="first").code == 0
    bad = tmp_path / "bad.txt"
    bad.write_text("AGE-SECRET-KEY-1NONSENSE\n")
    for file, why in ((bad, "malformed secret key"), (tmp_path / "no.txt", "no such file")):
        shop.who = sealing.Identity(file, "")
        told = shop.morrow(*SET, "--json", stdin="second")
        assert (told.code, told.problem["code"]) == (2, "secrets-no-identity"), told
        assert why in told.problem["cause"]


def test_a_rule_that_hides_only_some_keys_writes_no_value(shop: Sealed) -> None:
    """A rule for Kubernetes' own files is what many projects have, and it fits every file."""
    rules = shop.folder / ".sops.yaml"
    good = rules.read_text()
    for rule in ("encrypted_regex: ^(data|stringData)$", "unencrypted_regex: TOKEN"):
        rules.write_text(f"{good}    {rule}\n")
        told = shop.morrow(*SET, "--json", stdin=CANARY)
        assert (told.code, told.problem["code"]) == (2, "secrets-rule"), told
        assert "API_TOKEN" in told.problem["cause"]
        assert not shop.file.exists()
    rules.write_text(good)
    assert shop.morrow(*SET, stdin=CANARY).code == 0, "the control"
    assert CANARY not in shop.file.read_text()


def test_a_key_that_the_files_own_rule_leaves_open_gets_no_value(shop: Sealed) -> None:
    rules = shop.folder / ".sops.yaml"
    rules.write_text(f"{rules.read_text()}    encrypted_regex: ^API\n")
    assert shop.morrow(*SET, stdin="first").code == 0
    shop.settings.write_text(shop.settings.read_text().replace("[API_TOKEN]", "[API_TOKEN, OTHER]"))
    source = shop.folder / "source" / "shop.py"
    source.write_text(
        source.read_text().replace("token: Secret", "token: Secret\n    other: Secret")
    )
    before = shop.before
    told = shop.morrow("secrets", "set", "local", "OTHER", "--json", stdin=CANARY)
    assert (told.code, told.problem["code"]) == (2, "secrets-rule"), told
    assert (shop.before, CANARY in told.out + told.err) == (before, False)


UNUSABLE = (
    "creation_rules: [",
    "creation_rules: [{path_regex: '[', age: AGE}]",
    "creation_rules: [{age: age1notakey}]",
    "creation_rules: [{age: AGE, kms: 'arn:aws:kms:none'}]",
)


def test_a_rule_that_cannot_be_used_is_named(shop: Sealed) -> None:
    file = shop.folder / ".sops.yaml"
    assert shop.who is not None
    before = shop.settings.read_bytes()
    for rules in UNUSABLE:
        file.write_text(rules.replace("AGE", shop.who.recipient))
        told = shop.morrow(*SET, "--json", stdin=CANARY)
        assert (told.code, told.problem["code"]) == (2, "secrets-rule"), (rules, told)
        assert ".sops.yaml" in told.problem["fix"]
        assert shop.settings.read_bytes() == before


def test_the_first_rule_that_fits_decides_and_each_recipient_opens_it(
    shop: Sealed, tmp_path: Path
) -> None:
    other = sealing.identity(tmp_path / "other.txt")
    assert shop.who is not None
    (shop.folder / ".sops.yaml").write_text(
        "creation_rules:\n"
        f"  - {{path_regex: 'prod[.]secrets', age: {other.recipient}}}\n"
        f"  - {{path_regex: 'local[.]secrets', age: '{shop.who.recipient},{other.recipient}'}}\n"
        f"  - age: {other.recipient}\n"
    )
    assert shop.morrow(*SET, stdin="first").code == 0
    assert len(re.findall(r"recipient: age1", shop.file.read_text())) == 2
    shop.who = other
    assert shop.morrow(*SET, stdin="second").code == 0
    assert shop.morrow("doctor", "local").code == 0


def test_a_draft_that_a_killed_command_left_goes_with_the_next_change(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    ours, dates = ".file.morrow-", {".file.20261130", f".file.{gone.pid}", f".file.{10**20}"}
    names = {"gone": f"{ours}{gone.pid}", "lives": f"{ours}{os.getppid()}", "theirs": ".file.swp"}
    for name in {*names.values(), f"{ours}{10**20}", *dates}:
        (tmp_path / name).touch()
    with draft_of(tmp_path / "file") as draft:
        draft.write_text("new")
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"file", names["lives"], names["theirs"], f"{ours}{10**20}", *dates}


def test_a_draft_in_memory_goes_when_nobody_edits_it_any_more(shop: Sealed, tmp_path: Path) -> None:
    """The command is killed, its editor lives on: what is typed there is not taken away."""
    memory = tmp_path / "memory"
    memory.mkdir()
    there = {"MORROW_MEMORY": str(memory)}
    assert shop.morrow(*SET, stdin="first").code == 0
    lives = editor(tmp_path, f'echo $$ >{tmp_path}/pid; while test -e "$1"; do sleep 0.1; done')
    child = subprocess.Popen(
        [*MORROW, "secrets", "edit", "local"],
        stdin=subprocess.DEVNULL,
        cwd=shop.folder,
        env={**os.environ, **sealing.variables(shop.who), **there, "EDITOR": lives},
    )
    wait_until((tmp_path / "pid").exists)
    child.kill()
    child.wait()
    (draft,) = memory.glob("*/edit-*")
    again = ("secrets", "edit", "local")
    assert shop.morrow(*again, EDITOR="true", **there).code == 0
    assert draft.is_dir(), "the control: somebody still edits it"
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    wait_until(lambda: shop.morrow(*again, EDITOR="true", **there).code or not draft.exists())
    assert not draft.exists()


def test_two_edits_that_begin_at_once_take_nothing_from_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one begins where the first one's folder is made and not yet held."""
    monkeypatch.setenv("MORROW_MEMORY", str(tmp_path))
    makes = tempfile.mkdtemp
    began: list[threading.Thread] = []

    def edits() -> None:
        with draft_folder("edit"):
            pass

    def slow(prefix: str, dir: Path) -> str:
        made = makes(prefix=prefix, dir=dir)
        if not began:
            began.append(threading.Thread(target=edits))
            began[0].start()
            began[0].join(1)
        return made

    monkeypatch.setattr(tempfile, "mkdtemp", slow)
    with draft_folder("edit") as folder:
        began[0].join(30)
        assert not began[0].is_alive()
        assert folder.is_dir()
    assert not list(tmp_path.glob("*/edit-*"))


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)
