"""Terraform: one root folder, typed arguments in, a parsed plan or a named error out.

How others use it:

    terraform = Terraform.of(environment)              # terraform/environments/<label>
    plan = terraform.plan(out=file)                    # init when needed; raises Failure
    plan.release.action                                # "create" | "update" | "no-op" | …
    plan.release.fields                                # (Field("values[1]", before, after), …)
    terraform.apply(plan=file, on_progress=…)          # or without a plan: plans and applies
    terraform.destroy(on_progress=…)
    terraform.output()["revision"]
    terraform.state()                                  # the release as the state knows it, or None

What Terraform says of a trouble becomes a Problem by `terraform_errors`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morrow.tool import programs
from morrow.tool.errors import Failure, problem
from morrow.tool.programs import Result
from morrow.tool.terraform_errors import (
    Diagnostic,
    Lock,
    Situation,
    lock_of,
    needs_init,
    problems_of,
)

if TYPE_CHECKING:
    from morrow.tool.environment import Environment

QUIET = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_CLI_ARGS": "", "CHECKPOINT_DISABLE": "1"}


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


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Terraform:
    """Terraform in one root folder."""

    folder: Path
    variables: Mapping[str, str]
    situation: Situation

    @classmethod
    def of(
        cls,
        environment: Environment,
        *,
        image_digest: str | None = None,
        secrets_revision: str | None = None,
        timeout: float | None = None,
    ) -> Terraform:
        """Return the root of an environment, with what the caller overrides."""
        folder = environment.project.terraform / environment.label
        shown = environment.shown(folder)
        if not (folder / "main.tf").is_file():
            raise Failure(
                problem("terraform-root-missing", shown, "there is no main.tf", folder=shown)
            )
        given = {
            "kubeconfig": _kubeconfig(environment.context),
            "context": environment.context,
            "image_digest": image_digest,
            "secrets_revision": secrets_revision,
            "timeout": None if timeout is None else f"{timeout:.0f}",
        }
        situation = Situation(
            environment=environment.label,
            file=environment.shown(environment.file),
            root=shown,
            release=environment.name,
            namespace=environment.namespace,
            context=environment.context,
        )
        return cls(folder, {key: text for key, text in given.items() if text}, situation)

    def init(self, *arguments: str) -> None:
        """Fetch provider and module, open the backend."""
        done = self._run("init", "-json", *arguments)
        if done.code:
            raise self._failure(done)

    def plan(self, out: Path | None = None, *, destroy: bool = False) -> Plan:
        """Say what an apply would do; the plan's file is `out`, or one beside the root's state."""
        file = out or self.folder / ".terraform" / "morrow.tfplan"
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = ("-destroy",) if destroy else ()
        done = self._work("plan", f"-out={file.resolve()}", *mode, *self._given)
        return self.read_plan(file, _warnings(done))

    def read_plan(self, file: Path, warnings: tuple[str, ...] = ()) -> Plan:
        """Parse a plan's file."""
        raw = json.loads(self._check("show", "-json", str(file.resolve())))
        changes = tuple(_change(entry) for entry in raw.get("resource_changes") or ())
        return Plan(file, changes, warnings, raw)

    def apply(
        self, plan: Path | None = None, on_progress: OnProgress | None = None
    ) -> tuple[str, ...]:
        """Apply exactly the plan's file, or else plan and apply; return Terraform's warnings."""
        what = (str(plan.resolve()),) if plan else ("-auto-approve", *self._given)
        return _warnings(self._work("apply", *what, on_progress=on_progress))

    def destroy(self, on_progress: OnProgress | None = None) -> tuple[str, ...]:
        """Take the release away; return Terraform's warnings (what Helm keeps)."""
        arguments = ("-auto-approve", *self._given)
        return _warnings(self._work("destroy", *arguments, on_progress=on_progress))

    def output(self) -> dict[str, Any]:
        """Return the root's outputs."""
        raw = json.loads(self._check("output", "-json"))
        return {name: entry["value"] for name, entry in raw.items()}

    def state(self) -> Release | None:
        """Return the release as the state knows it, without asking the cluster."""
        raw = json.loads(self._check("show", "-json"))
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

    def adopt(self, address: str = "module.service.helm_release.this") -> None:
        """Make the state know the release as it is in the cluster, whatever it knew before."""
        where = f"{self.situation.namespace}/{self.situation.release}"
        if self.state() is not None:
            self._check("state", "rm", address)
        self._check("import", "-no-color", *self._given, address, where)

    def lock(self) -> Lock | None:
        """Return who holds the state's lock; found by a command that locks and changes nothing."""
        done = self._initialised("taint", "-allow-missing", "-no-color", "helm_release.none")
        lock = lock_of(done.out + done.err)
        if done.code and lock is None:
            raise self._failure(done)
        return lock

    def push(self, state: Path) -> None:
        """Save a state that an apply could not save."""
        self._check("state", "push", str(state.resolve()))

    def unlock(self, identity: str) -> None:
        """Remove a lock whose holder is gone."""
        self._check("force-unlock", "-force", identity)

    @property
    def _given(self) -> tuple[str, ...]:
        return tuple(f"-var={key}={text}" for key, text in self.variables.items())

    def _work(self, verb: str, *arguments: str, on_progress: OnProgress | None = None) -> Result:
        done = self._initialised(verb, "-json", *arguments, on_progress=on_progress)
        if done.code:
            raise self._failure(done)
        return done

    def _check(self, *arguments: str) -> str:
        done = self._initialised(*arguments)
        if done.code:
            raise self._failure(done)
        return done.out

    def _initialised(self, *arguments: str, on_progress: OnProgress | None = None) -> Result:
        done = self._run(*arguments, on_progress=on_progress)
        if done.code and needs_init(done.out + done.err):
            self.init()
            done = self._run(*arguments, on_progress=on_progress)
        return done

    def _run(self, *arguments: str, on_progress: OnProgress | None = None) -> Result:
        def on_line(line: str) -> None:
            progress = _progress(line)
            if progress is not None and on_progress is not None:
                on_progress(progress)

        chdir = f"-chdir={self.folder}"
        streams = on_line if on_progress else None
        return programs.run("terraform", chdir, *arguments, environment=QUIET, on_line=streams)

    def _failure(self, done: Result) -> Failure:
        found = [entry for entry in _diagnostics(done) if entry.severity == "error"]
        if not found:
            found = [Diagnostic("error", done.last_error, done.err.strip() or done.out.strip())]
        return Failure(*problems_of(found, self.situation, done.line))


def _kubeconfig(context: str) -> str | None:
    """Return the one file of KUBECONFIG that has the context; the provider takes only one."""
    files = [name for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    for name in files[:-1]:
        done = programs.run(
            "kubectl", "config", "get-contexts", "-o=name", environment={"KUBECONFIG": name}
        )
        if context in done.out.split():
            return str(Path(name).expanduser().resolve())
    return str(Path(files[-1]).expanduser().resolve()) if files else None


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue  # a line that a killed Terraform did not finish


def _diagnostics(done: Result) -> list[Diagnostic]:
    found = []
    for line in _lines(done.out):
        entry = line.get("diagnostic")
        if entry:
            found.append(
                Diagnostic(entry["severity"], entry.get("summary", ""), entry.get("detail", ""))
            )
    return found


def _warnings(done: Result) -> tuple[str, ...]:
    return tuple(
        ": ".join(text for text in (entry.summary, entry.detail) if text)
        for entry in _diagnostics(done)
        if entry.severity == "warning"
    )


STATES = {
    "apply_start": "started",
    "apply_progress": "running",
    "apply_complete": "done",
    "apply_errored": "failed",
}


def _progress(line: str) -> Progress | None:
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


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _resources(child)
