"""Everything that can go wrong, as data: code, object, cause, fix.

How others use it: add a row to `TABLE` (in your section), then

    problem("image-not-found", "image ghcr.io/x/y:1", "the registry answers 404", reference="…")

makes a `Problem` whose fix is the row's template filled with `object` and the fields given.
Collect problems as values; raise `Failure(problem, …)` only where a command cannot go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from morrow.tool.base.terminal import typed


@dataclass(frozen=True)
class Row:
    """One kind of error: what it means, and the fix as a template that can be typed."""

    summary: str
    fix: str
    refused: bool = False  # True: found before anything was changed (exit 2), else exit 1

    @property
    def fix_in_general(self) -> str:
        """What a page can say: a fix that depends wholly on the moment is named as such."""
        return "the command that the error shows" if self.fix == "{command}" else self.fix


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
        return {
            "code": self.code,
            "object": self.object,
            "cause": self.cause,
            "fix": self.fix,
            "details": list(self.details),
        }


class Failure(Exception):
    """Problems that end a command. `refused` says that nothing had been changed (exit 2)."""

    def __init__(self, *problems: Problem, refused: bool | None = None) -> None:
        super().__init__("; ".join(f"{p.code}: {p.object}: {p.cause}" for p in problems))
        self.problems = problems
        if refused is None:
            refused = all(TABLE[p.code].refused for p in problems)
        self.exit_code = 2 if refused else 1


def problem(
    code: str, object: str, cause: str, *, details: tuple[str, ...] = (), **fields: str
) -> Problem:
    """Make a problem whose fix is the table's template filled with `fields`."""
    template = TABLE[code].fix.replace("morrow ", f"{typed()} ")
    fix = template.format(object=object, **fields)
    return Problem(code, object, cause, fix, details)


