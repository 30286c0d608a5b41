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
from morrow.tool.init.answer import START, Application, Refusal, driverless
from morrow.tool.init.ask import IN_ALL, Asker, Made, alone, bound, busy, late
from morrow.tool.init.backing import Backing, backing, possible
from morrow.tool.init.beside import beside, stores
from morrow.tool.init.candidates import candidates, named
from morrow.tool.init.copied import copied
from morrow.tool.init.django import STORES, settings_here
from morrow.tool.init.files import Repository
from morrow.tool.init.guess import driver_url, guess
from morrow.tool.init.hidden import SHORT, files, held
from morrow.tool.init.nothing import lacking, nothing, older, templated, unpinned
from morrow.tool.init.places import HERE, STARTED, Candidate
from morrow.tool.init.pointed import pointed
from morrow.tool.init.script import scripts, tabled
from morrow.tool.init.settings import INSIDE, Setting, settings_of
from morrow.tool.init.several import services
from morrow.tool.init.ways import ways
from morrow.tool.programs.python import Interpreter

STATED = 78  # from here on it is the project that names it
MOST = 14  # candidates that are asked
EMPTY = re.compile(r'no such table|relation "[^"]*" does not exist|UndefinedTable')


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
    known: dict[tuple[str, str], list[Setting]] = field(default_factory=dict)  # a large one is slow
    hides: list[str] = field(default_factory=list)  # what each .env holds
    made: dict[str, Made] = field(default_factory=dict)  # in the copy
    began: float = field(default_factory=time.monotonic)
    backing: Backing | None = None  # servers that it may reach while it is asked

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
            best = self._served(copy, best)
            if best is None or (not app and templated(self.repository, best)):
                raise Failure(nothing(self.repository, self.python, self.refusals, app))
            best = replace(best, raised=best.raised + unpinned(self.repository, best.raised))
            return best if lets else best.left_to(self.repository.dotenv(best.candidate.source))

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

    def _served(self, copy: Path, best: Application | None) -> Application | None:
        """Try it with a database and a cache that run as long, where their programs are here."""
        lost = best or next((one for one in self.refusals if one.unreachable), None)
        if lost is None or (best and not best.fails) or self.network or not alone():
            return best
        self._read_settings(asked := lost.candidate)
        needs = stores(self.repository, self.settings, lost.in_vain)
        kinds = possible({one.kind for one in needs})
        leads = {name for one in needs for name in one.settings}
        if not kinds or leads & self.repository.dotenv(asked.source, own=True):
            return best  # the person's own .env says where they are
        terminal.status(f"asking {asked.target} beside {' and '.join(kinds)} …")
        self.began = time.monotonic() - IN_ALL * busy() * 2 / 3  # a third of the time is left
        jobs, self.jobs = self.jobs, set()
        with backing(kinds, self.repository.root.name, bound()) as self.backing:
            for _ in range(2):
                told = self._ask(copy, replace(asked, here=""))
                other = self._with_jobs(copy, told) if isinstance(told, Application) else None
                if not self.backing.by_the_usual:
                    break
                self.backing.ports |= self.backing.by_the_usual  # nothing says another port
        self.backing = None
        begins = best and best.fails == START and other and other.fails != START
        if other and (best is None or other.sound or begins):
            return other
        self.jobs = jobs
        return best

    def _script(self, copy: Path, best: Application | None) -> Application | None:
        """Try what a script does before its own server starts: tables, routes, the application."""
        if best is not None and best.candidate.django:
            return best
        makes: list[Candidate] = []
        if best is not None and "no such table" in best.raised and best.tables:
            at = f"{best.candidate.source}/{STARTED}.py".lstrip("/")
            makes = [tabled(best, best.candidate.script or self.repository.text(at))]
        for candidate in [*list(scripts(self.repository))[:3], *makes]:
            if late(self.began) and best is not None:
                break
            self._read_settings(candidate)
            told = self._ask(copy, candidate)
            if isinstance(told, Application) and (best is None or told.better(best)):
                return told
        if best is not None:
            self._read_settings(best.candidate)
        return best

    def _read_settings(self, candidate: Candidate) -> None:
        place = candidate.source, candidate.aside
        if place not in self.known:
            self.known[place] = settings_of(self.repository, *place)
        self.settings = self.known[place]

    def _with_jobs(self, copy: Path, best: Application | None) -> Application | None:
        """Try the jobs of a release in the copy; with its tables there, ask again what failed."""
        if best is None:
            return None
        asker = self._asker(copy, {**best.given, **best.here})
        for one in beside(self.repository, best.candidate.source):
            if one.kind == "job":
                terminal.status(f"trying {' '.join(one.command)} in the copy …")
                if asker.job(best.candidate, one.command):
                    self.jobs.add(one.name)
        if self.jobs and best.path[1] != 200:
            again = asker.ask(best.candidate)
            if isinstance(again, Application):
                best = replace(again.led(best.given, best.here), dotenv=best.dotenv)
        if self.backing:
            best = replace(best, servers=self.backing.stated)
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
                if old or lacking(self.repository, self.refusals):
                    break
            elif told.interface == "none":
                words = f"it is a server of its own ({told.framework}), neither WSGI nor ASGI"
                self.refusals.append(Refusal(candidate, "NoApplication", words))
            elif told.path[1] == 200 or candidate.weight > STATED:
                return told
            else:
                second = second or told
            if late(self.began) or asked >= MOST or (second is not None and asked >= 4):
                break
        stated = any(one.candidate.weight > STATED for one in self.refusals)
        if second is not None and stated and second.path[1] in (0, 404):
            return None  # what the project itself names does not load: this is not it
        if second is not None:
            self._read_settings(second.candidate)
        return second

    def _ask(self, copy: Path, candidate: Candidate) -> Application | Refusal:
        """Ask one candidate in every way that may work; return the best that it answered."""
        best: Application | Refusal = Refusal(candidate, "", "")
        guessed = False  # whether an address of ours led to the driver that is missing
        if candidate.script:
            shutil.rmtree(copy / candidate.source / "__pycache__", ignore_errors=True)
            (copy / candidate.source / f"{candidate.module}.py").write_text(candidate.script)
        more = {"django": bool(candidate.django), "network": self.network}
        tried = ways(self.repository, self.python, self.settings, **more)
        driver = driver_url(self.repository.requirements, self.python.path)
        if self.backing:  # what developers copy first; a file last: it was tried alone
            tried.sort(key=lambda way: ("sqlite:" in " ".join(way.values()), -len(way)))
        each = [(way, frozenset[str]()) for way in tried]
        if (own := self.repository.dotenv(candidate.source)) and not self.network and alone():
            less = {name: value for name, value in each[0][0].items() if name not in own}
            each.insert(0, (less, own))  # as it is used here
        for given, own in each:
            here = {}
            if self.backing:
                self.backing.forget()
                kept = self.repository.kept(candidate.source)
                here = pointed(given, self.settings, self.backing.ports, driver, kept)
            asker = self._asker(copy, {**given, **here})
            told = asker.ask(candidate)
            if isinstance(told, Application):
                told = replace(told.led(given, here), dotenv=own)
                if told.sound or isinstance(best, Refusal) or told.nearer(best):
                    best = told
                if told.sound or told.interface == "none" or EMPTY.search(told.raised):
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
        more = (self.network, secrets, self.began, self.made, self.backing)
        return Asker(copy, self.python, value, dict(given), *more)
