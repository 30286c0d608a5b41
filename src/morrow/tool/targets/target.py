"""What an environment's target can do; one module implements it for each `target.kind`.

`targets.process.target` and `targets.kubernetes.target` are such modules: plain
functions, so a target is found by name and imported only when it is used. The commands up,
down, status and logs read the environment, choose the target, print what it returns and exit.
While it works a target speaks through `terminal.say` and `terminal.status`; what went wrong it
raises as `Failure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from morrow.tool.base.outcome import Outcome

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment


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


def target_of(kind: str) -> Target:
    """Import the target for `target.kind`."""
    return cast(Target, import_module(f"morrow.tool.targets.{kind}.target"))
