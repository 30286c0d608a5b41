"""Where an environment runs: one class for each `target.kind`, each in a folder of its own.

How others use it: `target = target_of(environment)`. A new target is a class in a folder of its own
and one line in `TARGETS`; it is imported when it is used. While it works a target speaks through
`terminal.say` and `terminal.status`; what went wrong it raises as `Failure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol, cast

from morrow.tool.base.outcome import Outcome

if TYPE_CHECKING:
    from morrow.tool.cluster.site import Site
    from morrow.tool.doctor.check import Check
    from morrow.tool.environment.model import Environment
    from morrow.tool.verify.verify import Subject


@dataclass(frozen=True)
class UpOptions:
    """What `morrow up` was given."""

    port: int | None = None  # process: the service's port
    admin_port: int | None = None  # process: the probes' port
    context: str | None = None  # kubernetes: instead of target.context
    plan: Path | None = None  # kubernetes: apply exactly this file of `morrow plan --out`
    confirm: str | None = None  # a protected environment's name, where nobody can be asked
    timeout: float | None = None  # seconds until a start that is not ready has failed
    watch: bool = False  # process: stay, show the logs, take changes over


@dataclass(frozen=True)
class LogsOptions:
    """What `morrow logs` was given."""

    follow: bool = False
    lines: int = 100  # the last lines, of each pod
    since: float = 0.0  # seconds: only what is younger
    pod: str = ""  # only of this one, or of those whose name begins so
    process: str = ""  # only of this one; `web` is the web process
    level: str | None = None  # only what is at least as grave
    pretty: bool = False  # JSON lines as lines for people


@dataclass(frozen=True)
class Which:
    """Which of an environment's pods or processes."""

    process: str = ""  # "": the web process
    pod: str = ""  # its name, or how it begins


@dataclass(frozen=True)
class Run:
    """What `morrow exec` and `morrow task` were given."""

    command: tuple[str, ...]  # exec: none is a shell
    which: Which
    image: str = ""  # exec: in a container of this image beside the pod's own
    timeout: float = 3600.0  # task: seconds until it is ended
    confirm: str | None = None


@dataclass(frozen=True)
class VerifyOptions:
    """What `morrow verify` was given."""

    context: str | None = None
    # The load, and the change under it.
    rate: float | None = None  # requests a second
    seconds: float | None = None  # how long
    during: str | None = None
    without_drain: bool = False  # process: replace it as a plain restart does
    confirm: str | None = None
    # kubernetes: how the service is reached.
    url: str | None = None
    connect: tuple[str, ...] = ()
    ca_file: str | None = None
    # What comes of it.
    attest: str | None = None
    report: str | None = None
    prometheus: str = ""

    @property
    def load(self) -> bool:
        """Whether requests are sent at a rate."""
        return bool(self.rate or self.during)


class Target(Protocol):
    """One kind of place to run."""

    takes: frozenset[str]
    """The options that only some targets know: port, watch, plan, out, url, without-drain."""

    def up(self, site: Site, options: UpOptions) -> Outcome:
        """Bring it to what the file says; return when it serves and was asked once."""

    def down(self, site: Site, confirm: str | None = None, *, purge: bool = False) -> Outcome:
        """Stop it; `purge` removes what cannot be made again: secrets, logs, the namespace."""

    def status(self, site: Site) -> Outcome:
        """Say what runs; not ok when it does not serve."""

    def logs(self, site: Site, options: LogsOptions) -> Outcome | None:
        """Write log lines to stdout as they come; None when there is nothing to add."""

    def plan(self, site: Site, out: Path | None) -> Outcome:
        """Say what `up` would change; not ok when that is something. Write it to `out`."""

    def render(self, site: Site, folder: Path | None) -> Outcome:
        """Return what would be applied, as text; write it to `folder` instead."""

    def rollback(self, site: Site, to: int | None, confirm: str | None) -> Outcome:
        """Go back to an earlier release."""

    def history(self, site: Site) -> Outcome:
        """List the releases that are remembered, the oldest first."""

    def restart(self, site: Site, process: str, confirm: str | None) -> Outcome:
        """Replace what runs by the same again; one process, or all."""

    def scale(self, site: Site, count: int, process: str, confirm: str | None) -> Outcome:
        """Run another number of it until the next `up`."""

    def execute(self, site: Site, run: Run) -> Outcome:
        """Run a command beside the service on this terminal; its exit code is in the data."""

    def task(self, site: Site, run: Run) -> Outcome:
        """Run a command once, with what the release runs with; its exit code is in the data."""

    def forward(self, site: Site, which: Which, ports: Sequence[str]) -> int:
        """Lead ports of this machine to a pod until Ctrl-C."""

    def address(self, site: Site, *, tunnel: bool) -> AbstractContextManager[tuple[str, bool]]:
        """Yield the address for a browser, and whether it works after this context has ended.

        Without `tunnel` none is opened where it would be the only way: then it is "".
        """

    def checks(self, site: Site) -> Iterator[Check]:
        """Yield what `doctor` finds of programs and place."""

    def fix(self, site: Site, confirm: str | None) -> list[str]:
        """Put right what an earlier command left behind; say what was done."""

    def changing(
        self, site: Site, confirm: str | None, command: str, *, asks: str = ""
    ) -> AbstractContextManager[None]:
        """Ask for a protected environment's name, make the namespace, hold the lock."""

    def runs(self, site: Site) -> bool:
        """Whether anything runs that a change must be rolled out to."""

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
    return cast(Target, resolve_name(f"morrow.tool.targets.{TARGETS[environment.kind]}")())
