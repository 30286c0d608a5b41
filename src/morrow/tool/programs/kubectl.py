"""kubectl: typed arguments in, parsed JSON or a named error out.

How others use it: `kubectl = Kubectl.of(environment)`, then `kubectl.get("deployment",
"hello")` (None when absent), `kubectl.list("pods", selector=…)`, `kubectl.run(…)` for all else
(the caller judges `code`; `kubectl.failure(done)` names the usual troubles of access).
Secrets are made by `run("create", "-f", "-", input=…)`: never by `apply`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.programs import runner
from morrow.tool.programs.runner import Result

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment

UNREACHABLE = re.compile(
    r"connection refused|no such host|i/o timeout|no route to host|was refused|TLS handshake"
    r"|Unable to connect to the server|context deadline exceeded|EOF"
)
# What stands before the API server and refuses, or cannot: it is there itself.
ADMISSION = (
    ("webhook-unreachable", r'failed calling webhook "(?P<what>[^"]+)"'),
    ("admission-refused", r'admission webhook "(?P<what>[^"]+)" denied'),
    ("admission-refused", r"[Pp]olicy '(?P<what>[^']+)' (?:with binding|denied)"),
)
# A policy that cannot judge; one that rewrites (in small letters) refuses only if it cannot.
_FAILS = re.compile(
    r"(?s)policy|Policy '[^']+' (with binding '[^']*' )?denied request: "
    r"(failed to configure|expression '.*' resulted in error)"
)
ANSWER = 30.0  # seconds in which an API server that is there has answered a plain question
FORBIDDEN = re.compile(r'cannot (\w+) resource "([\w./-]+)"')
# Most commands say the first; `kubectl config view` the second.
NO_CONTEXT = re.compile(r"context .* does not exist|cannot locate context")
NO_CONFIG = re.compile(r'error loading config file "([^"]+)": (.+)')
EKS = re.compile(r"arn:[\w-]+:eks:([\w-]+):\d+:cluster/([\w-]+)")  # what AWS calls its contexts


@dataclass(frozen=True)
class Kubectl:
    """kubectl against one context and namespace."""

    context: str
    namespace: str
    file: str = "the environment's file"  # that names the context

    @classmethod
    def of(cls, environment: Environment) -> Kubectl:
        """Return kubectl where an environment lives."""
        file = environment.shown(environment.file)
        return cls(environment.context, environment.namespace, file)

    @property
    def where(self) -> tuple[str, ...]:
        """The arguments that every call starts with; without a namespace a call says its own."""
        context = ("--context", self.context) if self.context else ()
        return (*context, "-n", self.namespace) if self.namespace else context

    def run(
        self,
        *arguments: str,
        input: str | None = None,
        timeout: float | None = ANSWER,
        on_line: Callable[[str], None] | None = None,
    ) -> Result:
        """Run any kubectl command here; the caller judges the exit code."""
        words = (*self.where, *arguments)
        try:
            return runner.run("kubectl", *words, input=input, timeout=timeout, on_line=on_line)
        except Failure as failure:
            if failure.problems[0].code != "program-silent" or timeout is None or timeout > ANSWER:
                raise
            cause = f"no answer to `kubectl {arguments[0]}` in {timeout:.0f} s"
            raise Failure(self._unreachable(cause)) from None

    def attach(self, *arguments: str) -> int:
        """Run it on this terminal; return the exit code."""
        return runner.attach("kubectl", *self.where, *arguments)

    @property
    def typed(self) -> str:
        """The start of a command that a person can type."""
        return shlex.join(("kubectl", *self.where))

    def _unreachable(self, cause: str) -> Problem:
        where = f"context {self.context or '(current)'}"
        return problem("cluster-unreachable", where, cause, kubectl=self.typed)

    def check(
        self, *arguments: str, input: str | None = None, timeout: float | None = ANSWER
    ) -> str:
        """Run it and return stdout; raise a named error where it fails."""
        done = self.run(*arguments, input=input, timeout=timeout)
        if done.code:
            raise self.failure(done)
        return done.out

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - what the API server holds
        """Run with `-o json` and return what it prints."""
        return json.loads(self.check(*arguments, "-o", "json"))

    def get(self, kind: str, name: str) -> Json | None:
        """Return one object, or None when there is none of that name."""
        out = self.check("get", kind, name, "-o", "json", "--ignore-not-found")
        item: Json | None = json.loads(out) if out.strip() else None
        return item

    def create(self, item: Json, *more: str) -> Result:
        """Make one object; the caller judges. kubectl's validation may ask for what we may not."""
        return self.run("create", "--validate=false", *more, "-f", "-", input=json.dumps(item))

    def live(self, manifests: str) -> Result:
        """Ask for what there is of these objects, and who wrote each field; the caller judges."""
        words = ("get", "-f", "-", "-o", "json", "--ignore-not-found", "--show-managed-fields")
        return self.run(*words, input=manifests)

    def there(self, items: Iterable[Json]) -> list[Json]:
        """Return what there is of these objects, and who wrote each field."""
        done = self.live(as_list(items))
        if done.code:
            raise self.failure(done)
        return parse_stream(done.out)

    def list(self, kind: str, selector: str = "") -> list[Json]:
        """Return the objects of a kind that the selector matches."""
        which = ("-l", selector) if selector else ()
        items: list[Json] = self.json("get", kind, *which)["items"]
        return items

    def failure(self, done: Result) -> Failure:
        """Name the trouble of a call that failed."""
        text = done.err
        context = f"context {self.context or '(current)'}"
        place = f"namespace {self.namespace}" if self.namespace else context
        cause = done.last_error
        forbidden = FORBIDDEN.search(text)
        for code, pattern in ADMISSION:
            if rule := re.search(pattern, text):
                words = {"do": heeding(rule, self.file, self.typed)}
                words |= {"up": "the same again", "kubectl": self.typed}
                return Failure(problem(code, place, cause, details=(), **words))
        if broken := NO_CONFIG.search(text):
            return Failure(problem("kubeconfig-unreadable", broken[1], broken[2], what=broken[1]))
        if NO_CONTEXT.search(text):
            eks = EKS.fullmatch(self.context)
            said = "aws eks update-kubeconfig --region {} --name {} makes it"
            details = (said.format(*eks.groups()),) if eks else ()
            return Failure(
                problem("context-missing", context, cause, details=details, file=self.file)
            )
        if forbidden:
            verb, resource = forbidden.groups()
            where, typed = f"{resource} in {place}", self.typed
            return Failure(
                problem("access-denied", where, cause, kubectl=typed, verb=verb, resource=resource)
            )
        if "Unauthorized" in text or "must be logged in" in text or "credentials" in text:
            # A login program that is absent is followed by lines of advice.
            line = next((one for one in text.splitlines() if "credentials" in one), cause)
            cause = re.sub(r"^.*?(?=getting credentials)", "", line)
            return Failure(problem("cluster-login", context, cause, kubectl=self.typed))
        if UNREACHABLE.search(text):
            return Failure(self._unreachable(cause))
        return done.failure()


def heeding(rule: re.Match[str], file: str, kubectl: str) -> str:
    """Return what to do about a rule that refuses; nothing would please one that fails itself."""
    name = rule["what"]
    if not _FAILS.match(rule.string, rule.start()):
        return f"follow what the rule {name} says in {file}"
    kind = "validating" if rule[0].startswith("P") else "mutating"
    do = f"{kubectl} get {kind}admissionpolicy {name} -o yaml; it fails itself, and its owner must"
    return f"{do} mend it, or {file} give what it looks for"


def as_list(items: Iterable[Json]) -> str:
    """Return objects as one document, as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*items]})


def parse_stream(text: str) -> list[Json]:
    """Return the objects of one or more JSON documents printed one after the other."""
    decoder = json.JSONDecoder()
    objects: list[Json] = []
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        objects += document["items"] if document.get("kind") == "List" else [document]
        text = text[end:]
    return objects
