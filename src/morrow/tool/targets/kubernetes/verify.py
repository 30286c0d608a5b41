"""Verification of a release in a cluster."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster import lock
from morrow.tool.cluster.objects import (
    annotations_of,
    labels_of,
    names_held,
    settings_mark,
    with_settings,
)
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look, look_at_all
from morrow.tool.diagnose.view import View, pods_of
from morrow.tool.load.load import Load
from morrow.tool.programs.port_forward import ask
from morrow.tool.report.page import Line
from morrow.tool.targets.kubernetes.operate import Way
from morrow.tool.targets.kubernetes.promises import (
    cron_line,
    image_id,
    is_over,
    judged_line,
    only,
    restart_line,
    serving_pods,
    workload_lines,
)
from morrow.tool.targets.target import VerifyOptions
from morrow.tool.verify.contract import Reach, contract_of, metrics_missing
from morrow.tool.verify.verify import Subject

ROLLOUT = 600.0


class KubernetesSubject(Subject):
    """The release as it runs in its namespace: web process, workers and crons."""

    def __init__(self, site: Site, options: VerifyOptions) -> None:
        environment = self.environment = site.environment
        self._began = time.monotonic()
        self._site, self.kubectl = site, site.kubectl
        self._way = Way(site, options)
        self._web = environment.value("web", "enabled") is not False
        self._view = look(site.kubectl, site.place)
        if not (self._main if self._web else self._view.workloads or self._crons(self._view)):
            what = f"workload {environment.name}" if self._web else "process"
            cause = f"there is no {what} of it in namespace {environment.namespace}"
            raise Failure(
                problem("release-missing", environment.name, cause, environment=environment.label),
                refused=True,
            )

    @property
    def image(self) -> str:
        """The image of the release."""
        return self.environment.image

    @property
    def digest(self) -> str:
        """The one digest that every pod of its own image runs."""
        pods = [pod for one in self._own(self._view) for pod in serving_pods(self._view, one)]
        ids = {image_id(pod).rpartition("@")[2] for pod in pods}
        return next(iter(ids)) if len(ids) == 1 else ""

    def reach(self) -> Reach | None:
        """Take what the command line gave, else the route, else a tunnel; None without web."""
        return self._way.reach() if self._web or self._way.options.url else None

    def close(self) -> None:
        """End the tunnel."""
        self._way.close()

    # -- what is promised ----------------------------------------------------------------------

    def promises(self) -> list[Line]:
        """Judge every pod of every process, and ask the judges of `status`."""
        view = self._view = look_at_all(self._site)
        lines: list[Line] = []
        for one in view.workloads:
            name = one["metadata"]["name"]
            own = self._web and name == self.environment.name
            whose = "every pod" if own else f"every pod of {name}"
            lines += workload_lines(one, view, whose)
        lines += [cron_line(one, view) for one in self._crons(view)]
        pods = [pod for one in view.workloads for pod in serving_pods(view, one)]
        lines.append(restart_line(pods, time.monotonic() - self._began))
        admin = self.environment.value("ports", "admin")
        if self._web and admin:
            lines += self._probes(self._pods(), int(admin))
        return [*lines, judged_line(view, self._site.place)]

    def _probes(self, pods: list[Json], port: int) -> list[Line]:
        names = [pod["metadata"]["name"] for pod in pods]
        paths = ("/startupz", "/readyz", "/livez", "/metrics", "/info")
        questions = [(name, path) for name in names for path in paths]
        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(lambda x: ask(self.kubectl, f"pod/{x[0]}", port, x[1]), questions))
        answers = dict(zip(questions, got, strict=True))
        bad = [f"{n}{p}: {answers[n, p]}" for n, p in questions[:] if answers[n, p].status != 200]
        detail = "; ".join(bad) or f"{', '.join(p[1:] for p in paths)} of {len(names)} pods"
        lines = [Line(not bad, "the probes answer 200 on every pod", detail)]
        missing = {m for name in names for m in metrics_missing(answers[name, "/metrics"].text)}
        detail = f"missing: {', '.join(sorted(missing))}" if missing else "all there"
        lines.append(Line(not missing, "the contract's metrics are there", detail))
        revisions = {
            str(answers[name, "/info"].json.get("secrets_revision", "?")) for name in names
        }
        ok, detail = only(revisions)
        lines.append(Line(ok, "every pod names the same secrets revision", detail))
        return lines

    # -- changes -------------------------------------------------------------------------------

    def change(self, kind: str, load: Load) -> str:
        """Roll the pods there and back, so that nothing stays changed, or end one of them."""
        with lock.held(self.environment, f"morrow verify {self.environment.label}"):
            if kind == "kill":
                return self._kill(load)
            before = self._workload()["spec"]["template"]
            with self._changed(kind, before) as after:
                load.mark(kind)
                try:
                    self._roll(before, after)
                except KeyboardInterrupt:
                    terminal.say("taking the change back first; Ctrl-C again ends at once")
                    raise
                finally:
                    load.mark("back")
                    self._roll(after, before)
        return f"the pods were replaced twice, there and back, by a changed template ({kind})"

    @contextlib.contextmanager
    def _changed(self, kind: str, template: Json) -> Iterator[Json]:
        """Yield a changed template to roll to, with the Secret that it names."""
        if kind == "update":
            notes = {
                **annotations_of(template),
                "morrow/verified": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            yield {**template, "metadata": {**template["metadata"], "annotations": notes}}
            return
        if kind == "config" and settings_mark(template["spec"]):
            yield with_settings(template, dict(contract_of(self.environment.project).change))
            return
        old_name = "" if kind == "config" else names_held(template["spec"])["secrets"]
        secret = self.kubectl.get("secret", old_name) if old_name else None
        if secret is None:
            cause = f"its pods have no {kind} that could change"
            raise Failure(problem("nothing-to-change", self.environment.name, cause), refused=True)
        name = f"{old_name}-verify"
        copy = {"apiVersion": "v1", "kind": "Secret", "data": secret["data"], "immutable": True}
        copy |= {"metadata": {"name": name, "labels": labels_of(secret)}, "type": secret["type"]}
        # A verification that was killed has left one.
        self.kubectl.check("delete", "secret", name, "--ignore-not-found")
        done = self.kubectl.create(copy)
        if done.code:
            raise self.kubectl.failure(done)
        try:
            text = json.dumps(template["spec"]).replace(f'"{old_name}"', f'"{name}"')
            yield {**template, "spec": json.loads(text)}
        finally:
            self.kubectl.check("delete", "secret", name, "--ignore-not-found")

    def _roll(self, before: Json, after: Json) -> None:
        patch = [
            {"op": "test", "path": "/spec/template", "value": before},
            {"op": "replace", "path": "/spec/template", "value": after},
        ]
        words = ("patch", self._target, "--type=json", "--patch-file", "/dev/stdin")
        self.kubectl.check(*words, input=json.dumps(patch))
        self._settled()

    @property
    def _target(self) -> str:
        kind = self._main["kind"].lower() if self._main else "deployment"
        return f"{kind}/{self.environment.name}"

    def _settled(self) -> None:
        """Wait until the rollout is over and the old pods have gone."""
        words = ("rollout", "status", self._target, f"--timeout={ROLLOUT:.0f}s")
        self.kubectl.check(*words, timeout=ROLLOUT + 10)
        until = time.monotonic() + 120
        while any(map(is_over, self._pods_now())):
            if time.monotonic() > until:
                terminal.warn("pods that were replaced still finish their requests")
                return
            time.sleep(1)

    def _kill(self, load: Load) -> str:
        self._workload()
        name = self._pods()[0]["metadata"]["name"]
        load.mark("kill")
        self.kubectl.check("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")
        time.sleep(1)
        self._settled()
        return f"pod {name} was deleted without a grace period"

    # -- objects -------------------------------------------------------------------------------

    @property
    def _main(self) -> Json | None:
        """The web process, a Deployment or a StatefulSet."""
        name = self.environment.name
        return next((o for o in self._view.workloads if o["metadata"]["name"] == name), None)

    def _workload(self) -> Json:
        """Return the web process as it is now."""
        self._view = look(self.kubectl, self._site.place)
        if self._main is None:
            cause = "it was there when this began, and is gone"
            where = self.environment.name
            raise Failure(self._site.place.problem("release-missing", where, cause))
        return self._main

    def _pods_now(self) -> list[Json]:
        """Return the web process's pods as they are now, those that end too."""
        workload = self._workload()  # which looks anew
        return pods_of(self._view, workload)

    def _own(self, view: View) -> list[Json]:
        """Return the web process, or the processes where there is none."""
        return [self._main] if self._web and self._main else list(view.workloads)

    def _crons(self, view: View) -> list[Json]:
        return view.own("CronJob", self.environment.name, self.environment.namespace)

    def _pods(self) -> list[Json]:
        """Return the web process's pods that are to stay, by the last look."""
        return serving_pods(self._view, self._main) if self._main else []
