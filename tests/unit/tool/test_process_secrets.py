"""No command shows a secret of a process."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from morrow.tool.cli.edge import group
from tests.unit.tool.elsewhere import ELSEWHERE
from tests.unit.tool.local_service import LocalService
from tests.unit.tool.test_every_command import leaves

needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")


@needs_proc
def test_secrets_are_files_that_only_their_owner_reads(shop: LocalService) -> None:
    said = shop.morrow("up", "local", "--show-commands")
    file = shop.state / "secrets-1" / "API_TOKEN"
    value = file.read_text()
    assert len(value) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    told = [said.out, said.err, shop.morrow("status", "local", "--json").out]
    told += [shop.morrow("logs", "local").out, shop.get(shop.admin, "/info")]
    pid = shop.processes()[0]
    told += [Path(f"/proc/{pid}/{part}").read_text() for part in ("environ", "cmdline")]
    told += [f.read_text() for f in shop.state.rglob("*") if f.is_file() and f != file]
    assert not [text for text in told if value in text]
    assert value in file.read_text(), "the control: the search finds it where it is"
    assert shop.morrow("down", "local").code == 0
    assert shop.morrow("up", "local").code == 0
    assert file.read_text() == value, "made once"


# Writes down what each program is given: its arguments and its variables.
RECORDS = """
import sys
def record(event, what):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        with open("programs.txt", "a") as told:
            print(event, *what, file=told)
sys.addaudithook(record)
from morrow.tool.cli.main import main
main()
"""


def test_no_command_shows_a_secret_in_output_file_or_argument(shop: LocalService) -> None:
    canary = "canary-4b7a-never-shown"
    every = [
        ("secrets", "set", "local", "API_TOKEN"),
        ("settings",),
        ("env", "show", "local"),
        ("doctor", "local"),
        ("plan", "local"),
        ("up", "local"),
        ("status", "local"),
        ("logs", "local"),
        ("verify", "local", "--load", "5", "--for", "1s", "--report", "report.html"),
        ("verify", "local", "--during", "secret", "--load", "5"),
        ("secrets", "list", "local"),
        ("env", "new", "qa", "--from", "local"),
        ("secrets", "rotate", "local"),
        ("explain", "settings-exposed"),
        *((*one, "local") for one in (("history",), ("restart",), ("secrets", "status"))),
        ("plan", "local"),
        ("down", "local"),
    ]
    said = ""
    for number, words in enumerate(every):
        as_json = "--json" if number % 2 else "--show-commands"
        told = shop.morrow(*words, as_json, stdin=canary, main=RECORDS)
        assert told.code == 0, (words, told)
        said += told.out + told.err
        if words[0] == "up":
            (pid,) = shop.processes()
            said += Path(f"/proc/{pid}/cmdline").read_text() if Path("/proc/self").exists() else ""
    assert "$ python" in said
    assert canary not in said
    programs = (shop.folder / "programs.txt").read_text()
    assert "'-m', 'morrow', 'shop:service'" in programs
    assert "'MORROW_SECRETS_DIR': " in programs
    typed = [" ".join(words) for words in every]
    known = set(map(" ".join, leaves(group)))
    left_out = {leaf for leaf in known if not any(one.startswith(leaf) for one in typed)}
    assert left_out == ELSEWHERE, "no other command is left out"
    held = [f for f in shop.folder.rglob("*") if f.is_file() and canary in f.read_text("latin-1")]
    # The control: it stands where it must, for its owner alone, and nowhere else.
    assert held == [shop.state / "secrets-2" / "API_TOKEN"]
    assert stat.S_IMODE(held[0].stat().st_mode) == 0o600
