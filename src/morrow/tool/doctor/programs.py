"""The programs on this machine: there, and new enough."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from morrow.tool.base.errors import Failure, problem
from morrow.tool.doctor.check import Check
from morrow.tool.programs import runner
from morrow.tool.programs.helm import unsupported

# program, least version, how it is asked, what the answer looks like
WANTED = (
    ("kubectl", (1, 28), ("version", "--client", "-o", "json"), r'"gitVersion": "v(\d+)\.(\d+)'),
    ("helm", (3, 18), ("version", "--short"), r"v(\d+)\.(\d+)"),
    ("terraform", (1, 11), ("version", "-json"), r'"terraform_version":\s*"(\d+)\.(\d+)'),
    ("cosign", (3, 0), ("version", "--json"), r'"gitVersion":\s*"v(\d+)\.(\d+)'),
    # From 3.11 on it takes a value by standard input. Asked plainly, it would ask the network.
    ("sops", (3, 11), ("--version", "--disable-version-check"), r"sops (\d+)\.(\d+)"),
)


def program_checks(needed: Iterable[str]) -> Iterator[Check]:
    """Yield one line for each program that the environment needs."""
    for name, least, question, pattern in WANTED:
        if name in needed:
            yield _program(name, least, question, pattern)


def _program(name: str, least: tuple[int, int], question: tuple[str, ...], pattern: str) -> Check:
    try:
        done = runner.run(name, *question, timeout=20)
    except Failure as failure:
        found = failure.problems[0]
        return Check(name, "fail", found.cause, found)
    said = re.search(pattern, done.out)
    if said is None:
        return Check(name, "warn", f"its version cannot be read: {done.out.strip()[:60]}")
    version = (int(said[1]), int(said[2]))
    text = ".".join(map(str, version))
    if version < least:
        wanted = ".".join(map(str, least))
        variable = f"MORROW_{name.upper()}"
        cause = f"it is {text}, and {wanted} or newer is needed"
        old = problem("program-old", name, cause, program=name, wanted=wanted, variable=variable)
        return Check(name, "fail", cause, old)
    too_new = unsupported(done.out.strip()) if name == "helm" else None
    if too_new is not None:
        return Check(name, "fail", too_new.cause, too_new)
    return Check(name, "ok", text)


def server_version(text: str) -> tuple[int, int]:
    """Return the API server's version from `kubectl get --raw /version`."""
    told = json.loads(text)
    return int(told["major"]), int(re.sub(r"\D", "", told["minor"]))
