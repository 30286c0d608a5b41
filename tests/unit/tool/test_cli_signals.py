"""A command that is stopped: Ctrl-C, SIGTERM, a terminal that is closed."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Where these tests are run by nohup, a closed terminal would be ignored.
CHILD = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from morrow.tool.cli.edge import group
from morrow.tool.cli.main import main
from morrow.tool.programs import runner
def work(*a, **k):
    runner.run(sys.executable, "-c", '''
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *a: (time.sleep({slow}), print("rolled back"), sys.exit(3)))
print("begun", flush=True)
time.sleep(60)
''', on_line=lambda line: print(line, file=sys.stderr, flush=True))
group.main = work
main(["up"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_is_passed_on_and_waited_for(number: signal.Signals) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(slow=0.5)], stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    assert child.stderr.readline() == "begun\n"
    child.send_signal(number)
    assert "Ctrl-C again ends it at once" in child.stderr.readline()
    assert child.stderr.readline() == "rolled back\n"
    rest = child.stderr.read()
    assert child.wait(30) == 1
    assert "error interrupted" in rest
    assert "run the same command again" in rest


def test_a_closed_terminal_lets_the_program_roll_back(tmp_path: Path) -> None:
    """What was said after the terminal went is lost; what is done is not."""
    done = tmp_path / "done"
    text = CHILD.format(slow=0.5).replace('print("rolled back")', f'open("{done}", "x").close()')
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", text])  # noqa: S606 - no shell is wanted
    told = b""
    while b"begun" not in told:
        told += os.read(terminal, 1000)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert done.exists()


def test_a_second_ctrl_c_ends_at_once() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(slow=50)], stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    child.stderr.readline()
    child.send_signal(signal.SIGINT)
    child.stderr.readline()
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    rest = child.stderr.read()
    assert child.wait(30) == 1
    assert time.monotonic() - began < 40  # the program itself would take 50 s
    assert "error interrupted" in rest
