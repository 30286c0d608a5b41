"""`python -m morrow worker` and `task`: any command, with checked settings and an honest end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.kit.processes import lives
from tests.unit.kit.served import HELLO, Served, environment, run, wait_for

SAYS = "echo plain; echo '{\"a\": 1}'; echo to-stderr >&2; printf unended"


def task(*words: str) -> subprocess.CompletedProcess[str]:
    return run("task", "--", *words, **HELLO)


def worker(*words: str, **env: str) -> Served:
    command = [sys.executable, "-m", "morrow", "worker", "--", *words]
    one = Served(command, environment(**HELLO, **env))
    one.told("running")
    return one


def test_a_task_passes_lines_on_and_ends_with_the_code_of_its_command() -> None:
    done = task("sh", "-c", SAYS + "; exit 3")
    assert done.returncode == 3
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"a": 1} in lines
    told = {(line.get("message"), line.get("stream")) for line in lines}
    assert {("plain", "stdout"), ("to-stderr", "stderr"), ("unended", "stdout")} <= told
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [(["true"], 0), (["sh", "-c", "kill -9 $$"], 137), (["sh", "-c", "kill -40 $$"], 168)],
)
def test_the_exit_code_is_the_command_s(words: list[str], code: int) -> None:
    assert task(*words).returncode == code


def test_a_command_that_is_not_there_is_named() -> None:
    done = task("no-such-program-here")
    assert done.returncode == 127
    assert "cannot run no-such-program-here" in done.stdout


@pytest.mark.parametrize("verb", ["worker", "task"])
def test_settings_are_checked_before_anything_runs(verb: str, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    env = {"MORROW_SERVICE": "hello.app:service", "MORROW_GRACE": "soon"}
    done = run(verb, "--", "touch", str(mark), **env)
    assert (done.returncode, mark.exists()) == (78, False)
    for name in ("SECRET_KEY", "API_BASE_URL", "MORROW_GRACE"):
        assert name in done.stdout


def test_nothing_to_run_is_wrong_use() -> None:
    assert run("worker", "--").returncode == 2
    assert run("worker", "celery").returncode == 2


def test_a_worker_has_probes_and_metrics_and_finishes_its_work() -> None:
    script = "trap 'sleep 0.5; echo finished; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    one = worker("sh", "-c", script)
    one.told("up")
    one.admin_port = _admin_port(one)
    assert (one.admin("/livez").status, one.admin("/readyz").status) == (200, 200)
    assert one.metric("morrow_command_up") == 1
    one.terminate()
    wait_for(lambda: one.admin("/readyz").status == 503, "not ready")
    assert one.admin("/livez").status == 200
    assert one.wait() == 0
    assert one.messages("finished")


def test_what_does_not_end_is_killed_with_its_children_and_said_to_be_lost() -> None:
    one = worker("sh", "-c", "trap '' TERM; echo up; sleep 60", MORROW_GRACE="500ms")
    one.told("up")
    one.terminate()
    assert one.wait() == 1
    assert one.messages("its work is lost")


def test_what_a_shell_ran_finishes_its_work_though_the_shell_has_ended() -> None:
    inner = "trap 'sleep 0.5; echo finished; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    one = worker("sh", "-c", f'sh -c "{inner}"; echo never')
    one.told("up")
    one.terminate()
    assert one.wait() == 143, "the shell's own"
    assert one.messages("finished")
    assert not one.messages("its work is lost")


def test_huey_is_told_by_sigint_and_other_signals_go_through(tmp_path: Path) -> None:
    program = tmp_path / "huey_consumer.py"
    program.write_text(
        "#!/bin/sh\ntrap 'echo got INT; exit 0' INT\ntrap 'echo got USR1' USR1\n"
        "echo up\nwhile :; do sleep 0.1; done\n"
    )
    program.chmod(0o755)
    one = worker(str(program), "shop.huey")
    one.told("up")
    one.process.send_signal(signal.SIGUSR1)
    one.told("got USR1")
    one.terminate()
    assert one.wait() == 0
    assert one.messages("got INT")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that")
def test_nothing_runs_on_when_its_supervisor_is_killed() -> None:
    one = worker("sh", "-c", "echo up $$; exec sleep 600")
    pid = int(one.told("up")[0]["message"].split()[1])
    try:
        assert Path(f"/proc/{pid}").exists()
        one.terminate(signal.SIGKILL)
        one.wait()
        wait_for(lambda: not lives(pid), "its end")
    finally:
        if lives(pid):
            os.kill(pid, signal.SIGKILL)


# A first process that waits for its own child only, as many a container's does.
FIRST = """
import ctypes, subprocess, signal, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans are its children
child = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
sys.exit(child.wait())
"""
# Leaves a zombie in the group of the shell, and stays out of it.
KEEPER = """
import os, time
group = os.getpgid(0)
os.setpgid(0, 0)
if (child := os.fork()) == 0:
    os.setpgid(0, group)
    os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # a zombie now, and it stays one
