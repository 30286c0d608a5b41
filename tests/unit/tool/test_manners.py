"""Ctrl-C at any moment, words that can be typed, and errors of YAML in plain words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morrow.tool.base import terminal as terminal_module
from morrow.tool.base.errors import problem
from morrow.tool.base.terminal import Terminal, format_table, typed
from morrow.tool.deliver import progress
from morrow.tool.diagnose.view import View
from morrow.tool.environment.yaml import read
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result

# Sends itself Ctrl-C when a module is about to be imported.
STOP = """
import os, signal, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {when!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop())
"""
TOOL = "from morrow.tool.cli.main import main; main(['plan', 'nowhere'])"
KIT = (
    "import runpy; sys.argv[1:] = ['no_such:app']; runpy.run_module('morrow', run_name='__main__')"
)


@pytest.mark.parametrize(
    "when",
    ["morrow.tool.base.terminal", "morrow.tool.cli.edge", "click", "dataclasses",
     "morrow.tool.cli.options", "morrow.tool.cli.commands.plan", "yaml",
     "morrow.tool.environment.model"],
)  # fmt: skip
def test_ctrl_c_at_any_import_is_answered_without_a_traceback(when: str) -> None:
    script = STOP.format(when=when) + TOOL
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done
    assert "error interrupted: morrow plan nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("when", ["morrow.kit.serving.serve", "json", "morrow.kit.request.logs"])
def test_ctrl_c_before_the_server_has_started_shows_no_traceback(when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOP.format(when=when) + KIT],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_word_too_much_for_the_server_is_named() -> None:
    words = (sys.executable, "-m", "morrow", "shop:service", "--bad")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no such option: --bad\nusage:")


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("a:\n\tb: 1\n", 2, "the line is indented by a tab; YAML takes spaces only"),
        ("a:\n  b: 1\n\tc: 2\n", 3, "the line is indented by a tab; YAML takes spaces only"),
        ("a: @x\n", 1, "a value cannot begin with @: quote it"),
        ("a: b: c\n", 1, "a `:` where no key can be: quote the value, or fix the indentation"),
        ("a: [1\n", 2, "a `[` is not closed by `]`"),
        ("a: {b: 1\n", 2, "a `{` is not closed by `}`"),
        ("a: 'x\n", 2, "a quote is not closed"),
        ("- a\nb: 1\n", 2, "a key stands where the list above goes on: fix the indentation"),
        ("a: 1\n  b: 2\n", 2, "a `:` where no key can be"),
    ],
)
def test_what_yaml_refuses_is_said_in_plain_words(
    tmp_path: Path, text: str, line: int, cause: str
) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(text)
    (found,) = read(file, "dev.yaml").problems
    assert (found.code, found.object) == ("environment-syntax", f"dev.yaml:{line}")
    assert found.cause.startswith(cause)


@pytest.mark.parametrize("said", ['context "qa" does not exist', "cannot locate context qa"])
def test_a_context_that_is_not_there_is_told_once_with_every_fix(said: str) -> None:
    done = Result(("kubectl", "get"), 1, "", f"error: {said}\n")
    found = Kubectl("qa", "shop", "environments/qa.yaml").failure(done).problems[0]
    assert (found.code, found.cause) == ("context-missing", said)
    for way in ("--context NAME", "MORROW_CONTEXT=NAME", "target.context in environments/qa.yaml"):
        assert way in found.fix
    assert found.details == ()


def test_a_context_of_aws_that_is_not_there_is_told_with_what_makes_it() -> None:
    arn = "arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/live"
    done = Result(("kubectl", "get"), 1, "", f'error: context "{arn}" does not exist\n')
    (found,) = Kubectl(arn, "shop", "environments/live.yaml").failure(done).problems
    told = "aws eks update-kubeconfig --region us-gov-west-1 --name live makes it"
    assert found.details == (told,)


def test_what_is_on_path_decides_how_the_command_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / ".venv" / "bin" / "morrow"
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for called in (str(own), ".venv/bin/morrow"):
        monkeypatch.setattr(sys, "argv", [called, "up"])
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        assert typed() == ".venv/bin/morrow"
        fix = problem("release-missing", "qa", "none", environment="qa").fix
        assert fix == ".venv/bin/morrow up qa"
        monkeypatch.setenv("PATH", f"{own.parent}:/bin")
        assert typed() == "morrow"
        assert problem("release-missing", "qa", "none", environment="qa").fix == "morrow up qa"
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert typed() == "morrow"


def test_no_text_says_how_to_type_the_command_but_by_typed() -> None:
    """A command that is told as a fix or a next step comes from the table or from `typed`."""
    folder = Path(terminal_module.__file__).parent
    verbs = "doctor|plan|up|status|logs|verify|rollback|down|secrets|env|explain|settings"
    pattern = re.compile(rf"""f["'][^"'`]*\bmorrow ({verbs})\b""")
    found = [
        f"{file.name}: {line.strip()}"
        for file in folder.rglob("*.py")
        for line in file.read_text().splitlines()
        if pattern.search(line) and "lock.held" not in line
    ]
    assert found == []
    assert pattern.search('terminal.say(f"next: morrow up {label}")')  # the control


def test_the_width_is_the_terminals_also_when_only_one_output_is_one() -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 57, 0, 0))
        with open(theirs, "w", closefd=False) as shown, open(os.devnull, "w") as piped:  # noqa: PTH123
            for out, err, wanted in ((shown, piped, 57), (piped, shown, 57), (piped, piped, 80)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.delenv("COLUMNS", raising=False)
                    assert Terminal(out, err).width == wanted
                    patch.setenv("COLUMNS", "33")
                    assert Terminal(out, err).width == 33
    finally:
        os.close(ours)
        os.close(theirs)


def test_colour_takes_no_room_in_a_table() -> None:
    rows = [("\x1b[31mfail\x1b[0m", "kinds", "one two three four five six seven eight")]
    plain = format_table(("", "check", "found"), [("fail", *rows[0][1:])], 30)
    painted = format_table(("", "check", "found"), rows, 30)
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == plain
    assert plain.splitlines()[2].startswith(" " * 13)


def test_a_wait_that_is_explained_in_turns_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pod = {"metadata": {"name": "web-1"}}
    pulls, backs_off = "waits: Failed to pull the image", "waits: Back-off pulling the image"
    states = iter([pulls, backs_off, pulls, backs_off, "ready", "runs, not ready yet", "ready"])
    monkeypatch.setattr(progress, "new_pods", lambda view: [pod])
    monkeypatch.setattr(progress, "newest_replicaset", lambda view: None)
    monkeypatch.setattr(progress, "pod_state", lambda pod, view: next(states))
    watched = progress.Progress(Kubectl("lab", "shop"))
    for _ in range(7):
        watched.show(View())
    said = [line.removeprefix("  web-1: ") for line in capsys.readouterr().err.splitlines()]
    assert said == [pulls, backs_off, "ready", "runs, not ready yet", "ready"]


# A rollout with a fault from the first look, while helm would go on for 8 s, and a thread that
# renews the lock. Both programs are stood in for by Python.
FAULT = """
import sys, threading, time
from morrow.tool.cli.edge import group
from morrow.tool.cli.main import main
from morrow.tool.deliver import rollout
from morrow.tool.programs import runner
from morrow.tool.diagnose.view import View
from morrow.tool.cluster.place import Place
from morrow.tool.base.errors import problem
from morrow.tool.programs.kubectl import Kubectl
rollout.PERIOD = 0.1
rollout.Rollout._look = lambda self: View()
rollout.Rollout._judge = lambda self, view: problem(
    "never-ready", "Pod web-1", "it answers 503", file="f", up="morrow up dev"
)
ended = []
def renews():
    ended.append(runner.run("kubectl", "-c", "import time; time.sleep(2)").code)
other = threading.Thread(target=renews)
def work(*words, **options):
    other.start()
    with rollout.Rollout(Kubectl("lab", "shop"), Place("dev", "f", "web", "shop"), interrupt={on}):
        time.sleep({late})
        done = runner.run("helm", "-c", "import time; time.sleep(8)")
    assert other.join() is None and ended == [0], "only helm is ended"
    sys.exit(0 if done.code else 3)
group.main = work
main(["up"])
"""


@pytest.mark.parametrize(("on", "late", "code"), [(True, 0, 0), (True, 0.5, 0), (False, 0, 3)])
def test_a_fault_ends_what_applies_also_in_the_background(on: bool, late: float, code: int) -> None:
    def in_background() -> None:
        """As a shell starts a job with `&` in a script."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = subprocess.run(
        [sys.executable, "-c", FAULT.format(on=on, late=late)],
        preexec_fn=in_background,
        env={**os.environ, "MORROW_HELM": sys.executable, "MORROW_KUBECTL": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done
    assert done.stderr.count("never-ready: Pod web-1: it answers 503") == 1