# The one table. `docs/errors.md` and `morrow explain` are made from it.
TABLE: dict[str, Row] = {
    # -- the tool itself -------------------------------------------------------------------
    "internal-error": Row(
        "The tool met a state that its authors did not think of.",
        "run it again with MORROW_TRACEBACK=1 and report the output",
    ),
    "interrupted": Row(
        "The command was stopped by Ctrl-C or SIGTERM.",
        "run the same command again: it goes on from what is there",
    ),
    "usage": Row("The command line has a mistake.", "{command} --help", True),
    "project-missing": Row(
        "No pyproject.toml with a [tool.morrow] table from here upward.",
        "cd into the project, or add to its pyproject.toml: [tool.morrow]",
        True,
    ),
    "project-invalid": Row(
        "The [tool.morrow] table of pyproject.toml has a mistake.", "edit {file}", True
    ),
    "program-missing": Row(
        "A program that the command needs is not on PATH.",
        "install {program}, or name it: {variable}=/path/to/{program}",
        True,
    ),
    "program-failed": Row(
        "A program ended with an error that the tool does not know.",
        "run it yourself: {command}",
    ),
    "program-silent": Row("A program did not end in its time.", "run it yourself: {command}"),
    "file-failed": Row(
        "A file or folder cannot be read or written.", "ls -ld {object}, then run it again"
    ),
    # -- environments ----------------------------------------------------------------------
    "environment-missing": Row(
        "There is no environment of that name.", "morrow env new {object} --from dev", True
    ),
    "environment-unnamable": Row(
        "The name has characters that an environment's name cannot have.",
        "morrow env new {name} --from {source}",
        True,
    ),
    "environment-exists": Row("An environment of that name is there already.", "edit {file}", True),
    "environment-syntax": Row("The environment file is no readable YAML.", "edit {file}", True),
    "environment-ambiguous": Row(
        "A value without quotes that YAML readers take differently.",
        "quote it in {file}: {quoted}",
        True,
    ),
    "environment-key": Row("A key that the chart does not know.", "edit {file}: {hint}", True),
    "environment-value": Row(
        "A value that the chart's schema refuses.", "edit {file}: {hint}", True
    ),
    "environment-name": Row(
        "The file's name and its `environment:` disagree.",
        "edit {file}: environment: {name}",
        True,
    ),
    "target-unsupported": Row(
        "This command does not work for the environment's kind of target.",
        "choose an environment whose target.kind is {kind}",
        True,
    ),
    # -- settings --------------------------------------------------------------------------
    "settings-unreadable": Row(
        "The service's declaration of settings cannot be imported.",
        "edit {object}, then: morrow settings",
        True,
    ),
    "settings-unknown": Row(
        "A setting that the service does not declare.", "edit {file}: {hint}", True
    ),
    "settings-missing": Row(
        "A setting that the service needs and nobody gives.", "edit {file}: {hint}", True
    ),
    "settings-invalid": Row(
        "A setting whose value the service refuses.", "edit {file}: {hint}", True
    ),
    "settings-exposed": Row(
        "A declared secret stands in clear text under `config`.",
        "edit {file}: move {name} from {section} to secrets.keys",
        True,
    ),
    # -- plan and lock ---------------------------------------------------------------------
    "chart-invalid": Row(
        "The chart refuses these values, or cannot be rendered with them.",
        "edit {file}, then: morrow plan {environment}",
        True,
    ),
    "plan-stale": Row(
        "What the plan was computed from has changed since.",
        "morrow plan {environment} --out {file}",
        True,
    ),
    "plan-unreadable": Row(
        "The plan file is damaged or was made for something else.",
        "morrow plan {environment} --out {file}",
        True,
    ),
    "plan-rejected": Row("The API server would refuse an object of the plan.", "edit {file}", True),
    "environment-locked": Row(
        "Another command is changing this environment.",
        "wait for {holder}, or, if it is gone: {command}",
        True,
    ),
    # -- cluster access --------------------------------------------------------------------
    "context-missing": Row(
        "The kubeconfig has no such context.",
        "kubectl config get-contexts, then --context NAME, MORROW_CONTEXT=NAME or target.context"
        " in {file}",
        True,
    ),
    "cluster-unreachable": Row("The API server does not answer.", "{kubectl} cluster-info", True),
    "cluster-login": Row(
        "The API server does not accept the credentials.",
        "log in again, then: {kubectl} auth whoami",
        True,
    ),
    "access-denied": Row(
        "The API server forbids what the command must do.",
        "get the right, then: {kubectl} auth can-i {verb} {resource}",
        True,
    ),
    # -- process target, load and verify ----------------------------------------------------
    "port-taken": Row("Another program listens on the port.", "{command}", True),
    "process-crashed": Row(
        "The service ended before it was ready.", "fix what its last lines say, then: {command}"
    ),
    "process-never-ready": Row("The service runs and did not become ready.", "{command}"),
    "not-running": Row("The service does not run here.", "{command}", True),
    "verify-no-route": Row(
        "Load during a change of pods needs a way in that outlives a pod.",
        "morrow verify {environment} --url URL, or set route.mode and route.hosts in its file",
        True,
    ),
    "load-failed": Row("The load client could not run.", "run the command again"),
    "nothing-to-change": Row(
        "The change that verification should make has nothing to act on.",
        "verify with --during update instead",
        True,
    ),
    "kill-refused": Row(
        "A protected environment's pods are not killed.",
        "morrow verify {environment} --during update --confirm {environment}",
        True,
    ),
    # -- kubernetes target, doctor, secrets, rollback ---------------------------------------
    "image-not-found": Row(
        "The registry does not have the image.",
        "push {image}, or correct image: in {file}, then: {up}",
    ),
    "image-unauthorised": Row(
        "The registry does not let the nodes pull the image.",
        "docker login {registry}; {kubectl} create secret docker-registry pull"
        " --from-file=.dockerconfigjson=$HOME/.docker/config.json; set image.pullSecrets.pull: true"
        " in {file}, then: {up}",
    ),
    "image-wrong-platform": Row(
        "The image was built for another kind of processor.",
        "build {image} for the nodes' platform, push it, then: {up}",
    ),
    "image-name-invalid": Row(
        "The image's name is no reference of an image.", "correct image: in {file}, then: {up}"
    ),
    "image-never-pulled": Row(
        "The pull policy is Never and the node does not hold the image.",
        "kind load docker-image {image}, then: {up}",
    ),
    "registry-unreachable": Row(
        "The nodes cannot reach the image's registry.",
        "{kubectl} get events; make {registry} reachable from the nodes, then: {up}",
    ),
    "secret-missing": Row("A Secret that the pods need is not there.", "{create}{up}"),
    "secret-key-missing": Row(
        "A Secret that is not the environment's own lacks a key that the pods need.",
        "add {key} to {what}, or take it out of {file}, then: {up}",
    ),
    "configmap-missing": Row(
        "A ConfigMap that the pods need is not there.",
        "{kubectl} create configmap {what} {keys}, then: {up}",
    ),
    "configmap-key-missing": Row(
        "A ConfigMap lacks a key that the pods need.",
        "add {key} to {what}, or take it out of {file}, then: {up}",
    ),
    "settings-refused": Row(
        "The service started and refused its settings (exit code 78).", "{fix}; then: {up}"
    ),
    "crashed": Row(
        "The service ended by itself, twice or more.",
        "fix what its last lines say, then: {up}",
    ),
    "out-of-memory": Row(
        "The container needs more memory than its limit.",
        "raise resources.limits.memory in {file}, then: {up}",
    ),
    "command-not-found": Row(
        "The image does not hold the program that it should start.",
        "correct command: in {file}, or the image, then: {up}",
    ),
    "container-refused": Row(
        "The node refuses to start the container.",
        "fix what the message names in {file}, then: {up}",
    ),
    "never-ready": Row(
        "The service runs, and its probe fails to the end of the startup budget.",
        "fix what the probe answers, or raise probes.startup.failureThreshold in {file},"
        " then: {up}",
    ),
    "pod-evicted": Row(
        "The node threw the pod out.",
        "ask for what it used up under resources: in {file}, or free the node, then: {up}",
    ),
    "quota-exceeded": Row(
        "The namespace's quota leaves no room for the pods.",
        "{kubectl} describe resourcequota {what}; ask for less under resources: in {file},"
        " or have it raised, then: {up}",
    ),
    "limit-range-refused": Row(
        "The namespace's LimitRange refuses the pods.",
        "{kubectl} describe limitrange; fit resources: in {file} to it, then: {up}",
    ),
    "pod-security-refused": Row(
        "The namespace's Pod Security level refuses the pods.",
        "take what the message names out of {file}, then: {up}",
    ),
    "service-account-missing": Row(
        "The pods' ServiceAccount is not there.",
        "{kubectl} create serviceaccount {what}, then: {up}",
    ),
    "priority-class-missing": Row(
        "The pods' PriorityClass is not there.",
        "{kubectl} get priorityclass; name one of them in {file}, then: {up}",
    ),
    "webhook-unreachable": Row(
        "An admission webhook of the cluster does not answer.",
        "{kubectl} get validatingwebhookconfigurations,mutatingwebhookconfigurations;"
        " its owner must bring it back, then: {up}",
    ),
    "admission-refused": Row(
        "An admission rule of the cluster refuses the object.",
        "follow what the rule {what} says in {file}, then: {up}",
    ),
    "pod-refused": Row(
        "The API server refuses to make the pods.",
        "fix what the message names in {file}, then: {up}",
    ),
    "unschedulable": Row(
        "No node takes the pods.", "{look}; change {file} or the nodes, then: {up}"
    ),
    "volume-claim-missing": Row(
        "A PersistentVolumeClaim that the pods name is not there.",
        "{kubectl} get pvc; make {what} or name another in {file}, then: {up}",
    ),
    "volume-unbound": Row(
        "A PersistentVolumeClaim gets no volume.", "{kubectl} describe pvc, then: {up}"
    ),
    "volume-not-mounted": Row(
        "A volume cannot be mounted.",
        "fix what the message names in {file} or on the nodes, then: {up}",
    ),
    "job-failed": Row(
        "A Job that runs before or after the release failed.",
        "fix what its last lines say, then: {up}",
    ),
    "rollout-slow": Row(
        "The pods were not ready in the time given, and nothing calls itself broken.",
        "{kubectl} get pods; then, with more time: {up} --timeout {seconds}",
    ),
    "release-refused": Row(
        "Helm or the API server refuses the release.", "fix what it names in {file}, then: {up}"
    ),
    "release-stuck": Row(
        "An earlier command was killed and left the release half-way.",
        "morrow doctor {environment} --fix",
        True,
    ),
    "name-taken": Row(
        "An object of that name belongs to somebody else.",
        "{kubectl} get {what} --show-labels; rename yours in {file}, or delete it, then: {up}",
    ),
    "resource-kind-missing": Row(
        "The cluster does not know a kind that the environment needs.",
        "install what brings {what}, or switch it off in {file}, then: {up}",
        True,
    ),
    "namespace-terminating": Row(
        "The namespace is being deleted.",
        "{kubectl} wait --for=delete namespace/{what} --timeout=120s, then: {up}",
        True,
    ),
    "smoke-failed": Row(
        "All pods are ready, and the service does not answer as it should.",
        "morrow logs {environment}",
    ),
    "confirm-needed": Row(
        "The environment is protected: its name must be given.",
        "{command} --confirm {environment}",
        True,
    ),
    "digest-needed": Row(
        "A protected environment runs an image by its digest only.",
        "set image.digest in {file}",
        True,
    ),
    "replicas-needed": Row(
        "A protected environment needs two replicas at least.",
        "set {key}: 2 in {file}",
        True,
    ),
    "server-unconfirmed": Row(
        "A protected environment's context leads to a cluster that its file does not name.",
        "choose another --context, or set target.server: {server} in {file}",
        True,
    ),
    "provider-unsupported": Row(
        "The target does not take secrets of that provider, or not yet.",
        "set secrets.provider: {provider} in {file}",
        True,
    ),
    "secret-incomplete": Row(
        "The Secret lacks keys that the service needs.",
        "morrow secrets {verb} {environment} {key}",
        True,
    ),
    "secret-unknown": Row(
        "The environment declares no secret of that name.",
        "add it to secrets.keys in {file}",
        True,
    ),
    "secret-value": Row(
        "No value was given for the secret.",
        "morrow secrets set {environment} {key} < FILE",
        True,
    ),
    "secret-not-rolled": Row("Not every pod holds the new secrets.", "morrow status {environment}"),
    "release-missing": Row("There is no such release.", "morrow up {environment}", True),
    "revision-missing": Row("There is no revision to go back to.", "helm history {release}", True),
    "revision-secret-gone": Row(
        "The Secret of the revision to go back to is gone.",
        "morrow up {environment} with the files as they were then",
        True,
    ),
    "program-old": Row(
        "A program is older than the tool needs.",
        "install {program} {wanted} or newer, or name one: {variable}=/path/to/{program}",
        True,
    ),
    "helm-unsupported": Row(
        "This Helm is newer than the tool: nobody knows whether it merges as the plan is computed.",
        "install Helm 3.18 to 4, or name one: MORROW_HELM=/path/to/helm",
        True,
    ),
    "cluster-old": Row(
        "The cluster is older than the chart needs.", "update the cluster to 1.30 or newer", True
    ),
    # -- terraform -------------------------------------------------------------------------
    "terraform-root-missing": Row(
        "The environment has no Terraform root.",
        "cp -r terraform/environments/dev/. {folder}, then: terraform -chdir={folder} init",
        True,
    ),
    "terraform-provider-missing": Row(
        "Terraform cannot get the provider hashicorp/helm.",
        "let this machine reach the Terraform registry, or put a copy under"
        " ~/.terraform.d/plugins with `terraform providers mirror` on one that can,"
        " then: terraform -chdir={root} init",
        True,
    ),
    "terraform-locked": Row(
        "Somebody else is working with this state.",
        "wait for {who}, or, if that run is dead: {command}",
        True,
    ),
    "terraform-backend": Row(
        "Terraform cannot reach the place where it keeps the state.",
        "fix the backend in {root}/main.tf or log in to it, then: terraform -chdir={root} init",
        True,
    ),
    "terraform-input": Row("The module refuses what it is given.", "edit {file}", True),
    "terraform-failed": Row(
        "Terraform ended with an error that the tool does not know.",
        "run it yourself: {command}",
    ),
    "terraform-state-unsaved": Row(
        "An apply could not save its state and left it in a file.",
        "morrow doctor {environment} --fix",
        True,
    ),
    "release-rolled-back": Row(
        "The new release was not ready in its time; the old one was put back.",
        "morrow doctor {environment}; fix what it names in {file}, then: morrow up {environment}",
    ),
    "release-foreign": Row(
        "A release of that name is there, and Terraform's state does not know it.",
        "morrow doctor {environment} --fix",
        True,
    ),
    "release-changed": Row(
        "The release is not the one that Terraform made, and its plan would not show it.",
        "morrow doctor {environment} --fix",
        True,
    ),
    "object-in-use": Row(
        "An object of that name is there and belongs to no release, or to another one.",
        "morrow doctor {environment} --fix",
    ),
    "namespace-missing": Row(
        "The namespace does not exist.",
        "morrow up {environment}, which makes it",
        True,
    ),
}


def page() -> str:
    """Return docs/errors.md: `python -m morrow.tool.base.errors > docs/errors.md`."""
    lines = [
        "# Errors",
        "",
        "Every error of the tool has a code, an object, a cause and a fix. This page is made from",
        "the table in `src/morrow/tool/base/errors.py`; `morrow explain CODE` shows one row. Words",
        "in braces are filled in when the error is shown. Exit 2: nothing had been changed.",
        "",
    ]
    for code, row in sorted(TABLE.items()):
        refused = 2 if row.refused else 1
        lines += [f"## {code}", "", row.summary, "", "```text", row.fix_in_general, "```", ""]
        lines += [f"Exit {refused}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
