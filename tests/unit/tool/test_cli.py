"""Manners: lazy help, text and JSON and exit code of each command, 80 columns."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from morrow import __version__
from morrow.tool.base.errors import Failure, table
from morrow.tool.base.terminal import Terminal, format_table
from morrow.tool.cli.catalogue import COMMANDS
from morrow.tool.cli.group import group
from morrow.tool.programs import runner
from tests.unit.tool.command import MORROW, morrow
from tests.unit.tool.pseudo_terminal import shown_by

ESCAPE = re.compile(r"\x1b\[")
ROOT = Path(__file__).resolve().parents[3]
CHART = ROOT / "chart"


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


def test_env_show_in_text_and_json(project_folder: Path) -> None:
    code, out, _ = morrow("env", "show", "dev")
    assert code == 0
    assert re.search(r"^config\.LEVEL +DEBUG +environments/dev\.yaml:4$", out, re.MULTILINE)
    assert re.search(r"^config\.SIZE +10 +environments/base\.yaml:5$", out, re.MULTILINE)
    assert all(len(line) <= 80 for line in out.splitlines())
    code, out, _ = morrow("env", "show", "dev", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["values"]["config"] == {"LEVEL": "DEBUG", "SIZE": "10"}
    assert answer["origin"]["config.LEVEL"] == "environments/dev.yaml:4"
    code, out, _ = morrow("env", "show", "dev", "--defaults", "--json")
    assert json.loads(out)["origin"]["drain"] == str(CHART / "values.yaml")
    # A chart that is the project's own is named as people type it.
    shutil.copytree(CHART, project_folder / "charts" / "web")
    (project_folder / "pyproject.toml").write_text('[tool.morrow]\nchart = "charts/web"\n')
    code, out, _ = morrow("env", "show", "dev", "--defaults")
    assert re.search(r"^drain +5 +charts/web/values\.yaml$", out, re.MULTILINE)


def test_env_show_names_mistakes_and_exits_2(project_folder: Path) -> None:
    file = project_folder / "environments" / "dev.yaml"
    file.write_text(file.read_text() + "replcias: 1\n")
    code, out, err = morrow("env", "show", "dev")
    assert code == 2
    assert "config.LEVEL" in out
    assert "error environment-key: replcias" in err
    assert "  fix: edit environments/dev.yaml:5: replicas instead of replcias" in err
    code, out, _ = morrow("env", "show", "dev", "--json")
    assert code == 2
    assert json.loads(out)["problems"][0]["code"] == "environment-key"


def test_env_new_makes_a_file_once(project_folder: Path) -> None:
    code, out, _ = morrow("env", "new", "qa", "--from", "dev", "--json")
    assert code == 0
    assert json.loads(out)["made"] == ["environments/qa.yaml"]
    code, out, err = morrow("env", "new", "qa", "--from", "dev")
    assert (code, out) == (2, "")
    assert "error environment-exists: qa" in err


def test_settings_in_text_and_json(project_folder: Path) -> None:
    (project_folder / "shop.py").write_text(
        "from morrow import Secret, Settings, setting\n"
        "class Shop(Settings):\n"
        "    'What the shop reads.'\n"
        "    size: int = setting(7, maximum=50, help='Items on a page.')\n"
        "    token: Secret\n"
    )
    code, out, _ = morrow("settings", "shop:Shop")
    assert code == 0
    assert re.search(r"^SIZE +integer +7 +Items on a page\. \(at most 50\)$", out, re.MULTILINE)
    assert re.search(r"^TOKEN +secret +required", out, re.MULTILINE)
    code, out, _ = morrow("settings", "shop:Shop", "--json")
    assert json.loads(out)["properties"]["TOKEN"]["x-morrow-secret"] is True
    code, _, err = morrow("settings", "shop:Nothing")
    assert code == 2
    assert "settings-unreadable" in err


def test_plan_of_a_process_in_text_json_and_exit_code(project_folder: Path) -> None:
    (project_folder / "environments" / "here.yaml").write_text(
        "environment: here\ntarget: {kind: process}\n"
    )
    code, out, _ = morrow("plan", "here")
    assert (code, out.splitlines()[0]) == (0, "process/shop  + starts")
    code, out, _ = morrow("plan", "here", "--json", "--detailed-exitcode")
    assert code == 2
    assert json.loads(out)["action"] == "start"
    code, _, err = morrow("plan", "nowhere", "--detailed-exitcode")
    assert code == 1, err


def test_commands_are_shown_when_asked(project_folder: Path) -> None:
    (project_folder / "shop.py").write_text(
        "from morrow import Settings\nclass Shop(Settings):\n    'Nothing.'\n    a: int = 1\n"
    )
    _, _, err = morrow("settings", "shop:Shop", "--show-commands")
    assert re.search(r"^\$ python\S* -m morrow schema shop:Shop$", err, re.MULTILINE)
    _, _, err = morrow("settings", "shop:Shop")
    assert "$ python" not in err


def test_an_unexpected_error_is_wrapped_without_its_message(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from morrow.tool.cli.group import group\n"
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


def test_a_table_fits_its_width() -> None:
    rows = [("key", "a value of many words that goes on and on beyond the width of the line")]
    lines = format_table(("name", "meaning"), rows, 40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[0] == "name  meaning"
    assert lines[2].startswith("      ")


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


def test_run_serves_in_this_very_process_and_passes_its_options_on(project_folder: Path) -> None:
    (project_folder / "bare.py").write_text(
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [b'served']\n"
    )
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"MORROW_PORT": one.getsockname()[1], "MORROW_ADMIN_PORT": two.getsockname()[1]}
    environment = {**os.environ, **{name: str(port) for name, port in ports.items()}}
    child = subprocess.Popen([*MORROW, "run", "bare:app"], env=environment)
    try:
        for _ in range(600):
            try:
                url = f"http://127.0.0.1:{ports['MORROW_ADMIN_PORT']}/info"
                with urllib.request.urlopen(url, timeout=5) as answer:
                    info = json.load(answer)
                break
            except OSError:
                assert child.poll() is None
                time.sleep(0.1)
        assert info["pid"] == child.pid  # the server took the command's place
        with urllib.request.urlopen(
            f"http://127.0.0.1:{ports['MORROW_PORT']}/", timeout=5
        ) as answer:
            assert answer.read() == b"served"
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def test_run_needs_an_app(project_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MORROW_ADMIN_PORT", "0")
    code, _, err = morrow("run")
    assert code == 2
    assert 'name APP, or add app = "module:attribute" to [tool.morrow]' in err
    code, out, err = morrow("run", "no_such_module:app")
    assert code != 0
    assert "no_such_module" in out + err


def test_a_group_without_a_verb_shows_its_help() -> None:
    code, out, err = morrow("secrets")
    assert (code, out) == (2, "")
    assert err.startswith("Usage: morrow secrets")
    assert "error" not in err


def test_a_file_that_cannot_be_written_is_named(project_folder: Path) -> None:
    file = project_folder / "environments" / "here.yaml"
    file.write_text("environment: here\ntarget: {kind: process}\n")
    (project_folder / ".morrow").write_text("a file where a folder should be")
    code, out, _ = morrow("down", "here", "--json")
    assert code == 0  # it never ran: nothing is written
    code, out, _ = morrow("up", "here", "--json")
    (problem,) = json.loads(out)["problems"]
    assert (code, problem["code"]) == (1, "file-failed")
    assert problem["object"] == str(project_folder / ".morrow")
    assert problem["fix"].startswith(f"ls -ld {project_folder}")


def test_a_plan_of_a_process_makes_no_file(project_folder: Path) -> None:
    file = project_folder / "environments" / "here.yaml"
    file.write_text("environment: here\ntarget: {kind: process}\n")
    code, out, err = morrow("plan", "here", "--out", "x.plan")
    assert (code, out) == (2, "")
    assert "--out is for a cluster" in err
    assert not (project_folder / "x.plan").exists()
