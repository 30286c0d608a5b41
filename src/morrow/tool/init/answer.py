"""What a candidate answered: that it is an application, or why it is none."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from morrow.tool.init.guess import DRIVER_MODULES
from morrow.tool.init.places import Candidate

UNREACHED = re.compile(
    r"OperationalError|ConnectionRefused|ConnectionError|Connect call failed|gaierror|could not "
    r"translate host|Name or service not known|Network is unreachable|ServerSelectionTimeout"
)
START = ["its start-up"]
PACKAGES = re.compile(r"\b(?:at|in) ([\w-]+) \d|\((\w+)\.\w+\)")


@dataclass(frozen=True)
class Application:
    """What an application told of itself."""

    candidate: Candidate
    target: str
    interface: str
    framework: str
    routes: tuple[str, ...]
    answers: tuple[tuple[str, int], ...]  # what a GET of some paths answered, without a server
    given: Mapping[str, str]  # the variables that it was imported with
    folders: tuple[str, ...] = ()  # that it keeps files of databases in, and that are not there
    examples: Mapping[str, str] = field(default_factory=dict)  # files that are not there: from what
    raised: str = ""  # the first exception of a page, or of its start-up
    dotenv: frozenset[str] = frozenset()  # what its own .env gave it: names, never a value
    tables: str = ""  # the path in it to what can make its tables
    here: Mapping[str, str] = field(default_factory=dict)  # given, too: what leads to `servers`
    servers: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # `target.servers`, asked
    makes: str = ""  # a command of its own by which a person makes its tables

    def left_to(self, dotenv: frozenset[str]) -> Application:
        """Return it with what a .env says left to that, though it was not tried with it."""
        given = {name: value for name, value in self.given.items() if name not in dotenv}
        return replace(self, given=given, dotenv=dotenv)

    def led(self, way: Mapping[str, str], here: Mapping[str, str]) -> Application:
        """Return it with what leads to servers of this machine apart from what it is given."""
        given = {
            name: way.get(name, value)
            for name, value in self.given.items()
            if name in way or name not in here
        }
        return replace(self, given=given, here=here)

    @property
    def in_vain(self) -> list[str]:
        """Return the addresses that it had and the drivers that raised."""
        return [*self.given.values(), *drivers(self.raised)]

    @property
    def path(self) -> tuple[str, int]:
        """What to ask of it: a path that answers 200, else the likeliest that answers at all."""
        asked = [one for one in self.answers if one[0] != "lifespan"]
        for least, most in ((200, 201), (300, 400), (401, 404), (404, 405)):
            for path, status in asked:
                if least <= status < most:
                    return path, status
        return ("/", 0)

    @property
    def sound(self) -> bool:
        """Whether it starts, and a page of it answers 200."""
        return self.path[1] == 200 and all(path != "lifespan" for path, _ in self.answers)

    def better(self, other: Application) -> bool:
        """Whether it answers where the other does not."""
        return self.path[1] == 200 or bool(other.fails and self.path[1] and not self.fails)

    def nearer(self, other: Application) -> bool:
        """Whether it came to the store that is not here, where the other stopped before."""
        came, stopped = (bool(UNREACHED.search(one.raised)) for one in (self, other))
        empty, before = ("no such table" in one.raised for one in (self, other))  # it answers
        return driverless(other.raised) or (came and not stopped) or (empty and not before)

    @property
    def fails(self) -> list[str]:
        """Name what fails: its start-up, or pages where none answers 200."""
        if any(path == "lifespan" for path, _ in self.answers):
            return START
        bad = [path for path, status in self.answers if status in (0, 500)]
        return [] if self.path[1] == 200 else bad

    @property
    def trouble(self) -> str:
        """What does not work without what is not here: a database, most likely; or a login."""
        if failing := self.fails:
            said = f": {self.raised}" if self.raised else ""
            first = f"; `flask {self.makes}` may have to make its tables first"
            first = first if self.makes and failing != START else ""
            return f"{', '.join(failing[:3])} fails here{said}{first}"
        if not self.answers or self.path[1] == 200:
            return ""
        path, status = self.path if self.path[1] else self.answers[0]
        login = " and asks for a login" if status in (401, 403) else ""
        return f"no path answers a GET with 200: {path} answers {status}{login}"


@dataclass
class Refusal:
    """Why a candidate is none."""

    candidate: Candidate
    error: str
    message: str
    where: str = ""
    within: str = ""  # the package that raised
    examples: Mapping[str, str] = field(default_factory=dict)  # as an application's

    def place(self, files: Container[str]) -> tuple[str, str]:
        """Return the file where it failed, one of these, and the line: below the source or not."""
        path, _, line = self.where.partition(":")
        below = f"{self.candidate.source}/{path}".lstrip("/")
        return below if below in files else path, line

    @property
    def unreachable(self) -> bool:
        """Whether it asked a database, a cache or another service, and none answered."""
        own = "unable to open database file" in self.message  # a file of its own
        return not own and bool(UNREACHED.search(f"{self.error} {self.message}"))

    @property
    def in_vain(self) -> list[str]:
        """Return the drivers that raised."""
        return drivers(self.told)

    @property
    def told(self) -> str:
        """In one line."""
        at = f" at {self.where}" if self.where else ""
        at += f", in {self.within}" if self.within else ""
        return f"{self.candidate.target}: {self.error}{at}: {' '.join(self.message.split())[:160]}"


def driverless(said: str) -> bool:
    """Whether only the driver is missing that our guess of an address would need."""
    other = "requires an async driver" in said  # SQLAlchemy's, of the driver that it found
    return other or any(f"No module named '{name}'" in said for name in DRIVER_MODULES)


def drivers(said: str) -> list[str]:
    """Return the packages that an exception names: `at asyncpg 0.30.0`, `(psycopg2.Error)`."""
    return [one for pair in PACKAGES.findall(said) for one in pair if one]
