"""Every case with every application on every server, and who is wrong.

`python -m tests.conformance.matrix FOLDER WORD...` runs in the environment that has everybody's
packages, and prints a JSON object for each result; a WORD is a part of an application's target.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.conformance import (  # noqa: F401 - each fills the table of cases
    cases_answer,
    cases_asgi,
    cases_connection,
    cases_header,
    cases_malformed,
    cases_message,
    cases_stop,
    cases_wsgi,
)
from tests.conformance.applications import APPLICATIONS, Application
from tests.conformance.case import CASES, At, Case
from tests.conformance.exchange import Wrong
from tests.conformance.results import Result
from tests.conformance.servers import SERVERS, NotStartedError, Server, started


def run(
    apps: Iterable[Application], servers: Iterable[Server], programs: Path, folder: Path
) -> Iterator[Result]:
    """Run them all; yield as they end."""
    servers = tuple(servers)
    for app in apps:
        for server in servers:
            if app.interface not in server.interfaces:
                continue
            fitting = [one for one in CASES if one.fits({"page": "", **app.offers}, app.interface)]
            if not server.limits:
                fitting = [one for one in fitting if one.needs != "limit"]
            together = [one for one in fitting if not one.alone]
            for cases in (together, *([one] for one in fitting if one.alone)):
                yield from _run(cases, server, app, programs, folder)


def _run(
    cases: list[Case], server: Server, app: Application, programs: Path, folder: Path
) -> Iterator[Result]:
    try:
        with started(server, app, programs, folder) as at:
            for one in cases:
                yield _result(one, app, server, _wrong(one, at))
    except NotStartedError as error:
        for one in cases:
            yield _result(one, app, server, f"does not start: {error}")


def _result(one: Case, app: Application, server: Server, wrong: str) -> Result:
    return Result(one.group, one.says, app.name, server.name, wrong)


def _wrong(one: Case, at: At) -> str:
    try:
        one.run(at)
    except Wrong as wrong:
        return str(wrong) or "wrong"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(folder: str, words: list[str]) -> None:
    apps = [one for one in APPLICATIONS if not words or any(w in one.target for w in words)]
    python = Path(sys.executable).parent
    for one in run(apps, SERVERS, python, Path(folder)):
        print(json.dumps(asdict(one)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
