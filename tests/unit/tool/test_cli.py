"""Manners: lazy help, text and JSON and exit code of each command, 80 columns."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from morrow import __version__
from morrow.tool.base.errors import Failure, table
from morrow.tool.base.terminal import Terminal, format_table
from morrow.tool.cli.catalogue import COMMANDS, GROUPS
from morrow.tool.cli.edge import group
from morrow.tool.programs import runner
from tests.unit.tool.command import MORROW, morrow
from tests.unit.tool.pseudo_terminal import shown_by

ESCAPE = re.compile(r"\x1b\[")


def test_help_names_every_command_and_imports_none() -> None:
    script = (
        "import sys\n"
        "from morrow.tool.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert not end.code\n"
        "print('LOADED', *sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    text, loaded = done.stdout.split("LOADED")
    for name, (told, _) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(told)}$", text, re.MULTILINE), name
    assert all(len(line) <= 80 for line in text.splitlines())
    modules = set(loaded.split())
    heavy = {"yaml", "jsonschema", "subprocess", "tomllib", "asyncio", "json"}
    heavy |= {"click", "dataclasses", "inspect", "importlib.metadata", "re", "typing"}
    assert heavy & modules == set()
    assert not any(name.startswith("morrow.tool.cli.commands") for name in modules)
    assert not any(name.startswith("morrow.kit") for name in modules)
    assert "morrow.tool.cli.main" in modules  # the control


def test_the_first_line_is_said_before_anything_is_imported() -> None:
    script = (
        "import sys\n"
        "def loaded(text): print('LOADED', text, *sys.modules); raise KeyboardInterrupt\n"
        "from morrow.tool.base.terminal import terminal\n"
        "terminal.status = loaded\n"
        "from morrow.tool.cli.main import main\n"
        "main(['plan', 'dev'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    text, modules = done.stdout.split("\n")[0].split("…")
    assert text == "LOADED planning dev "
    assert {"click", "yaml", "dataclasses", "typing"} & set(modules.split()) == set()


def test_the_overview_is_the_one_that_click_would_print() -> None:
    _, out, _ = morrow("--help")
    _, again, _ = morrow("plan", "--help")
    assert out.splitlines()[2] == f"  {group.help}"
    assert again.startswith("Usage: morrow plan [OPTIONS] ENVIRONMENT")  # click's own, alike
    assert morrow()[0::2] == (2, out)
    assert morrow("-h")[:2] == (0, out)
    assert morrow("--version")[:2] == (0, f"morrow, version {__version__}\n")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_in_80_columns(name: str) -> None:
    code, out, _ = morrow(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: morrow {name}")
    assert all(len(line) <= 80 for line in out.splitlines()), out


def test_wrong_use_exits_2_and_says_what_was_meant() -> None:
    code, out, err = morrow("plna", "dev")
    assert (code, out) == (2, "")
    assert "error usage: morrow" in err
    assert "there is no command 'plna'; did you mean 'plan'?" in err
    code, out, _ = morrow("plan", "--json")
    assert code == 2
    (problem,) = json.loads(out)["problems"]
    assert (problem["code"], problem["object"]) == ("usage", "morrow plan")
    assert "ENVIRONMENT" in problem["cause"]
    assert problem["fix"] == "morrow plan --help"
    assert "fix: morrow env new --help" in morrow("env", "new", "qa")[2]
    assert "fix: morrow up --help" in morrow("up", "dev", "--timeout")[2]


def test_explain_tells_a_row_in_text_and_json() -> None:
    code, out, _ = morrow("explain", "plan-stale")
    assert code == 0
    assert table()["plan-stale"].summary in out
    code, out, _ = morrow("explain", "plan-stale", "--json")
    assert json.loads(out)["exit"] == 2
    code, out, _ = morrow("explain", "--json")
    assert json.loads(out) == {name: row.summary for name, row in table().items()}
    code, _, err = morrow("explain", "plan-stlae")
    assert code == 2
    assert "did you mean 'plan-stale'?" in err


def test_an_unexpected_error_is_wrapped_without_its_message(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from morrow.tool.cli.edge import group\n"
        "from morrow.tool.cli.main import main\n"
        "def broken(*a, **k): raise ValueError('s3cr3t')\n"
        "group.main = broken\n"
        "main(['plan', 'dev'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "error internal-error: morrow plan" in done.stderr
    assert "ValueError in <string>:4" in done.stderr
    assert "MORROW_TRACEBACK=1" in done.stderr
    assert "s3cr3t" not in done.stderr + done.stdout


def in_a_terminal(*words: str, folder: Path, **variables: str) -> str:
    """Run in a pseudo terminal and return all that it shows."""
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **variables}
    for name in ("CI", "NO_COLOR"):
        if name not in variables:
            environment.pop(name, None)
    _, shown = shown_by([*MORROW, *words], folder, environment)
    return shown


def test_colour_and_movement_only_on_a_terminal(project_folder: Path) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text() + "replcias: 1\n")
    assert "\x1b[31merror" in in_a_terminal("env", "show", "dev", folder=project_folder)
    plain = in_a_terminal("env", "show", "dev", folder=project_folder, NO_COLOR="1")
    assert "\x1b[31m" not in plain
    assert not ESCAPE.search(
        in_a_terminal("env", "show", "dev", folder=project_folder, TERM="dumb")
    )
    _, out, err = morrow("env", "show", "dev")
    assert not ESCAPE.search(out + err)
    rewritten = "\r\x1b[2K"
    assert rewritten in in_a_terminal("env", "show", "dev", folder=project_folder)
    assert rewritten not in in_a_terminal("env", "show", "dev", folder=project_folder, CI="true")


@pytest.mark.parametrize("name", GROUPS)
def test_the_commands_of_a_group_are_told_in_whole_sentences(name: str) -> None:
    told = morrow(name, "--help", COLUMNS="80")[1].partition("Commands:\n")[2].splitlines()
    assert len(told) > 3
    assert [line for line in told if not line.endswith(".") or line.endswith("...")] == []


def test_a_number_that_is_none_is_called_so(project_folder: Path) -> None:
    assert "'abc' is not a valid number." in morrow("verify", "dev", "--load", "abc")[2]
    assert "'abc' is not a valid whole number." in morrow("scale", "dev", "abc")[2]


def test_a_table_fits_its_width() -> None:
    rows = [("key", "a value of many words that goes on and on beyond the width of the line")]
    lines = format_table(("name", "meaning"), rows, 40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[0] == "name  meaning"
    assert lines[2].startswith("      ")


def test_a_table_keeps_its_columns_under_their_headers() -> None:
    row = ("LOG_LEVEL", "DEBUG|INFO|WARNING|ERROR", "INFO", "The least level that is logged.")
    header = ("a variable's name", "kind", "default", "meaning")
    first, second, *_ = format_table(header, [row], 60).splitlines()
    assert second.index("INFO ") == first.index("default")


def test_a_table_with_a_wide_middle_fits_too(project_folder: Path) -> None:
    digest = f"sha256:{'0123456789abcdef' * 4}"
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text() + f'image: {{digest: "{digest}"}}\n')
    code, out, _ = morrow("env", "show", "dev", COLUMNS="80")
    assert code == 0
    wide = [line for line in out.splitlines() if len(line) > 80]
    assert [line.split() for line in wide] == [["image.digest", digest, "environments/dev.yaml:5"]]
    assert digest in morrow("env", "show", "dev", COLUMNS="160")[1], "the control: there is room"


def test_status_is_repeated_where_it_cannot_be_rewritten(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w+") as err:
        terminal = Terminal(err=err)
        terminal.status("one")
        terminal.status("one")
        terminal.say("two")
        err.seek(0)
        assert err.read() == "one\ntwo\n"


def test_a_program_that_is_missing_silent_or_broken_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Failure) as caught:
        runner.run("no-such-program")
    assert caught.value.problems[0].code == "program-missing"
    assert "MORROW_NO_SUCH_PROGRAM=/path/to" in caught.value.problems[0].fix
    monkeypatch.setenv("MORROW_NO_SUCH_PROGRAM", sys.executable)
    done = runner.run("no-such-program", "-c", "import sys; print(1); sys.exit('oh')")
    assert (done.code, done.out, done.last_error) == (1, "1\n", "oh")
    assert done.failure().problems[0].cause == "exit code 1: oh"
    with pytest.raises(Failure) as caught:
        runner.run("no-such-program", "-c", "import time; time.sleep(60)", timeout=0.2)
    assert caught.value.problems[0].code == "program-silent"
    lines: list[str] = []
    told = "import sys; print(sys.stdin.read()); print('b', file=sys.stderr)"
    runner.run("no-such-program", "-c", told, input="a", on_line=lines.append)
    assert sorted(lines) == ["a", "b"]


def test_a_group_without_a_verb_shows_its_help() -> None:
    code, out, err = morrow("secrets")
    assert (code, out) == (2, "")
    assert err.startswith("Usage: morrow secrets")
    assert "error" not in err
