"""What Terraform says as JSON: its plan, its state, its messages and how far it is."""

from __future__ import annotations

import json
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

    @property
    def release(self) -> Change | None:
        """The change of our release; None where the plan has no helm_release."""
        return next((one for one in self.changes if one.kind == "helm_release"), None)


@dataclass(frozen=True)
class Progress:
    """One thing that Terraform tells while it works."""

    address: str
    action: str  # create | update | delete | …
    state: str  # started | running | done | failed
    seconds: int
    text: str


@dataclass(frozen=True)
class Release:
    """The release as the state knows it."""

    address: str
    name: str
    namespace: str
    description: str
    status: str
    revision: int
    version: str


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue  # a line that a killed Terraform did not finish


def diagnostics(text: str) -> list[Diagnostic]:
    """Return the messages among the lines of a command with -json."""
    found = []
    for line in _lines(text):
        entry = line.get("diagnostic")
        if entry:
            found.append(
                Diagnostic(entry["severity"], entry.get("summary", ""), entry.get("detail", ""))
            )
    return found


def warnings(text: str) -> tuple[str, ...]:
    """Return the warnings among the lines of a command with -json."""
    return tuple(
        ": ".join(text for text in (entry.summary, entry.detail) if text)
        for entry in diagnostics(text)
        if entry.severity == "warning"
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
            return Progress(
                hook["resource"]["addr"],
                hook["action"],
                state,
                int(hook.get("elapsed_seconds") or 0),
                entry.get("@message", ""),
            )
    return None


def changes(raw: dict[str, Any]) -> tuple[Change, ...]:
    """Read the changes of a plan."""
    return tuple(_change(entry) for entry in raw.get("resource_changes") or ())


def _change(entry: dict[str, Any]) -> Change:
    change = entry["change"]
    actions: Sequence[str] = change["actions"]
    action = "replace" if len(actions) > 1 else actions[0]
    before, after = change.get("before") or {}, change.get("after") or {}
    return Change(entry["address"], entry["type"], action, before, after)


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


def release(raw: dict[str, Any]) -> Release | None:
    """Read the release of a state; None where it has none."""
    for entry in _resources((raw.get("values") or {}).get("root_module") or {}):
        if entry["type"] == "helm_release":
            values = entry["values"]
            details = values.get("metadata") or {}
            return Release(
                address=entry["address"],
                name=values["name"],
                namespace=values["namespace"],
                description=values.get("description") or "",
                status=values.get("status") or "",
                revision=details.get("revision") or 0,
                version=values.get("version") or "",
            )
    return None


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _resources(child)
