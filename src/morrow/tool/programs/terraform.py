"""Terraform: one root folder, typed arguments in, a parsed plan or a named error out.

How others use it:

    terraform = Terraform.of(environment)              # terraform/environments/<label>
    plan = terraform.plan()                            # init when needed; raises Failure
    plan.changes[0].action                             # "create" | "update" | "no-op" | …
    plan.changes[0].fields                             # (Field("values[1]", before, after), …)
    terraform.apply(plan.file, on_progress=…)          # or without a plan: plans and applies
    terraform.destroy(on_progress=…)
    terraform.output()["revision"]
    terraform.release_known()                          # its description in the state, or None

What Terraform says of a trouble becomes a Problem by `terraform_errors`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.programs import runner, terraform_json
from morrow.tool.programs.runner import Result
from morrow.tool.programs.terraform_errors import (
    FixContext,
    Lock,
    as_printed,
    needs_init,
    parse_lock,
    problems_of,
)
from morrow.tool.programs.terraform_json import Plan, Progress

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment

QUIET = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_CLI_ARGS": "", "CHECKPOINT_DISABLE": "1"}
# The provider would let each of them overrule the kubeconfig and the context that it is given.
FOREIGN = (
    *("KUBE_CONFIG_PATHS", "KUBE_HOST", "KUBE_USER", "KUBE_PASSWORD", "KUBE_TOKEN"),
    *("KUBE_INSECURE", "KUBE_TLS_SERVER_NAME", "KUBE_CLIENT_CERT_DATA", "KUBE_CLIENT_KEY_DATA"),
    *("KUBE_CLUSTER_CA_CERT_DATA", "KUBE_CTX_AUTH_INFO", "KUBE_CTX_CLUSTER", "KUBE_PROXY_URL"),
)
ENVIRONMENT = QUIET | dict.fromkeys(FOREIGN, "")


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Terraform:
    """Terraform in one root folder."""

    folder: Path
    variables: Mapping[str, str]
    situation: FixContext

    @classmethod
    def of(cls, environment: Environment, *, timeout: float | None = None) -> Terraform:
        """Return the root of an environment."""
        folder = environment.project.terraform / environment.label
        shown = environment.shown(folder)
        if not (folder / "main.tf").is_file():
            raise Failure(
                problem("terraform-root-missing", shown, "there is no main.tf", folder=shown)
            )
        given = {
            "kubeconfig": _kubeconfig(environment.context),
            "context": environment.context,
            "timeout": None if timeout is None else f"{timeout:.0f}",
        }
        situation = FixContext(
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

    def plan(self, *, destroy: bool = False) -> Plan:
        """Say what an apply would do; the plan's file stays beside the root's state."""
        file = self.folder / ".terraform" / "morrow.tfplan"
        file.parent.mkdir(parents=True, exist_ok=True)
        mode = ("-destroy",) if destroy else ()
        said = self._work("plan", f"-out={file.resolve()}", *mode, *self._given)
        raw = json.loads(self._check("show", "-json", str(file.resolve())))
        return Plan(file, terraform_json.changes(raw), terraform_json.warnings(said), raw)

    def apply(
        self, plan: Path | None = None, on_progress: OnProgress | None = None
    ) -> tuple[str, ...]:
        """Apply exactly the plan's file, or else plan and apply; return Terraform's warnings."""
        what = (str(plan.resolve()),) if plan else ("-auto-approve", *self._given)
        return terraform_json.warnings(self._work("apply", *what, on_progress=on_progress))

    def destroy(self, on_progress: OnProgress | None = None, *, only: str = "") -> tuple[str, ...]:
        """Take all away, or `only` one resource; return Terraform's warnings (what Helm keeps)."""
        target = (f"-target={only}",) if only else ()
        arguments = ("-auto-approve", *target, *self._given)
        return terraform_json.warnings(self._work("destroy", *arguments, on_progress=on_progress))

    def output(self) -> dict[str, Any]:
        """Return the root's outputs."""
        raw = json.loads(self._check("output", "-json"))
        return {name: entry["value"] for name, entry in raw.items()}

    def release_known(self) -> str | None:
        """Return the release's description as the state knows it, without asking the cluster."""
        return terraform_json.release_known(json.loads(self._check("show", "-json")))

    def adopt(self, address: str) -> None:
        """Make the state know the release as it is in the cluster, whatever it knew before."""
        where = f"{self.situation.namespace}/{self.situation.release}"
        if self.release_known() is not None:
            self._check("state", "rm", address)
        self._check("import", "-no-color", *self._given, address, where)

    def lock(self) -> Lock | None:
        """Return who holds the state's lock; found by a command that locks and changes nothing."""
        done = self._initialised("taint", "-allow-missing", "-no-color", "helm_release.none")
        lock = parse_lock(done.out + done.err)
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

    def _work(self, verb: str, *arguments: str, on_progress: OnProgress | None = None) -> str:
        return self._check(verb, "-json", *arguments, on_progress=on_progress)

    def _check(self, *arguments: str, on_progress: OnProgress | None = None) -> str:
        done = self._initialised(*arguments, on_progress=on_progress)
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
            progress = terraform_json.progress(line)
            if progress is not None and on_progress is not None:
                on_progress(progress)

        chdir = f"-chdir={self.folder}"
        streams = on_line if on_progress else None
        return runner.run("terraform", chdir, *arguments, environment=ENVIRONMENT, on_line=streams)

    def _failure(self, done: Result) -> Failure:
        errors = [one for one in terraform_json.diagnostics(done.out) if one.severity == "error"]
        errors = errors or [as_printed(done.err.strip() or done.out.strip() or done.last_error)]
        return Failure(*problems_of(errors, self.situation, done.line))


def _kubeconfig(context: str) -> str | None:
    """Return the one file of KUBECONFIG that has the context; the provider takes only one."""
    files = [name for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    for name in files[:-1]:
        done = runner.run(
            "kubectl", "config", "get-contexts", "-o=name", environment={"KUBECONFIG": name}
        )
        if context in done.out.split():
            return str(Path(name).expanduser().resolve())
    return str(Path(files[-1]).expanduser().resolve()) if files else None
