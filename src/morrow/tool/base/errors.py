"""Everything that can go wrong, as data: code, object, cause, fix.

How others use it: add a row to `errors.toml` (in your section), then

    problem("image-not-found", "image ghcr.io/x/y:1", "the registry answers 404", reference="…")

makes a `Problem` whose fix is the row's template filled with `object` and the fields given.
Collect problems as values; raise `Failure(problem, …)` only where a command cannot go on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from morrow.tool.base.terminal import typed

# Values for the placeholders of a fix, where it is shown as an example.
USUAL = {
    "environment": "dev",
    "name": "dev",
    "file": "environments/dev.yaml",
    "up": "morrow up dev",
    "kubectl": "kubectl --context dev --namespace hello",
    "image": "ghcr.io/example/hello:1.2",
    "registry": "ghcr.io",
    "program": "helm",
    "variable": "MORROW_HELM",
    "key": "API_TOKEN",
    "kind": "cyclonedx",
    "before": "dev",
    "pod": "hello-7c9d-x2x4b",
    "container": "hello",
    "root": "terraform/environments/dev",
    "folder": "terraform/environments/dev",
}


@dataclass(frozen=True)
class Row:
    """One kind of error: what it means, and the fix as a template that can be typed."""

    summary: str
    fix: str
    refused: bool = False  # True: found before anything was changed (exit 2), else exit 1

    example: str = ""  # the fix as it may be typed, where USUAL does not make one

    @property
    def as_typed(self) -> str:
        """The fix with example values, as it may be typed."""
        return self.example or self.fix.format(**USUAL)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, why, and what to type."""

    code: str
    object: str
    cause: str
    fix: str
    details: tuple[str, ...] = ()  # lines that help: the last log lines, an event, file:line

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {**asdict(self), "details": list(self.details)}


# The exit codes of a failure: 1 is every other.
REFUSED = 2  # nothing had been changed
APPLIED = 3  # what was applied is in place, and does not serve as it declares


class Failure(Exception):
    """Problems that end a command.

    `refused`: nothing had been changed (exit 2). `applied`: the release is in place, but
    something that it declares does not work (exit 3). `waits`: what was sent is there and others
    may still apply it, so nobody takes it back.
    """

    def __init__(
        self,
        *problems: Problem,
        refused: bool | None = None,
        applied: bool = False,
        waits: bool = False,
    ) -> None:
        super().__init__("; ".join(f"{p.code}: {p.object}: {p.cause}" for p in problems))
        self.problems, self.waits = problems, waits
        if refused is None:
            refused = all(table()[p.code].refused for p in problems)
        self.exit_code = APPLIED if applied else REFUSED if refused else 1

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended it: nothing that goes on at a failure may go on then."""
        return self.problems[0].code == "interrupted"


def problem(
    code: str, object: str, cause: str, *, details: tuple[str, ...] = (), **fields: str
) -> Problem:
    """Make a problem whose fix is the table's template filled with `fields`."""
    template = table()[code].fix.replace("morrow ", f"{typed()} ")
    fix = template.format(object=object, **fields)
    return Problem(code, object, cause, fix, details)


@cache
def table() -> dict[str, Row]:
    """Return every kind of error, by its code: read only when one is made."""
    import tomllib
    from pathlib import Path

    raw = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {code: Row(**row) for code, row in raw.items()}
