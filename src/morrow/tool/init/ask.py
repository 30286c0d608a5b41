"""Import candidates where they can do no harm, and ask them what they are.

Each is imported by a process of its own, in a copy of the repository, in a session of its own
that is ended whole, without network where this system allows it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

from morrow.tool.init.answer import Application, Refusal
from morrow.tool.init.backing import Backing
from morrow.tool.init.copied import KIT
from morrow.tool.init.examples import example_of
from morrow.tool.init.hidden import hidden
from morrow.tool.init.hung import hung
from morrow.tool.init.missed import failed, missing_in
from morrow.tool.init.places import Candidate
from morrow.tool.programs.python import Interpreter

SECONDS, IN_ALL = 60.0, 150.0  # for one candidate, and for all of them, on an idle machine
LEAST = 0.3  # of the former, for one that is asked when the latter are over
TRIES = 9  # of one candidate, each with one more setting


Made = tuple[list[str], dict[str, str]]  # folders, and files of their examples

# Take the network away; end with this program, even where SIGKILL ends it.
ALONE = ("unshare", "--user", "--map-current-user", "--net")
BOUND = ("setpriv", "--pdeathsig", "KILL")


@cache
def _where_possible(*words: str) -> tuple[str, ...]:
    """Return the words that come before a program; none where this system does not know them."""
    if shutil.which(words[0]) is None:
        return ()
    done = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if done.returncode == 0 else ()


def alone() -> bool:
    """Whether this system can take the network away from a program."""
    return bool(_where_possible(*ALONE))


def bound() -> tuple[str, ...]:
    """Return the words by which a program ends with this one, where this system knows them."""
    return _where_possible(*BOUND)


def busy() -> float:
    """Return how many times longer a program takes here now; a limit of time must know."""
    with contextlib.suppress(OSError, AttributeError):
        return min(max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0), 3.0)
    return 1.0


def late(began: float) -> bool:
    """Whether those who began then have had their time."""
    return time.monotonic() - began > IN_ALL * busy()


@dataclass
class Asker:
    """Asks one candidate after the other."""

    copy: Path
    python: Interpreter
    guess: Callable[[str], str]  # a value for a variable that the application misses
    given: dict[str, str]
    network: bool = False
    secrets: Sequence[str] = ()  # this shell's and each .env's, for nobody to read
    began: float = field(default_factory=time.monotonic)
    made: dict[str, Made] = field(default_factory=dict)  # in the copy, by source: it stays there
    backing: Backing | None = None  # what it reaches all the same

    @property
    def out_of_time(self) -> bool:
        """Whether nobody should be asked any more."""
        return late(self.began)

    @property
    def seconds(self) -> float:
        """How long the next one may take: no more than is left for all of them."""
        left = IN_ALL * busy() - (time.monotonic() - self.began)
        return min(max(left, LEAST * SECONDS * busy()), SECONDS * busy())

    def ask(self, candidate: Candidate) -> Application | Refusal:
        """Import it, with one more setting each time that it names one that it misses."""
        given = dict(self.given)
        told: dict[str, Any] = {}
        first: dict[str, Any] = {}
        folders, examples = self.made.setdefault(candidate.source, ([], {}))
        for _ in range(TRIES):
            told = self._once(candidate, given)
            first = first or told
            missing = [name for name in told.get("missed", ()) if name not in given]
            lost = [one for one in told.get("folders", ()) if one not in folders]
            for one in lost:
                (self.copy / candidate.source / one).mkdir(parents=True, exist_ok=True)
            folders += lost
            here = self.copy / candidate.source
            shown = {one: like for one in told.get("lost", ()) if (like := example_of(here, one))}
            for one, like in shown.items():
                shutil.copyfile(here / like, here / one)
            examples.update(shown)
            if (lost or shown) and not self.out_of_time:
                continue
            if not missing or self.out_of_time:
                break
            given.update({name: self.guess(name) for name in missing})
        if all(_wrong(told).get(key) == _wrong(first).get(key) for key in ("error", "where")):
            told = first  # what was guessed was no help, and would be in the message
            given = dict(self.given) if _wrong(first) else given
        if "error" in told:
            keys = ("error", "message", "where", "within")
            said = {key: str(told.get(key, "")) for key in keys}
            return Refusal(candidate, examples=dict(examples), **said)
        return Application(
            candidate,
            target=str(told["target"]),
            interface=str(told["interface"]),
            framework=str(told["framework"]),
            routes=tuple(map(str, told.get("routes", ()))),
            answers=tuple((str(path), int(status)) for path, status in told.get("answers", ())),
            given=given,
            folders=tuple(folders),
            examples=dict(examples),
            makes=str(told.get("makes", "")),
            tables=str(told.get("tables", "")),
            raised=str(told.get("raised", "")),
        )

    def job(self, candidate: Candidate, command: tuple[str, ...]) -> bool:
        """Whether a command works in the copy, with what the application was imported with."""
        if self.out_of_time:
            return False
        folder = self.copy / candidate.source if candidate.source else self.copy
        own = Path(self.python.path).with_name(command[0])
        first = self.python.path if command[0] == "python" else str(own)
        if not Path(first).exists():
            return False
        given = dict(self.given)
        if candidate.django:
            given["DJANGO_SETTINGS_MODULE"] = candidate.settings
        with tempfile.TemporaryFile() as output:
            return self._run([first, *command[1:]], folder, given, output) == 0

    def _run(
        self, words: list[str], folder: Path, given: Mapping[str, str], output: IO[bytes]
    ) -> int | None:
        """Run a program to its end or to its time; end what it started. None: it was ended."""
        keep = ("HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
        variables = {name: os.environ[name] for name in keep if name in os.environ}
        # What is compiled stays in the project's environment, as after any start of the service:
        # without it, each of a dozen imports compiles all of its packages anew.
        variables |= {**self.python.variables, **given}
        if not self.python.kit:
            variables["PYTHONPATH"] = str(self.copy.parent / KIT)
        around = [] if self.network else [*_where_possible(*ALONE)]
        words, channel = [*bound(), *words], None
        if self.backing is not None:
            words, channel = self.backing.around(words)
            around.append("--keep-caps")
        with channel or contextlib.nullcontext():
            child = subprocess.Popen(
                [*around, *words], cwd=folder, env=variables,
                pass_fds=[channel.fileno()] if channel else [], stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            return child.wait(self.seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _once(self, candidate: Candidate, given: Mapping[str, str]) -> dict[str, Any]:
        folder = self.copy / candidate.source if candidate.source else self.copy
        with tempfile.TemporaryDirectory(prefix="morrow-asked-") as place:
            question, answer = Path(place, "question"), Path(place, "answer")
            seconds = self.seconds
            question.write_text(json.dumps({
                "folder": str(folder), "copy": str(self.copy), "seconds": seconds,
                "module": candidate.module, "attribute": candidate.attribute,
                "django": candidate.settings,
            }))  # fmt: skip
            program = self.copy.parent / KIT / "asked.py"
            words = [self.python.path, str(program), str(question), str(answer)]
            output = Path(place, "output")
            try:
                with output.open("wb") as opened:
                    code = self._run(words, folder, given, opened)
            except OSError as error:
                return failed("NotStarted", str(error))
            if code is None:
                where = hung(output.read_text(errors="replace"), self.copy, seconds)
                return failed("TimeoutError", where)
            last = "".join(output.read_text(errors="replace").strip().splitlines()[-1:])
            public = hidden(last, self.secrets)[-300:]
            try:
                told: dict[str, Any] = json.loads(answer.read_text())
            except (OSError, ValueError):
                return failed("Ended", f"its import ended the process ({code}): {public}")
            more = told.get("error") in ("SystemExit", "CalledProcessError")  # it has said why
            wrong = dict(_wrong(told))
            wrong["message"] = f"{wrong.get('message', '')}: {last if more else ''}"
            told["missed"] = missing_in(wrong)  # of what it said: a name may be a value, too
            told |= self._public(told)
            if more:
                told["message"] = ": ".join(filter(None, (told["message"], public)))
        return told

    def _public(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it said as a reader may have it: no secret is in it, and then it is cut."""
        public: dict[str, Any] = {}
        for key, length in (("message", 600), ("raised", 250), ("page", 160)):
            said = str(told.get(key, ""))
            for place in (f"{self.copy}/", f"{self.copy.resolve()}/"):  # nobody knows the copy
                said = said.replace(place, "")
            public[key] = hidden(said, self.secrets)[:length]
        if public["page"] and not public["raised"]:
            public["raised"] = f'the page says "{public["page"]}"'
        paths = told.get("routes", ()), told.get("answers", ())  # a bot's token may be a path
        public["routes"] = [one for one in paths[0] if hidden(one, self.secrets) == one]
        public["answers"] = [one for one in paths[1] if hidden(one[0], self.secrets) == one[0]]
        return public


def _wrong(told: dict[str, Any]) -> dict[str, Any]:
    """Return why it does not serve: its import, or its start-up."""
    begins: dict[str, Any] = told.get("begins") or {}
    return told if "error" in told else begins
