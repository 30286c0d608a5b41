"""Where an environment runs: one class for each `target.kind`, each in a folder of its own.

How others use it: `target = target_of(environment)`. A new target is a class in a folder of its own
and one line in `TARGETS`; it is imported when it is used. While it works a target speaks through
`terminal.say` and `terminal.status`; what went wrong it raises as `Failure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from morrow.tool.base.outcome import Outcome

if TYPE_CHECKING:
    from morrow.tool.cluster.site import Site
    from morrow.tool.doctor.doctor import Check
    from morrow.tool.environment.model import Environment
    from morrow.tool.verify.verify import Subject


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
class VerifyOptions:
    """How `morrow verify` reaches the service, and how it changes it."""

    url: str | None = None
    connect: tuple[str, ...] = ()
    ca_file: str | None = None
    drain: bool = True


class Target(Protocol):
    """One kind of place to run."""

    takes: frozenset[str]
    """The options that only some targets know: port, plan, out, url, without-drain."""

    def up(self, site: Site, options: UpOptions) -> Outcome:
        """Bring it to what the file says; return when it serves and was asked once."""

    def down(self, site: Site, options: DownOptions) -> Outcome:
        """Stop it; nothing that cannot be made again is removed without `purge`."""

    def status(self, site: Site) -> Outcome:
        """Say what runs; not ok when it does not serve."""

    def logs(self, site: Site, options: LogsOptions) -> Outcome | None:
        """Write log lines to stdout as they come; None when there is nothing to add."""

    def plan(self, site: Site, out: Path | None) -> Outcome:
        """Say what `up` would change; not ok when that is something. Write it to `out`."""

    def rollback(self, site: Site, to: int | None, confirm: str | None) -> Outcome:
        """Go back to an earlier release."""

    def checks(self, site: Site) -> Iterator[Check]:
        """Yield what `doctor` finds of programs and place."""

    def fix(self, site: Site, confirm: str | None) -> list[str]:
        """Put right what an earlier command left behind; say what was done."""

    def changing(
        self, site: Site, confirm: str | None, command: str, *, asks: str = ""
    ) -> AbstractContextManager[None]:
        """Ask for a protected environment's name, make room, hold the lock."""

    def runs(self, site: Site) -> bool:
        """Whether there is anything that a change would have to be rolled out to."""

    def prove_secrets(self, site: Site) -> list[dict[str, str]]:
        """Ask everything that runs which secrets it holds; raise where they are others."""

    def subject(self, site: Site, options: VerifyOptions) -> Subject:
        """Return what runs, as `morrow verify` sees it."""


TARGETS = {
    "process": "process.target:Process",
    "kubernetes": "kubernetes.target:Kubernetes",
}


def target_of(environment: Environment) -> Target:
    """Return the target of an environment."""
    module, _, name = TARGETS[environment.kind].partition(":")
    return cast(Target, getattr(import_module(f"morrow.tool.targets.{module}"), name)())
