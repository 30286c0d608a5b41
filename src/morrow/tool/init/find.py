"""Find the application: ask the candidates in turn, and say why the others are none."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.init.answer import Application, Refusal, driverless
from morrow.tool.init.ask import IN_ALL, Asker, Made, alone, busy
from morrow.tool.init.beside import beside, stores
from morrow.tool.init.candidates import candidates, named
from morrow.tool.init.copied import copied
from morrow.tool.init.django import STORES, settings_here
from morrow.tool.init.files import Repository
from morrow.tool.init.guess import guess
from morrow.tool.init.hidden import SHORT, files, held
from morrow.tool.init.nothing import nothing, older, templated, unpinned
from morrow.tool.init.places import HERE, STARTED, Candidate, has_module
from morrow.tool.init.script import scripts, tabled
from morrow.tool.init.settings import INSIDE, Setting, settings_of
from morrow.tool.init.several import services
from morrow.tool.init.ways import ways
from morrow.tool.programs.python import Interpreter

STATED = 78  # from here on it is the project that names it
MOST = 14  # candidates that are asked


@dataclass
class Search:
    """What was looked at, and what came of it."""

    repository: Repository
    python: Interpreter
    network: bool = False
    found: list[Candidate] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    jobs: set[str] = field(default_factory=set)  # those that work here
    known: dict[str, list[Setting]] = field(default_factory=dict)  # by folder: a large one is slow
    hides: list[str] = field(default_factory=list)  # what each .env holds
    made: dict[str, Made] = field(default_factory=dict)  # in the copy
    began: float = field(default_factory=time.monotonic)

    def run(self, app: str, choose: Callable[[list[str]], int]) -> Application:
        """Return the application; raise what to do where there is none, or more than one."""
        found = self.found = named(self.repository, app) if app else candidates(self.repository)
        others = [] if app or not found else services(self.repository, found)
        if len(others) > 1:
            kept = others[choose([one.source for one in others])]
            found = [one for one in found if one.source == kept.source]
        lets = self.network or alone()  # a .env leads to what is real
        with copied(self.repository.root, dotenv=lets) as copy:
            self.hides = held(files(copy), self.repository)
            best = self._here(copy, self._with_jobs(copy, self._first(copy, found)))
            if not app and (best is None or best.path[1] != 200):
                best = self._script(copy, best)
            if best is None or (not app and templated(self.repository, best)):
                raise Failure(nothing(self.repository, self.python, self.refusals, app))
            best = replace(best, raised=best.raised + unpinned(self.repository, best.raised))
            return best if lets else best.left_to(self.repository.dotenv(best.candidate.source))

    @property
    def _late(self) -> bool:
        return time.monotonic() - self.began > IN_ALL * busy()

    def _here(self, copy: Path, best: Application | None) -> Application | None:
        """Try Django with settings for this machine, where its own lead to what is not here."""
        wrong = [one.candidate for one in self.refusals if one.candidate.django]
        asked = best.candidate if best else next(iter(wrong), None)
        if asked is None or not asked.django or (best and best.path[1] == 200) or self.network:
            return best
        needs = {one.kind for one in stores(self.repository, ())}
        texts = map(self.repository.text, self.repository.python)
        stored = any(STORES.search(text) for text in texts)
        asked = replace(asked, here=settings_here(asked.django, needs, stored=stored))
        (copy / asked.source / f"{HERE}.py").write_text(asked.here)
        told = self._ask(copy, asked)
        other = self._with_jobs(copy, told) if isinstance(told, Application) else None
        better = other and (other.path[1] == 200 or not (best and best.path[1]))
        return other if better else best

    def _script(self, copy: Path, best: Application | None) -> Application | None:
        """Try what a script does before its own server starts: tables, routes, the application."""
        if best is not None and best.candidate.django:
            return best
        makes: list[Candidate] = []
        if best is not None and "no such table" in best.raised and best.tables:
            at = f"{best.candidate.source}/{STARTED}.py".lstrip("/")
            makes = [tabled(best, best.candidate.script or self.repository.text(at))]
        for candidate in [*list(scripts(self.repository))[:3], *makes]:
            if self._late and best is not None:
                break
            self._read_settings(candidate)
            told = self._ask(copy, candidate)
            if isinstance(told, Application) and (best is None or told.better(best)):
                return told
        if best is not None:
            self._read_settings(best.candidate)
        return best

    def _read_settings(self, candidate: Candidate) -> None:
        if candidate.source not in self.known:
            self.known[candidate.source] = settings_of(self.repository, candidate.source)
        self.settings = self.known[candidate.source]

    def _with_jobs(self, copy: Path, best: Application | None) -> Application | None:
        """Try the jobs of a release in the copy; with its tables there, ask again what failed."""
        if best is None:
            return None
        asker = self._asker(copy, best.given)
        for one in beside(self.repository, best.candidate.source):
            if one.kind == "job":
                terminal.status(f"trying {' '.join(one.command)} in the copy …")
                if asker.job(best.candidate, one.command):
                    self.jobs.add(one.name)
        if self.jobs and best.path[1] != 200:
            again = asker.ask(best.candidate)
            if isinstance(again, Application):
                return replace(again, dotenv=best.dotenv)
        return best

    def _first(self, copy: Path, found: list[Candidate]) -> Application | None:
        second: Application | None = None
        hung: set[str] = set()  # modules whose import does not end: no other attribute will
        for asked, candidate in enumerate(found, 1):
            if candidate.module in hung:
                continue
            terminal.status(f"asking {candidate.target} …")
            self._read_settings(candidate)
            told = self._ask(copy, candidate)
            if isinstance(told, Refusal):
                self.refusals.append(told)
                hung |= {candidate.module} if told.error == "TimeoutError" else set()
                own = candidate.django and told.error != "ModuleNotFoundError"
                if (told.unreachable or own) and candidate.weight > STATED:
                    break  # it is the application, and no other will be
                old = told.error == "SyntaxError" and older(self.repository, self.python)
                if old or self._lacking(told):
                    break
            elif told.interface == "none":
                words = f"it is a server of its own ({told.framework}), neither WSGI nor ASGI"
                self.refusals.append(Refusal(candidate, "NoApplication", words))
            elif told.path[1] == 200 or candidate.weight > STATED:
                return told
            else:
                second = second or told
            if self._late or asked >= MOST or (second is not None and asked >= 4):
                break
        stated = any(one.candidate.weight > STATED for one in self.refusals)
        if second is not None and stated and second.path[1] in (0, 404):
            return None  # what the project itself names does not load: this is not it
        if second is not None:
            self._read_settings(second.candidate)
        return second

    def _lacking(self, told: Refusal) -> bool:
        """Whether its environment lacks what several candidates import: the rest will, too."""
        same = [one for one in self.refusals if one.message == told.message]
        missing = re.search(r"No module named '([\w.]+)'", told.message)
        own = missing and has_module(self.repository, missing[1])
        return told.error == "ModuleNotFoundError" and not own and len(same) > 3

    def _ask(self, copy: Path, candidate: Candidate) -> Application | Refusal:
        """Ask one candidate in every way that may work; return the best that it answered."""
        best: Application | Refusal = Refusal(candidate, "", "")
        guessed = False  # whether an address of ours led to the driver that is missing
        if candidate.script:
            shutil.rmtree(copy / candidate.source / "__pycache__", ignore_errors=True)
            (copy / candidate.source / f"{candidate.module}.py").write_text(candidate.script)
        more = {"django": bool(candidate.django), "network": self.network}
        tried = ways(self.repository, self.python, self.settings, **more)
        each = [(way, frozenset[str]()) for way in tried]
        if (own := self.repository.dotenv(candidate.source)) and not self.network and alone():
            less = {name: value for name, value in each[0][0].items() if name not in own}
            each.insert(0, (less, own))  # as it is used here
        for given, own in each:
            asker = self._asker(copy, given)
            told = asker.ask(candidate)
            if isinstance(told, Application):
                told = replace(told, dotenv=own)
                if told.sound or isinstance(best, Refusal) or told.nearer(best):
                    best = told
                if told.sound or told.interface == "none" or "no such table" in told.raised:
                    break  # no other way makes tables: a job may
                if asker.out_of_time:
                    break
                continue
            if isinstance(best, Refusal) and (
                told.unreachable or not best.error or (guessed and driverless(best.message))
            ):
                best, guessed = told, any("://" in one for one in given.values())
            if told.error in ("TimeoutError", "Ended", "NoApplication", "SyntaxError") or (
                told.error == "ModuleNotFoundError" and not driverless(told.message)
            ):
                break
            if asker.out_of_time:
                break
        return best

    def _asker(self, copy: Path, given: Mapping[str, str]) -> Asker:
        known = {one.name: one for one in self.settings}
        value = partial(guess, known=known)
        shell = {one: os.environ.get(one.name, "") for one in self.settings if self.network}
        shown = [text for one, text in shell.items() if one.secret or INSIDE.search(text)]
        secrets = [text for text in shown if len(text) > SHORT] + self.hides
        more = (self.network, secrets, self.began, self.made)
        return Asker(copy, self.python, value, dict(given), *more)
