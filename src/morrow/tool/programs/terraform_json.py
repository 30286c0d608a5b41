"""What Terraform says as JSON: its plan, its state, its messages and how far it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morrow.tool.programs.terraform_errors import Diagnostic


@dataclass(frozen=True)
class Field:
    """One attribute that a plan changes; a value not known before the apply is None."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource."""

    address: str
    kind: str
    action: str  # create | update | delete | replace | no-op | read
    before: dict[str, Any]
    after: dict[str, Any]
    begun: bool = False  # to be replaced: it was never finished, and nothing stands on it

    @property
    def fields(self) -> tuple[Field, ...]:
        """The attributes that were stated and change; computed ones are left out."""
        return tuple(_differences("", self.before, self.after))


@dataclass(frozen=True)
class Plan:
    """A parsed plan. `file` can be applied; `raw` is Terraform's own JSON."""

    file: Path
    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    raw: dict[str, Any]

    @property
    def empty(self) -> bool:
        """Whether an apply would change nothing; a new value of an output is no change."""
        return all(change.action == "no-op" for change in self.changes)


@dataclass(frozen=True)
class Progress:
    """One thing that Terraform tells while it works."""

    address: str
    action: str  # create | update | delete | …
    state: str  # started | running | done | failed
    seconds: int
    text: str


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue  # a line that a killed Terraform did not finish


def diagnostics(text: str) -> list[Diagnostic]:
    """Return the messages among the lines of a command with -json."""
    entries = filter(None, (line.get("diagnostic") for line in _lines(text)))
    return [
        Diagnostic(
            one["severity"],
            one.get("summary", ""),
            one.get("detail", ""),
            (one.get("range") or {}).get("filename", ""),
            (one.get("range") or {}).get("start", {}).get("line", 0),
        )
        for one in entries
    ]


# What every first plan says of every check; it will say more when there is something to check.
UNDECIDED = "Check block assertion known after apply"


def warnings(text: str) -> tuple[str, ...]:
    """Return the warnings among the lines of a command with -json."""
    return tuple(
        ": ".join(text for text in (entry.summary, entry.detail) if text)
        for entry in diagnostics(text)
        if entry.severity == "warning" and entry.summary != UNDECIDED
    )


STATES = {
    "apply_start": "started",
    "apply_progress": "running",
    "apply_complete": "done",
    "apply_errored": "failed",
}


def progress(line: str) -> Progress | None:
    """Read how far an apply is, where the line says it."""
    for entry in _lines(line):
        state = STATES.get(entry.get("type", ""))
        if state:
            hook = entry["hook"]
            where, seconds = hook["resource"]["addr"], int(hook.get("elapsed_seconds") or 0)
            return Progress(where, hook["action"], state, seconds, entry.get("@message", ""))
    return None


def changes(raw: dict[str, Any]) -> tuple[Change, ...]:
    """Read the changes of a plan."""
    there = (raw.get("prior_state") or {}).get("values") or {}
    used = {
        address
        for one in _resources(there.get("root_module") or {})
        for address in one.get("depends_on") or ()
    }
    return tuple(_change(entry, used) for entry in raw.get("resource_changes") or ())


def _change(entry: dict[str, Any], used: set[str]) -> Change:
    change = entry["change"]
    actions: Sequence[str] = change["actions"]
    action = "replace" if len(actions) > 1 else actions[0]
    before, after = change.get("before") or {}, change.get("after") or {}
    address, why = entry["address"], entry.get("action_reason")
    # Terraform marks both alike: what it was kept from finishing, and what a person has tainted.
    begun = why == "replace_because_tainted" and re.sub(r"\[[^]]*\]", "", address) not in used
    return Change(address, entry["type"], action, before, after, begun)


def _differences(path: str, before: Any, after: Any) -> Iterator[Field]:  # noqa: ANN401
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            # A computed attribute is absent from `after` until it is known.
            if key in after:
                inner = f"{path}.{key}" if path else key
                yield from _differences(inner, before.get(key), after[key])
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else None
            new = after[index] if index < len(after) else None
            yield from _differences(f"{path}[{index}]", old, new)
    else:
        yield Field(path, before, after)


def release_known(raw: dict[str, Any]) -> str | None:
    """Read the description of a state's release; None where it has none."""
    for entry in _resources((raw.get("values") or {}).get("root_module") or {}):
        if entry["type"] == "helm_release":
            return entry["values"].get("description") or ""
    return None


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _resources(child)
