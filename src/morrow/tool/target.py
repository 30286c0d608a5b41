"""What an environment's target can do; one module implements it for each `target.kind`.

`morrow.tool.target_process` and `morrow.tool.target_kubernetes` are such modules: plain
functions, so a target is found by name and imported only when it is used. The commands up,
down, status and logs read the environment, choose the target, print what it returns and exit.
While it works a target speaks through `terminal.say` and `terminal.status`; what went wrong it
raises as `Failure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from morrow.tool.project import Project
from morrow.tool.terminal import terminal

if TYPE_CHECKING:
    from morrow.tool.environment import Environment


@dataclass(frozen=True)
class UpOptions:
    """What `morrow up` was given."""

    port: int | None = None  # process: the service's port
    context: str | None = None  # kubernetes: instead of target.context
    plan: Path | None = None  # kubernetes: apply exactly this file of `morrow plan --out`
    confirm: str | None = None  # a protected environment's name, where nobody can be asked
    timeout: float | None = None  # seconds until a start that is not ready has failed


@dataclass(frozen=True)
class DownOptions:
    """What `morrow down` was given."""

    confirm: str | None = None
    purge: bool = False  # kubernetes: namespace and secrets too; process: logs and secrets too


@dataclass(frozen=True)
class LogsOptions:
    """What `morrow logs` was given."""

    follow: bool = False
    lines: int = 100  # the last lines, of each pod


@dataclass(frozen=True)
class Outcome:
    """What a target did or found."""

    text: str  # for people, on stdout
    data: Mapping[str, Any]  # for --json
    ok: bool = True  # False: exit 1


class Target(Protocol):
    """The functions of a target's module."""

    def up(self, environment: Environment, options: UpOptions) -> Outcome:
        """Bring it to what the file says; return when it serves and was asked once."""

    def down(self, environment: Environment, options: DownOptions) -> Outcome:
        """Stop it; nothing that cannot be made again is removed without `purge`."""

    def status(self, environment: Environment) -> Outcome:
        """Say what runs; not ok when it does not serve."""

    def logs(self, environment: Environment, options: LogsOptions) -> Outcome | None:
        """Write log lines to stdout as they come; None when there is nothing to add."""


def look(label: str, context: str | None) -> Environment:
    """Read the environment for a command that only looks.

    A mistake in a file stops nobody from seeing what runs, and the schema's library takes as long
    to import as all the rest.
    """
    from morrow.tool.environment import Environment

    found = Environment.read(Project.find(), label, context)
    clear = all(layer.readable for layer in found.layers) and bool(found.name)
    clear = clear and isinstance(found.value("target"), dict | None)
    if clear and found.kind in ("process", "kubernetes"):
        return found
    return Environment.load(found.project, label, context)


def finish(outcome: Outcome) -> None:
    """Print what a target did; exit 1 when that is not well."""
    terminal.answer(dict(outcome.data))
    terminal.result(outcome.text)
    if not outcome.ok:
        raise SystemExit(1)


def target_of(kind: str) -> Target:
    """Import the target for `target.kind`."""
    return cast(Target, import_module(f"morrow.tool.target_{kind}"))
