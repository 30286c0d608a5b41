"""The one runner of other programs.

How others use it: `run("kubectl", "get", "pods", input=None, timeout=30) -> Result`. The
program is `MORROW_KUBECTL` if set, else found on PATH. `--show-commands` prints each line.
Secrets go in by `input` only: arguments are shown and can be read by anybody. A call with
`on_line` streams both outputs line by line. The first Ctrl-C asks the program to end and waits
for it; the second kills.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal


@dataclass(frozen=True)
class Result:
    """What a program answered."""

    arguments: tuple[str, ...]  # with the program's plain name first
    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The command as one can type it."""
        return shlex.join(self.arguments)

    @property
    def last_error(self) -> str:
        """The last line that is not empty on stderr (or stdout), without the word "error"."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        last = lines[-1] if lines else f"exit code {self.code}"
        if last.startswith("{"):  # terraform's -json
            with suppress(ValueError):
                last = str(json.loads(last).get("@message", last))
        return last.removeprefix("Error: ").removeprefix("error: ")

    def failure(self) -> Failure:
        """Return the failure for an error that has no code of its own."""
        lines = tuple((self.err or self.out).strip().splitlines()[-8:])
        name, cause = self.arguments[0], f"exit code {self.code}: {self.last_error}"
        return Failure(problem("program-failed", name, cause, details=lines, command=self.line))


_running: dict[subprocess.Popen[str], str] = {}


def stop(name: str | None = None, *, kill: bool = False) -> bool:
    """Ask the programs of a name (or all) to end, or end them; return whether there was one."""
    children = [child for child, its in list(_running.items()) if name in (None, its)]
    for child in children:
        child.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
    return bool(children)


def find(name: str) -> str:
    """Return the program's path: MORROW_NAME, or PATH."""
    if "/" in name:
        return name
    variable = f"MORROW_{name.upper().replace('-', '_')}"
    named = os.environ.get(variable)
    path = shutil.which(named or name)
    if path is None:
        cause = f"{variable} names {named}, which is not a program" if named else "not on PATH"
        raise Failure(problem("program-missing", name, cause, program=name, variable=variable))
    return path


# The program's parent reads what we never write: when we are gone, even by SIGKILL, its read ends
# and it ends the program, which would go on for ever.
_WITH_US = '"$@" & exec >&- 2>&-; read -r _; kill $!'


def start(name: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a program that runs beside us; it ends when its standard input is closed."""
    path = find(name)
    terminal.command(f"{shlex.join((name, *arguments))} &")
    return subprocess.Popen(
        ["/bin/sh", "-c", _WITH_US, "sh", path, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def run(
    name: str,
    *arguments: str,
    input: str | None = None,
    timeout: float | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    bare: bool = False,
) -> Result:
    """Run a program to its end. The caller judges `code`; only time and absence raise.

    Its variables are ours and those given; `bare`: those given alone.
    """
    path = find(name)
    shown = (name.rsplit("/", 1)[-1], *arguments)
    terminal.command(shlex.join(shown) + (" < (standard input)" if input is not None else ""))
    child = subprocess.Popen(
        (path, *arguments),
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**({} if bare else os.environ), **(environment or {})},
        text=True,
        errors="replace",
        process_group=0,  # Ctrl-C reaches the child through us alone, once
    )
    _running[child] = shown[0]
    out: list[str] = []
    err: list[str] = []
    wrong: list[Exception] = []

    def show(line: str) -> None:
        if on_line is None or wrong:
            return
        try:
            on_line(line)
        except Exception as error:  # the reader of our output is gone, so nobody wants the rest
            wrong.append(error)
            child.terminate()

    readers = [
        threading.Thread(target=_read, args=(child.stdout, out, show), daemon=True),
        threading.Thread(target=_read, args=(child.stderr, err, show), daemon=True),
    ]
    helpers = list(readers)
    if input is not None:
        helpers.append(threading.Thread(target=_write, args=(child.stdin, input), daemon=True))
    try:
        interrupted = _wait(child, name, timeout, helpers)
    finally:
        del _running[child]
    for reader in readers:
        reader.join(5)
    if wrong:
        raise wrong[0]
    result = Result(shown, child.returncode, "".join(out), "".join(err))
    if interrupted == "signal":
        raise Failure(problem("interrupted", name, f"{name} was told to stop: {result.last_error}"))
    if interrupted == "time":
        cause, lines = f"did not end in {timeout:.0f} s", result.err.strip().splitlines()[-5:]
        raise Failure(
            problem("program-silent", name, cause, details=tuple(lines), command=result.line)
        )
    return result


def attach(
    name: str,
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program on this very terminal; return its exit code. Ctrl-C is its own business."""
    path = find(name)
    terminal.command(shlex.join((name.rsplit("/", 1)[-1], *arguments)))
    terminal.clear()
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(
            (path, *arguments), cwd=folder, env=environment, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _wait(
    child: subprocess.Popen[str], name: str, timeout: float | None, helpers: list[threading.Thread]
) -> str:
    """Wait for the end; return why it came early: "signal", "time" or nothing.

    All that takes time is done inside `try`: Ctrl-C comes when it likes.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    why, pass_on = "", False
    while True:
        try:
            for helper in helpers:
                if helper.ident is None:
                    helper.start()
            if pass_on:
                pass_on = False
                terminal.say(f"stopping {name} and waiting for it; Ctrl-C again ends it at once")
                child.terminate()  # never SIGINT: of a job in the background it is ignored
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            child.wait(left)
            return why
        except subprocess.TimeoutExpired:
            if why == "time":
                child.kill()
                deadline = None
                continue
            why = "time"
            child.terminate()
            deadline = time.monotonic() + 5
        except KeyboardInterrupt:
            if why == "signal":
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise
            why, deadline, pass_on = "signal", None, True


def _read(stream: IO[str], into: list[str], on_line: Callable[[str], None]) -> None:
    for line in stream:
        into.append(line)
        on_line(line.rstrip("\n"))


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
        stream.close()
    except BrokenPipeError:
        pass  # the program ended without reading; its exit code says why
