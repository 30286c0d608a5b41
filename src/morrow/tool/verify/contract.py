"""The service's contract: the checks of [tool.morrow.verify], and asking for each.

[[tool.morrow.verify.checks]]
path = "/config"                  # asked with GET
status = 200                      # unless stated
text = "Config and secrets"       # the body has this
keys = ["SECRET_KEY"]             # the JSON body has these keys,
json = {LOG_LEVEL = "INFO"}       # and these values
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import Project
from morrow.tool.base.web import Answer, get
from morrow.tool.report.page import Line
from morrow.tool.report.plots import ms

KNOWN = ("checks", "change")
CERTIFICATE_DAYS = 14


@dataclass(frozen=True)
class Check:
    """One answer that the service promises."""

    path: str
    status: int = 200
    text: str = ""
    keys: tuple[str, ...] = ()
    json: Mapping[str, Any] = field(default_factory=dict)

    @property
    def promise(self) -> str:
        """In words."""
        sentence = f"GET {self.path} answers {self.status}"
        if self.text:
            sentence += f" with “{self.text}”"
        named = [*self.keys, *(f"{key} = {value}" for key, value in self.json.items())]
        return f"{sentence} with {', '.join(named)}" if named else sentence


@dataclass(frozen=True)
class Contract:
    """All of the table."""

    checks: tuple[Check, ...]
    change: Mapping[str, str]
    """What `--during config` sets and takes back."""


@dataclass(frozen=True)
class Reach:
    """How a service is reached."""

    url: str
    how: str
    connect: tuple[str, ...] = ()
    ca_file: str | None = None
    steady: bool = True
    """Whether it outlives any one pod."""


def contract_of(project: Project) -> Contract:
    """Read the table, or raise every mistake in it."""
    table = project.extra.get("verify", {})
    wrong: list[str] = []
    if not isinstance(table, dict):
        table, wrong = {}, ["must be a table"]
    wrong += [
        f"unknown key {key!r}; known: {', '.join(KNOWN)}" for key in table if key not in KNOWN
    ]
    checks = []
    entries = table.get("checks", [])
    if not isinstance(entries, list):
        entries, wrong = [], [*wrong, "checks must be a list of tables"]
    for number, entry in enumerate(entries, 1):
        check, faults = _check(entry)
        wrong += [f"checks, number {number}: {fault}" for fault in faults]
        checks.append(check)
    change = table.get("change", {})
    if not isinstance(change, dict) or not all(isinstance(v, str) for v in change.values()):
        wrong.append("change must map variables to text")
    if wrong:
        file = str(project.root / "pyproject.toml")
        raise Failure(
            *(problem("project-invalid", "[tool.morrow.verify]", w, file=file) for w in wrong)
        )
    return Contract(tuple(checks) or (Check("/"),), change)


def _check(entry: object) -> tuple[Check, list[str]]:
    if not isinstance(entry, dict):
        return Check("/"), ["must be a table"]
    types = {"path": str, "status": int, "text": str, "keys": list, "json": dict}
    faults = [
        f"unknown key {key!r}; known: {', '.join(f.name for f in fields(Check))}"
        for key in entry
        if key not in types
    ]
    faults += [
        f"{key} must be a {kind.__name__}"
        for key, kind in types.items()
        if key in entry and not isinstance(entry[key], kind)
    ]
    keys = entry.get("keys", [])
    if isinstance(keys, list) and not all(isinstance(key, str) for key in keys):
        faults.append("keys must be text")
    if not str(entry.get("path", "")).startswith("/"):
        faults.append("path must begin with /")
    if faults:
        return Check("/"), faults
    return Check(**{**entry, "keys": tuple(keys)}), []


def check_line(check: Check, reach: Reach) -> Line:
    """Ask once and compare."""
    answer = fetch(reach, check.path)
    if answer.status == 0:
        return Line(False, check.promise, f"no answer: {answer.reason}")
    detail = f"{answer.status} in {ms(answer.seconds)}"
    if answer.status != check.status:
        return Line(False, check.promise, detail)
    if check.text and check.text.encode() not in answer.body:
        return Line(False, check.promise, f"{detail}, and the body lacks the text")
    if check.keys or check.json:
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Line(False, check.promise, f"{detail}, and the body is not a JSON object")
        # Values may be secrets, so only names are shown.
        lacks = [key for key in (*check.keys, *check.json) if key not in body]
        differs = [k for k, v in check.json.items() if k in body and body[k] != v]
        if lacks or differs:
            faults = [f"lacks {', '.join(lacks)}"] if lacks else []
            faults += [f"differs in {', '.join(differs)}"] if differs else []
            return Line(False, check.promise, f"{detail}, and the body {' and '.join(faults)}")
    return Line(True, check.promise, detail)


def fetch(reach: Reach, path: str) -> Answer:
    """GET a path of the service, dialling the first of `connect` where that is given."""
    url = urlsplit(reach.url)
    tls = url.scheme == "https"
    port = url.port or (443 if tls else 80)
    dial = urlsplit(f"//{reach.connect[0]}") if reach.connect else url
    context = ssl.create_default_context(cafile=reach.ca_file) if tls else None
    where, wanted = (dial.hostname or "", dial.port or port), url.path.rstrip("/") + path
    return get(*where, wanted, host=url.netloc, tls=context, timeout=10)


def certificate_line(answer: Answer) -> Line:
    """Check how long the certificate is valid; TLS has checked its name and CA."""
    promise = f"the certificate fits the name and is valid for {CERTIFICATE_DAYS} more days"
    if not answer.certificate:
        return Line(False, promise, answer.reason or "no certificate")
    left = (ssl.cert_time_to_seconds(answer.certificate["notAfter"]) - time.time()) / 86400
    return Line(left >= CERTIFICATE_DAYS, promise, f"{left:.0f} days left")


REQUIRED_METRICS = ("http_server_request_duration_seconds", "http_server_active_requests")
OWN_METRICS = ("morrow_info", "morrow_threads", "morrow_threads_busy")


def metrics_missing(text: str) -> Sequence[str]:
    """The contract's metrics that the text lacks; a pod without requests has no series yet."""
    lines = text.splitlines()
    present = {line.split("{")[0].split(" ")[0] for line in lines if line[:1] != "#"}
    present |= {line.split(" ")[2] for line in lines if line.startswith("# TYPE ")}
    return [name for name in (*REQUIRED_METRICS, *OWN_METRICS) if name not in present]
