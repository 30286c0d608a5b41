"""How many of a folder of checkouts work with no edit: `init --yes`, `up local`, a first 200.

    python -m tests.strangers FOLDER [NAME...] [--results FILE] [--reset]

Each checkout gets a `.venv` with what it asks for, as its README would say; nothing else is
prepared. A stranger counts when the service that `up local` started answers a GET of one of its own
paths with 200. `--reset` takes away what an earlier run wrote (`git clean`), the `.venv` not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from morrow.tool.init.answer import UNREACHED
from tests.ports import free_ports
from tests.strangers.install import install, run
from tests.unit.tool.command import MAIN

SOURCES = Path(__file__).resolve().parents[2] / "src"
# What is missing here and said so, by its code.
STATES = {
    "init-needs-store": "named",
    "init-not-installed": "named",
    "init-no-application": "named",
    "init-several": "named",
    "init-no-python": "no service",
}
# Another Python, another package, tables, or a store where nothing else was wrong.
SAID = re.compile(
    r"; the project asks for Python 3\.| names Python 3\.|it was written for a Python|"
    r"has it not: name|any version of \S+ was asked for|no path answers a GET with 200|"
    r"fails here: the page says|stood in its place as it is| is None until \w+\(\) of |"
    rf"to make its tables| here: needs |({UNREACHED.pattern}).*: needs "
)
RAISED = re.compile(
    r"(fails here|cannot be imported): (?!Ended|TimeoutError|NotStarted)\w+( at |: )"
)


@dataclass
class Result:
    """What came of one checkout."""

    name: str
    commit: str = ""
    framework: str = ""
    state: str = ""  # works | named | raised | fails | not installed | no service
    status: int = 0
    path: str = ""
    seconds: float = 0.0
    said: str = ""
    beside: str = ""  # what `up local` runs beside it


def morrow(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run the tool in the checkout; return its code and its JSON."""
    here = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); {MAIN}"  # not what is installed
    done = run([sys.executable, "-c", here, *words, "--json"], folder, 600)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        told = {"problems": [{"code": "no JSON", "cause": (done.stderr or done.stdout)[-300:]}]}
    return done.returncode, told


def trouble(told: dict[str, Any], length: int = 400) -> str:
    """Return the first problem in one line, with the details' last."""
    first = (told.get("problems") or [{}])[0]
    details = [str(one) for one in first.get("details") or []]
    said = f"{first.get('code')}: {first.get('object', '')}: {first.get('cause')}"
    return " | ".join([said, *details[-1:]])[:length]


def state(said: str) -> str:
    """Return what a trouble is: it names what is missing, shows an exception, or neither."""
    if SAID.search(said):
        return "named"
    other = "raised" if RAISED.search(said) else "fails"
    return STATES.get(said.partition(":")[0], other)


def get(url: str) -> int:
    """Return the status of a GET, redirects not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def one(folder: Path) -> Result:
    """Try one checkout."""
    origin = run(["git", "remote", "get-url", "origin"], folder, 20).stdout.strip()
    name = "/".join(origin.removesuffix(".git").split("/")[-2:]) if "/" in origin else folder.name
    result = Result(name, run(["git", "rev-parse", "HEAD"], folder, 20).stdout.strip()[:12])
    if wrong := install(folder):
        result.state, result.said = "not installed", public(" ".join(wrong.split()))[-300:]
        return result
    began = time.monotonic()
    code, told = morrow(folder, "init", "--yes")
    if code:
        result.said = trouble(told)
        result.state = state(trouble(told, 2000))
        return result
    result.framework, result.said = told["framework"], told["trouble"]
    result.beside = " and ".join(told["servers"])
    (port,) = free_ports(1)
    words = ("up", "local", "--port", str(port), "--timeout", "300")
    code, up = morrow(folder, *words)
    try:
        if code:
            stores = ", ".join(one["kind"] for one in told["stores"])
            named = told["trouble"] and told["trouble"] + (stores and f": needs {stores}")
            result.said = named or trouble(up)
            result.state = state(named)
            return result
        plain = [path for path in told["routes"] if not any(mark in path for mark in "<{([*")]
        for path in dict.fromkeys([told["path"]["path"], "/", "/docs", *plain[:15]]):
            status = get(f"http://127.0.0.1:{port}{path}")
            if status == 200 or not result.status:
                result.status, result.path = status, path
            if status == 200:
                break
        result.seconds = round(time.monotonic() - began, 1)
        result.state = "works" if result.status == 200 else state(result.said)
    finally:
        morrow(folder, "down", "local")
    return result


def public(said: str) -> str:
    """Return it without addresses and without folders of this machine, also a compiler's `-I`."""
    said = re.sub(r"https?://[^\s)']*[^\s)':;,.]", "an address", said)  # what follows it stays
    return re.sub(r"(?:(?<![\w.])|(?<=\s-[A-Z])|(?<='-[A-Z]))/(?:[\w.+-]+/)+", "", said)


def keep(file: Path, result: Result) -> None:
    """Put one result into the file of all, of which `tests.strangers.page` makes a table."""
    known = {one["name"]: one for one in json.loads(file.read_text())} if file.exists() else {}
    known[result.name] = {**asdict(result), "said": public(result.said)}
    file.write_text(json.dumps([known[name] for name in sorted(known)], indent=1) + "\n")


def main() -> int:
    """Try each and print a line; the exit code is 0 when all that installed work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--reset", action="store_true")
    parser.add_argument("--install", action="store_true", help="Only make the environments.")
    given = parser.parse_args()
    found = []
    for folder in sorted(given.folder.resolve().iterdir()):
        if not folder.is_dir() or (given.names and folder.name not in given.names):
            continue
        if given.reset:
            run(["git", "clean", "-fdxq", "--exclude", ".venv"], folder, 60)
            changed = run(["git", "diff", "--name-only", "--diff-filter=M"], folder, 60).stdout
            run(["git", "checkout", "-q", "--", *changed.splitlines()], folder, 60)
        if given.install:
            print(folder.name, " ".join(install(folder).split())[-300:] or "installed", flush=True)
            continue
        found.append(one(folder))
        print(json.dumps(asdict(found[-1])), flush=True)
        if given.results:
            keep(given.results, found[-1])
    installed = [result for result in found if result.state != "not installed"]
    works = [result for result in installed if result.state == "works"]
    print(f"{len(works)} of {len(installed)} work; {len(found) - len(installed)} not installed")
    return 0 if len(works) == len(installed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
