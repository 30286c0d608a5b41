"""up, down, status and logs of a process: the real service, started by the real command."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from morrow.tool.cli.group import group
from morrow.tool.load.load import Load
from morrow.tool.load.result import Options
from tests.unit.tool.elsewhere import ELSEWHERE
from tests.unit.tool.local_service import LocalService, local_service
from tests.unit.tool.test_every_command import leaves

needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LocalService]:
    with local_service(tmp_path / "a project") as made:
        yield made


def test_a_life(shop: LocalService) -> None:
    before = shop.morrow("status", "local", "--json")
    assert (before.code, before.answer["running"]) == (1, False)

    first = shop.morrow("up", "local")
    assert first.code == 0, first
    url = f"http://127.0.0.1:{shop.http}/"
    probes = f"http://127.0.0.1:{shop.admin}/readyz"
    assert f"service  {url}" in first.out
    assert f"probes   {probes}" in first.out
    after_next = first.out.partition("next:\n")[2].splitlines()
    assert [line.split()[0] for line in after_next] == ["curl", "morrow", "morrow"]
    assert shop.get() == "one hello"

    again = shop.morrow("up", "local")
    assert again.code == 0
    assert "already runs" in again.out
    pid = shop.morrow("status", "local", "--json").answer["pid"]
    assert f"(pid {pid})" in first.out
    assert f"(pid {pid})" in again.out

    shop.write("two", greeting="world")
    assert "files have changed" in shop.morrow("status", "local").out
    second = shop.morrow("up", "local", "--json")
    assert (second.code, second.answer["result"]) == (0, "took-over")
    assert second.answer["pid"] != pid
    assert second.answer["url"] == url
    assert shop.get() == "two world"
    assert shop.processes() == [second.answer["pid"]]

    status = shop.morrow("status", "local", "--json")
    assert status.code == 0
    assert status.answer["ready"] is True
    assert status.answer["current"] is True
    assert "ready" in shop.morrow("status", "local").out

    logs = shop.morrow("logs", "local", "-n", "2")
    assert (logs.code, len(logs.out.splitlines())) == (0, 2)
    assert '"serving"' in logs.out
    assert len(shop.morrow("logs", "local", "--json").answer["lines"]) >= 2

    down = shop.morrow("down", "local", "--json")
    assert (down.code, down.answer["stopped"]) == (0, [second.answer["pid"]])
    assert shop.processes() == []
    assert shop.morrow("status", "local").code == 1
    assert "does not run" in shop.morrow("down", "local").out
    assert shop.morrow("logs", "local").code == 0, "logs stay after the end"


def test_a_new_version_and_a_new_config_take_over_without_a_lost_request(
    shop: LocalService,
) -> None:
    assert shop.morrow("up", "local").code == 0
    with Load(Options(f"http://127.0.0.1:{shop.http}/", rate=50, status=200)) as load:
        for answer, greeting in (("two", "hello"), ("two", "world"), ("three", "again")):
            shop.write(answer, greeting=greeting)
            load.mark(f"{answer} {greeting}")
            assert shop.morrow("up", "local", "--json").answer["result"] == "took-over"
            assert shop.get() == f"{answer} {greeting}"
        load.mark("after")
        time.sleep(1)
    result = load.result
    assert len(result.events) == 4
    assert result.requests >= 150
    assert not result.failures, result.summary()


def test_a_rotation_reaches_the_process_that_serves(shop: LocalService) -> None:
    old = shop.morrow("up", "local", "--json").answer["pid"]
    told = shop.morrow("secrets", "rotate", "local", "--json")
    assert (told.code, told.answer["revision"]) == (0, "2"), told
    status = shop.morrow("status", "local", "--json").answer
    assert (status["secrets_revision"], status["current"]) == ("2", True)
    assert status["pid"] != old
    assert json.loads(shop.get(shop.admin, "/info"))["secrets_revision"] == "2"
    values = [(shop.state / f"secrets-{n}" / "API_TOKEN").read_text() for n in (1, 2)]
    assert values[0] != values[1], "the old one stays, and the new one is new"
    text = (shop.folder / "environments" / "local.yaml").read_text()
    assert 'secrets: {provider: generated, revision: "2", keys: [API_TOKEN]}' in text


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


def test_a_taken_port_is_named_with_its_holder_and_a_mend_that_works(shop: LocalService) -> None:
    with socket.create_server(("127.0.0.1", shop.http)):
        refused = shop.morrow("up", "local", "--json")
        assert refused.code == 2
        found = refused.problem
        assert (found["code"], found["object"]) == ("port-taken", f"port {shop.http}")
        if sys.platform == "linux":
            assert f"(pid {os.getpid()})" in found["cause"]
        assert shop.processes() == []
        by_make = shop.morrow("up", "local", MAKELEVEL="1")
        assert re.search(r"fix: make up PORT=\d+", by_make.err)
        words = found["fix"].split()
        assert words[:3] == ["morrow", "up", "local"]
        assert shop.morrow(*words[1:]).code == 0
    assert shop.get(int(words[-1])) == "one hello"
    kept = shop.morrow("up", "local")
    assert "already runs" in kept.out, "without --port it stays where it is"


def test_a_taken_admin_port_gives_way(shop: LocalService) -> None:
    with socket.create_server(("127.0.0.1", shop.admin)):
        done = shop.morrow("up", "local")
    assert done.code == 0
    assert f"port {shop.admin} is taken; the probes are on" in done.err


def test_another_port_moves_the_service(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    moved = shop.morrow("up", "local", "--port", str(port), "--json")
    assert moved.answer["url"] == f"http://127.0.0.1:{port}/"
    assert shop.get(port) == "one hello"
    assert shop.processes() == [moved.answer["pid"]]


def test_settings_are_judged_before_anything_starts(shop: LocalService) -> None:
    shop.write(config="  GREETNG: x")
    refused = shop.morrow("up", "local", "--json")
    assert refused.code == 2
    assert {p["object"] for p in refused.answer["problems"]} == {"GREETNG"}
    assert not shop.state.exists()


def test_refused_settings_name_the_variable_the_file_and_the_fix(shop: LocalService) -> None:
    shop.write(greeting="", declared=False)
    failed = shop.morrow("up", "local", "--json")
    assert failed.code == 2, "the application is a Service, which says what it reads"
    found = failed.problem
    assert (found["code"], found["object"]) == ("settings-missing", "GREETING")
    assert re.search(r"environments/local\.yaml:\d+", found["details"][0])
    assert shop.processes() == []


@pytest.mark.parametrize(
    ("broken", "options", "code", "said"),
    [
        ({"start": 'raise OSError("no route to the shelf")'}, (), "process-crashed", "shelf"),
        (
            {
                "more": '@service.check("shelf", every=1, failures=1, critical=True)\n'
                'def shelf():\n    raise OSError("shelf is empty")\n'
            },
            ("--timeout", "4"),
            "process-never-ready",
            "raised OSError",
        ),
    ],
)
def test_a_bad_version_leaves_the_old_one_serving(
    shop: LocalService,
    broken: dict[str, str],
    options: tuple[str, ...],
    code: str,
    said: str,
) -> None:
    old = shop.morrow("up", "local", "--json").answer["pid"]
    shop.write("two", **broken)  # type: ignore[arg-type]
    failed = shop.morrow("up", "local", "--json", *options)
    assert failed.code == 1
    assert (found := failed.problem)["code"] == code
    if code == "process-crashed":
        assert not found["details"][-1].startswith("{"), "for people"
        assert "raised: OSError: no route" in found["cause"]
        assert "Traceback (most recent call last):" in found["details"]
    assert "the old process serves on" in found["cause"]
    assert said in " ".join(found["details"])
    assert found["fix"].startswith(("tail .morrow/local/", "fix what"))
    assert shop.get() == "one hello"
    assert shop.processes() == [old]
    shop.write("three")
    assert shop.morrow("up", "local").code == 0
    assert shop.get() == "three hello"


def test_a_process_killed_from_outside_is_started_again(shop: LocalService) -> None:
    shop.morrow("up", "local")
    for pid in shop.processes():
        os.killpg(pid, 9)
    assert shop.morrow("status", "local").code == 1
    assert shop.morrow("up", "local").code == 0
    assert shop.get() == "one hello"


def test_a_number_that_another_process_took_over_is_left_alone(shop: LocalService) -> None:
    shop.morrow("up", "local")
    shop.morrow("down", "local")
    for file in shop.state.glob("*/pid"):
        file.write_text(str(os.getpid()))
        os.utime(file, (1_000_000_000, 1_000_000_000))  # long before this process began
    assert shop.morrow("status", "local", "--json").answer["running"] is False
    assert shop.morrow("down", "local", "--json").answer["stopped"] == []
    for file in shop.state.glob("*/pid"):
        file.unlink()


STEPS = [
    ("replace.folders_of", "before"),
    ("replace.folders_of", "after"),
    ("state.Runs.add", "after"),
    ("replace.spawn", "after"),
    ("replace.wait_ready", "after"),
    ("state.Runs.mark_served", "after"),
    ("state.Runs.prune", "before"),
]

DIE = """
import os, signal
from morrow.tool.targets.process import replace, state
place, name = "{step}".rsplit(".", 1)
owner = eval(place)
real = getattr(owner, name)
def dying(*words, **more):
    if "{when}" == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*words, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dying)
