"""A case: one thing that a client, or an application, may rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.conformance.exchange import Answer, Line, ask, right


@dataclass(frozen=True, slots=True)
class At:
    """Where a case is run: a server with an application behind it."""

    port: int
    offers: dict[str, str]
    pid: int = 0

    def __getitem__(self, what: str) -> str:
        return self.offers[what]

    @property
    def page(self) -> str:
        return self.offers["page"]

    def ask(self, path: str, *lines: str, method: str = "GET", body: bytes | None = None) -> Answer:
        return ask(self.port, path, *lines, method=method, body=body)

    def line(self, receive_buffer: int = 0) -> Line:
        return Line(self.port, receive_buffer=receive_buffer)


def good(answer: Answer, at: At) -> None:
    right(answer.status == int(at.offers.get("status", "200")), f"status {answer.status}")
    right(answer.whole, "the body is cut")


def still_serves(at: At) -> None:
    """Tell that the case before did no harm to other clients."""
    good(at.ask(at.page), at)


Run = Callable[[At], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked (`says`), of applications that offer what it needs."""

    group: str
    says: str
    needs: str
    run: Run
    only: str = ""
    """The one interface that it is about, `wsgi` or `asgi`."""
    alone: bool = False
    """Whether it ends the server, or may."""

    def fits(self, offers: dict[str, str], interface: str) -> bool:
        """Tell whether an application can be asked this."""
        return self.needs in offers and self.only in ("", interface)


CASES: list[Case] = []


def case(
    group: str, says: str, needs: str = "page", *, only: str = "", alone: bool = False
) -> Callable[[Run], Run]:
    """Add a function to the table of cases."""

    def add(run: Run) -> Run:
        CASES.append(Case(group, says, needs, run, only, alone))
        return run

    return add


def group(name: str, *, alone: bool = False) -> Callable[..., Callable[[Run], Run]]:
    """Return `case` for cases of one group."""
    return partial(case, name, alone=alone)
