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
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.programs import runner
from morrow.tool.programs.runner import Result

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment

Object = dict[str, Any]

UNREACHABLE = re.compile(
    r"connection refused|no such host|i/o timeout|no route to host|was refused|TLS handshake"
    r"|Unable to connect to the server|context deadline exceeded|EOF"
)
ANSWER = 30.0  # seconds in which an API server that is there has answered a plain question
FORBIDDEN = re.compile(r'cannot (\w+) resource "([\w./-]+)"')


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
        """The arguments that every call starts with."""
        context = ("--context", self.context) if self.context else ()
        return (*context, "-n", self.namespace)

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
        """Run and return stdout, or raise what is known of the failure."""
        done = self.run(*arguments, input=input, timeout=timeout)
        if done.code:
            raise self.failure(done)
        return done.out

    def json(self, *arguments: str, timeout: float | None = ANSWER) -> Any:  # noqa: ANN401
        """Run with `-o json` and return what it prints."""
        return json.loads(self.check(*arguments, "-o", "json", timeout=timeout))

    def get(self, kind: str, name: str) -> Object | None:
        """Return one object, or None when there is none of that name."""
        out = self.check("get", kind, name, "-o", "json", "--ignore-not-found")
        found: Object | None = json.loads(out) if out.strip() else None
        return found

    def list(self, kind: str, selector: str = "") -> list[Object]:
        """Return the objects of a kind that the selector matches."""
        which = ("--selector", selector) if selector else ()
        items: list[Object] = self.json("get", kind, *which)["items"]
        return items

    def failure(self, done: Result) -> Failure:
        """Name the trouble of a call that failed."""
        text = done.err
        context = self.context or "(current)"
        cause = done.last_error
        forbidden = FORBIDDEN.search(text)
        if "does not exist" in text and "context" in text:
            return Failure(problem("context-missing", f"context {context}", cause, file=self.file))
        if forbidden:
            return Failure(
                problem(
                    "access-denied",
                    f"{forbidden[2]} in namespace {self.namespace}",
                    cause,
                    kubectl=self.typed,
                    verb=forbidden[1],
                    resource=forbidden[2],
                )
            )
        if "Unauthorized" in text or "must be logged in" in text or "credentials" in text:
            return Failure(
                problem("cluster-login", f"context {context}", cause, kubectl=self.typed)
            )
        if UNREACHABLE.search(text):
            return Failure(self._unreachable(cause))
        return done.failure()


def parse_stream(text: str) -> list[Object]:
    """Return the objects of one or more JSON documents printed one after the other."""
    decoder = json.JSONDecoder()
    objects: list[Object] = []
    position = 0
    while position < len(text):
        while position < len(text) and text[position].isspace():
            position += 1
        if position == len(text):
            break
        document, position = decoder.raw_decode(text, position)
        objects += document["items"] if document.get("kind") == "List" else [document]
    return objects