from morrow.tool.cli.main import main
main()
"""


def test_a_first_start_killed_at_any_step_converges(shop: LocalService) -> None:
    for step, when in STEPS[1:5]:
        killed = shop.morrow("up", "local", main=DIE.format(step=step, when=when))
        assert killed.code == -9, f"{step} was not reached: {killed}"
        again = shop.morrow("up", "local")
        assert again.code == 0, (step, again)
        assert shop.get() == "one hello"
        assert len(shop.processes()) == 1, f"{step}: nothing is left behind"
        assert shop.morrow("down", "local").code == 0


def test_a_take_over_killed_at_any_step_converges(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    before = "one"
    for number, (step, when) in enumerate(STEPS):
        shop.write(f"version{number}")
        killed = shop.morrow("up", "local", main=DIE.format(step=step, when=when))
        assert killed.code == -9, f"{step} was not reached: {killed}"
        assert shop.get() in (f"{before} hello", f"version{number} hello"), "somebody serves"
        again = shop.morrow("up", "local")
        assert again.code == 0, (step, again)
        assert shop.get() == f"version{number} hello"
        assert len(shop.processes()) == 1, f"{step}: nothing is left behind"
        before = f"version{number}"
    assert "already runs" in shop.morrow("up", "local").out


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    with local_service(tmp_path / ("deep" * 20) / ("deeper" * 15)) as shop:
        assert shop.morrow("up", "local").code == 0
        shop.write("two")
        assert shop.morrow("up", "local", "--json").answer["result"] == "took-over"
        assert shop.get() == "two hello"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "local", "--plan", "pyproject.toml"), "--plan is for a cluster"),
        (("logs", "local", "-f", "--json"), "choose one"),
        (("up", "lokal"), "did you mean 'local'?"),
        (("up", "local", "--port", "0"), "--port"),
    ],
)
def test_wrong_use_is_refused(shop: LocalService, words: tuple[str, ...], said: str) -> None:
    told = shop.morrow(*words)
    assert told.code == 2
    assert said in told.err + told.out


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


def test_a_start_that_was_killed_before_its_log_hides_no_other(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    assert shop.morrow("down", "local").code == 0
    (shop.state / "2").mkdir()
    run = (shop.state / "1" / "run.json").read_text().replace('"number": 1', '"number": 2')
    (shop.state / "2" / "run.json").write_text(run)
    logs = shop.morrow("logs", "local")
    assert (logs.code, '"serving"' in logs.out) == (0, True), logs


def test_what_stands_under_env_reaches_the_process(shop: LocalService) -> None:
    file = shop.folder / "environments" / "local.yaml"
    text = file.read_text()
    file.write_text(text.replace("config:\n", "env:\n"))
    up = shop.morrow("up", "local")
    assert up.code == 0, up
    assert shop.get() == "one hello"
    assert shop.morrow("status", "local", "--json").answer["current"] is True
    file.write_text(text.replace("config:\n", "env:\n").replace('"hello"', '"other"'))
    planned = shop.morrow("plan", "local", "--detailed-exitcode")
    assert planned.code == 2
    assert 'settings.GREETING: "hello" -> "other"' in planned.out
    reference = "env: {GREETING: {fieldRef: {fieldPath: status.podIP}}}"
    file.write_text(text.replace('config:\n  GREETING: "hello"', reference))
    refused = shop.morrow("up", "local", "--json")
    assert (refused.code, refused.problem["code"]) == (2, "settings-missing")
