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
    file: str = ""  # where it was found, if Terraform says it
    line: int = 0

    @property
    def text(self) -> str:
        """Both parts, for searching."""
        return f"{self.summary}\n{self.detail}"


@dataclass(frozen=True)
class FixContext:
    """The names that fill a fix's placeholders."""

    environment: str
    file: str
    root: str
    release: str = ""  # "": a platform's root, which deploys none
    namespace: str = ""
    context: str = ""

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
RULES_IN_LINT = re.compile(r'no template "((?:[^"\\]|\\.)*)" associated with template')
COLOUR, BESIDE = re.compile(r"\x1b\[[\d;]*m"), re.compile(r"^[ \t]*[╷│╵] ?")


def needs_init(text: str) -> bool:
    """Return whether the root must be initialised first."""
    return INIT.search(text) is not None


def parse_lock(text: str) -> Lock | None:
    """Read Terraform's "Lock Info"."""
    fields = {
        name: value.strip()
        for name, value in re.findall(
            r"^[│\s]*(ID|Who|Created|Operation):(.*)$", text, re.MULTILINE
        )
    }
    if not fields.get("ID"):
        return None
    return Lock(
        fields["ID"], fields.get("Who", ""), fields.get("Created", ""), fields.get("Operation", "")
    )


def as_printed(text: str) -> Diagnostic:
    """Read an error as Terraform prints it for people, in colours and beside a line."""
    lines = [BESIDE.sub("", line) for line in COLOUR.sub("", text).splitlines()]
    lines = [line for line in lines if line.strip()] or [""]
    first = next((at for at, line in enumerate(lines) if line.startswith("Error: ")), 0)
    return Diagnostic(
        "error", lines[first].removeprefix("Error: ").strip(), "\n".join(lines[first + 1 :])
    )


def problems_of(diagnostics: Sequence[Diagnostic], at: FixContext, line: str) -> list[Problem]:
    """Name each error once; one that nobody knows keeps Terraform's words."""
    found: dict[tuple[str, str, str], Problem] = {}
    for diagnostic in diagnostics:
        one = _to_problem(diagnostic, at, {**at.fields, "command": line})
        # A quote that is not closed is wrong in every line after its own.
        found.setdefault((one.code, re.sub(r":\d+$", "", one.object), one.cause), one)
    return list(found.values())


def _to_problem(diagnostic: Diagnostic, at: FixContext, fields: dict[str, str]) -> Problem:
    lock = parse_lock(diagnostic.text)
    if lock is not None:
        return locked_problem(lock, at)
    if diagnostic.file.endswith(".tfvars"):
        cause, details = _cause_and_details(diagnostic)
        place = f"{at.root}/{diagnostic.file.rpartition('/')[2]}"
        return problem(
            "terraform-input", f"{place}:{diagnostic.line}", cause, details=details, file=place
        )
    for pattern, code, what in KNOWN:
        match = pattern.search(diagnostic.text)
        if match is None or (code in OF_RELEASES and not at.release):
            continue
        cause, details = (
            _chart_says(diagnostic) if code == "chart-invalid" else _cause_and_details(diagnostic)
        )
        what = what.format(*match.groups("of the root"), **fields)
        return problem(code, what, cause, details=details, **fields)
    cause, details = _cause_and_details(diagnostic)
    return problem("terraform-failed", at.root, cause, details=details, **fields)


def locked_problem(lock: Lock, at: FixContext) -> Problem:
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


def _cause_and_details(diagnostic: Diagnostic) -> tuple[str, tuple[str, ...]]:
    summary, _, more = diagnostic.summary.partition("\n")
    lines = [line.strip() for line in f"{more}\n{diagnostic.detail}".splitlines() if line.strip()]
    first = lines[0] if lines and not more else ""
    parts = dict.fromkeys(filter(None, (summary, first)))  # they may be the same
    return ": ".join(parts), tuple(lines[1 if first else 0 : 12])


def _chart_says(diagnostic: Diagnostic) -> tuple[str, tuple[str, ...]]:
    """Return the chart's sentences without what `helm lint` says around them."""
    lines = [line.strip() for line in diagnostic.detail.splitlines() if line.strip()]
    sentences = [
        line for line in lines if not line.startswith("malformed chart or values")
    ] or lines
    rules = RULES_IN_LINT.search(diagnostic.detail)
    if rules:
        # The chart's rules stop `helm lint` by asking for a template whose name is their text.
        text: str = json.loads(f'"{rules[1]}"')
        sentences = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    return sentences[0], tuple(sentences[1:12])


# Pattern, code, object. The first match wins: what is particular stands before what is general.
RELEASE = "release {release} in {namespace}"
# They apply only to a root that deploys a release; a platform's can print the same words.
OF_RELEASES = {
    *("chart-invalid", "release-stuck", "object-in-use", "context-missing", "namespace-missing"),
    *("cluster-unreachable", "release-rolled-back"),
}
KNOWN = tuple(
    (re.compile(pattern), code, what)
    for pattern, code, what in (
        (
            r"(?s)(?:Failed to query available provider|Failed to install provider"
            r"|provider registry |Provider requirements cannot be satisfied"
            r"|no available releases match)(?:.*?([\w-]+/[\w-]+)(?=[\s:,]|$))?",
            "terraform-provider-missing",
            "provider {0}",
        ),
        (r"AWS account ID not allowed", "aws-account", "AWS"),
        (
            r"No valid credential sources|ExpiredToken|InvalidClientTokenId"
            r"|UnrecognizedClientException|security token included in the request",
            "aws-login",
            "AWS",
        ),
        (r"(?:AccessDenied\w*|UnauthorizedOperation).*?perform: (\S+)", "aws-denied", "{0}"),
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
        (r"Instance cannot be destroyed\s+(?:Resource )?(\S+)", "platform-protected", "{0}"),
        (r"Backend configuration changed", "terraform-backend-changed", "state of {environment}"),
        (r'S3 bucket "([^"]+)" does not exist', "terraform-bucket", "bucket {0}"),
        (
            r"backend|S3 bucket|NoSuchBucket|state (?:data|snapshot)|credential sources"
            r"|Error (?:loading|refreshing|saving) state",
            "terraform-backend",
            "state of {environment}",
        ),
        (
            r"Invalid value for (?:input )?variable|precondition failed|Invalid function argument"
            r"|No value for required variable|invalid AWS Region",
            "terraform-input",
            "{root}",
        ),
    )
)
