"""Commands in a project: what they print, as text and as JSON, and how they end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.unit.tool.command import MORROW, morrow

CHART = Path(__file__).resolve().parents[3] / "chart"


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
    assert err.count("shop has no Nothing") == 1, "a cause is said once"


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
