"""What Terraform and its provider say of a trouble, turned into problems with a fix."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.terminal import typed
from morrow.tool.programs.kubectl import Kubectl


@dataclass(frozen=True)
class Diagnostic:
    """One message of Terraform."""

    severity: str  # error | warning
    summary: str
    detail: str

    @property
    def text(self) -> str:
        """Both parts, for searching."""
        return f"{self.summary}\n{self.detail}"


@dataclass(frozen=True)
class Situation:
    """What was worked on: the names that a fix needs."""

    environment: str
    file: str
    root: str
    release: str
    namespace: str
    context: str

    @property
    def fields(self) -> dict[str, str]:
        """What the fixes of the table ask for."""
        return {
            **asdict(self),
            "context": self.context or "(current)",
            "kubectl": Kubectl(self.context, self.namespace).typed,
            "up": f"{typed()} up {self.environment}",
        }


@dataclass(frozen=True)
class Lock:
    """Who holds a state, since when, and for what."""

    identity: str
    who: str
    created: str
    operation: str


INIT = re.compile(
    r"Backend initialization required|Module not installed|Required plugins are not installed"
    r"|Inconsistent dependency lock file|Missing required provider|Backend configuration changed"
    r"|Missing resource schema|Could not load plugin"
    r"|[Pp]lease run \"?terraform init|missing or corrupted provider plugins"
)


RULES = re.compile(r'no template "((?:[^"\\]|\\.)*)" associated with template')


def needs_init(text: str) -> bool:
    """Return whether the root must be initialised first."""
    return INIT.search(text) is not None


def lock_of(text: str) -> Lock | None:
    """Read Terraform's "Lock Info"."""
    found = {
        name: value.strip()
        for name, value in re.findall(
            r"^[│\s]*(ID|Who|Created|Operation):(.*)$", text, re.MULTILINE
        )
    }
    if not found.get("ID"):
        return None
    return Lock(
        found["ID"], found.get("Who", ""), found.get("Created", ""), found.get("Operation", "")
    )


def problems_of(found: Sequence[Diagnostic], at: Situation, line: str) -> list[Problem]:
    """Name each error once; one that nobody knows keeps Terraform's words."""
    named = (_name(diagnostic, at, {**at.fields, "command": line}) for diagnostic in found)
    return list({(one.code, one.object, one.cause): one for one in named}.values())


def _name(found: Diagnostic, at: Situation, fields: dict[str, str]) -> Problem:
    lock = lock_of(found.text)
    if lock is not None:
        return locked(lock, at)
    for pattern, code, what in KNOWN:
        match = pattern.search(found.text)
        if match is None or (code in OF_RELEASES and not at.release):
            continue
        cause, details = _chart_says(found) if code == "chart-invalid" else _says(found)
        what = what.format(*match.groups(), **fields)
        return problem(code, what, cause, details=details, **fields)
    cause, details = _says(found)
    return problem("terraform-failed", at.root, cause, details=details, **fields)


def locked(lock: Lock, at: Situation) -> Problem:
    """Say by whom a state is locked, and since when."""
    operation = lock.operation.removeprefix("OperationType").lower()
    return problem(
        "terraform-locked",
        f"state of {at.environment}",
        f"{lock.who} holds it since {lock.created} for {operation}",
        details=(f"lock {lock.identity}",),
        who=lock.who,
        command=f"terraform -chdir={at.root} force-unlock {lock.identity}",
    )


def _says(found: Diagnostic) -> tuple[str, tuple[str, ...]]:
    lines = [line.strip() for line in found.detail.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    cause = f"{found.summary}: {first}" if first and first != found.summary else found.summary
    return cause, tuple(lines[1:12])


def _chart_says(found: Diagnostic) -> tuple[str, tuple[str, ...]]:
    """Return the chart's sentences without what `helm lint` says around them."""
    said = [line.strip() for line in found.detail.splitlines() if line.strip()]
    said = [line for line in said if not line.startswith("malformed chart or values")] or said
    rules = RULES.search(found.detail)
    if rules:
        # The chart's rules stop `helm lint` by asking for a template whose name is their text.
        text: str = json.loads(f'"{rules[1]}"')
        said = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    return said[0], tuple(said[1:12])


# Pattern, code, object. The first match wins: what is particular stands before what is general.
RELEASE = "release {release} in {namespace}"
# Words that mean something else where no release is deployed: a platform's root waits too.
OF_RELEASES = {
    *("chart-invalid", "release-stuck", "object-in-use", "context-missing", "namespace-missing"),
    *("cluster-unreachable", "release-rolled-back"),
}
KNOWN = tuple(
    (re.compile(pattern), code, what)
    for pattern, code, what in (
        (
            r"Failed to query available provider|Failed to install provider|provider registry"
            r"|Provider requirements cannot be satisfied|no available releases match",
            "terraform-provider-missing",
            "provider hashicorp/helm",
        ),
        (r"AWS account ID not allowed", "aws-account", "AWS"),
        (
            r"No valid credential sources|ExpiredToken|InvalidClientTokenId"
            r"|UnrecognizedClientException|security token included in the request",
            "aws-login",
            "AWS",
        ),
        (
            r"(?:AccessDenied\w*|UnauthorizedOperation).*?perform: (\S+)",
            "aws-denied",
            "{0}",
        ),
        (r"^Lint Error", "chart-invalid", "chart with {file}"),
        (
            r"another operation \(|has no deployed releases|cannot re-use a name",
            "release-stuck",
            RELEASE,
        ),
        (
            r'(\w+) "([^"]+)" in namespace "[^"]*" exists and cannot be imported',
            "object-in-use",
            "{0} {1}",
        ),
        (r'context "[^"]*" does not exist', "context-missing", "context {context}"),
        (r'namespaces? "([^"]+)" not found', "namespace-missing", "namespace {0}"),
        (
            r"cluster unreachable|connection refused|no route to host|i/o timeout",
            "cluster-unreachable",
            "context {context}",
        ),
        (
            r"timed out waiting|context deadline exceeded|has been rolled back"
            r"|has been uninstalled|hooks? failed|BackoffLimitExceeded|rate limiter",
            "release-rolled-back",
            RELEASE,
        ),
        (
            r"^Failed to save state|errored\.tfstate",
            "terraform-state-unsaved",
            "state of {environment}",
        ),
        (
            r"backend|S3 bucket|NoSuchBucket|state (?:data|snapshot)|credential sources"
            r"|Error (?:loading|refreshing|saving) state",
            "terraform-backend",
            "state of {environment}",
        ),
        (
            r"Invalid value for variable|precondition failed|Invalid function argument",
            "terraform-input",
            "{root}",
        ),
    )
)