print("kept by", os.getpid(), flush=True)
time.sleep(600)
"""
ENDS_AT_TERM = "trap 'exit 0' TERM; {} & echo up; wait"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be inherited")
def test_orphans_that_nobody_waits_for_are_no_lost_work() -> None:
    morrow = [sys.executable, "-m", "morrow", "worker", "--"]
    command = [sys.executable, "-c", FIRST, *morrow, "sh", "-c", ENDS_AT_TERM.format("sleep 600")]
    one = Served(command, environment(**HELLO, MORROW_GRACE="3s"))
    one.told("up")
    one.terminate()
    assert one.wait() == 0
    assert not one.messages("its work is lost")


def test_after_it_was_killed_nothing_is_waited_for(tmp_path: Path) -> None:
    keeper = tmp_path / "keeper.py"
    keeper.write_text(KEEPER)
    script = ENDS_AT_TERM.format(f"{sys.executable} {keeper}")
    one = worker("sh", "-c", script, MORROW_GRACE="500ms")
    pid = int(one.told("kept by")[0]["message"].split()[2])
    try:
        one.terminate()
        assert one.wait() == 1
        assert lives(pid), "the control: the zombie was there to the end"
    finally:
        os.kill(pid, signal.SIGKILL)


def _admin_port(one: Served) -> int:
    port: int = one.messages("running")[0]["admin_port"]
    return port


CHECKED = """
from pathlib import Path
from morrow import Service, Settings
class Own(Settings):
    place: str
def app(environ, start_response): ...
service = Service(app, Own)
@service.check("queue", every=0.1, failures=1, critical=True, worker=True)
def queue(settings):
    if not Path(settings.place).exists():
        raise ConnectionError("no queue there")
@service.check("of the web process", every=0.1, failures=1, critical=True)
def web():
    raise RuntimeError("no application is built here")
"""


def test_a_worker_is_ready_by_the_checks_of_its_service_that_are_a_worker_s(
    tmp_path: Path,
) -> None:
    (tmp_path / "checked.py").write_text(CHECKED)
    (tmp_path / "pyproject.toml").write_text('[tool.morrow]\napp = "checked:service"\n')
    place = tmp_path / "queue"
    command = [sys.executable, "-m", "morrow", "worker", "--", "sh", "-c", "exec sleep 60"]
    one = Served(command, environment(PLACE=str(place), PWD=str(tmp_path)))
    one.told("running")
    one.admin_port = _admin_port(one)
    first = wait_for(
        lambda: "no queue" in (said := one.admin("/readyz")).text and said, "the first look"
    )
    # The web process's own check is not asked here.
    assert (first.status, list(first.json()["checks"])) == (503, ["queue"])
    assert one.admin("/livez").status == 200
    place.touch()
    wait_for(lambda: one.admin("/readyz").status == 200, "readiness")
    assert 'morrow_check_up{check="queue",critical="true"} 1' in one.admin("/metrics").text
    place.unlink()
    wait_for(lambda: one.admin("/readyz").status == 503, "the queue's end")
    one.terminate()
    assert one.wait() == 143
