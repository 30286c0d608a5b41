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
from morrow.tool.diagnose.containers import container_statuses
from morrow.tool.diagnose.view import age_of, is_ending, is_ready
from morrow.tool.load.load import Load
from morrow.tool.programs.port_forward import ask
from morrow.tool.report.page import Line
from morrow.tool.targets.kubernetes.reach import Way
from morrow.tool.targets.target import VerifyOptions
from morrow.tool.verify.contract import Reach, contract_of, metrics_missing
from morrow.tool.verify.verify import Subject

HASH = "pod-template-hash"
RECENT = 600.0  # seconds in which no container may have restarted
ROLLOUT = 600.0


class KubernetesSubject(Subject):
    """The service as it runs in its namespace."""

    def __init__(self, site: Site, options: VerifyOptions) -> None:
        environment = self.environment = site.environment
        self._began = time.monotonic()
        self.kubectl = site.kubectl
        self._way = Way(site, options)
        if self._deployment_or_none() is None:
            cause = f"there is no Deployment of it in namespace {environment.namespace}"
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
        """The one digest that every pod runs."""
        ids = {_image_id(pod).rpartition("@")[2] for pod in self._pods()}
        return next(iter(ids)) if len(ids) == 1 else ""

    def reach(self) -> Reach:
        """Take what the command line gave, else the route, else a tunnel."""
        return self._way.reach()

    def close(self) -> None:
        """End the tunnel."""
        self._way.close()

    # -- what is promised ----------------------------------------------------------------------

    def promises(self) -> list[Line]:
        """Judge every pod."""
        deployment, pods = self._deployment(), self._pods()
        template = deployment["spec"]["template"]
        count = deployment["spec"].get("replicas", 0)
        ready = sum(is_ready(pod) for pod in pods)
        lines = [Line(ready == len(pods) == count, "every pod is ready", f"{ready} of {count}")]
        ok, detail = _only({pod["metadata"]["labels"].get(HASH, "?") for pod in pods})
        lines.append(Line(ok, "every pod comes from one template", detail))
        image = template["spec"]["containers"][0]["image"]
        ids = {_image_id(pod).rpartition("@")[2] or "not pulled" for pod in pods}
        ok, detail = _only(ids)
        lines.append(Line(ok, "every pod runs the same image", f"{image} ({detail})"))
        for kind in ("config", "secrets"):
            names = {names_held(pod["spec"])[kind] or "none" for pod in pods}
            ok, detail = _only(names)
            same = names == {names_held(template["spec"])[kind] or "none"}
            lines.append(Line(ok and same, f"every pod holds the same {kind}", detail))
        lines += self._restarts(pods)
        admin = self.environment.value("ports", "admin")
        return lines + (self._probes(pods, int(admin)) if admin else [])

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
        ok, detail = _only(revisions)
        lines.append(Line(ok, "every pod names the same secrets revision", detail))
        return lines

    def _restarts(self, pods: list[Json]) -> list[Line]:
        # However long the load was: what restarted in it counts.
        window = RECENT + time.monotonic() - self._began
        count, recent = 0, []
        for pod in pods:
            for status in container_statuses(pod):
                count += status.get("restartCount", 0)
                ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
                if ended and (age := age_of(ended)) < window:
                    recent.append(f"{pod['metadata']['name']}/{status['name']} {age:.0f} s ago")
        detail = "; ".join(recent) or (f"{count}, none of them recent" if count else "none")
        return [Line(not recent, f"no container restarted in the last {RECENT:.0f} s", detail)]

    # -- changes -------------------------------------------------------------------------------

    def change(self, kind: str, load: Load) -> str:
        """Roll the pods there and back, so that nothing stays changed, or end one of them."""
        with lock.held(self.environment, f"morrow verify {self.environment.label}"):
            if kind == "kill":
                return self._kill(load)
            before = self._deployment()["spec"]["template"]
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
        name = f"deployment/{self.environment.name}"
        words = ("patch", name, "--type=json", "--patch-file", "/dev/stdin")
        self.kubectl.check(*words, input=json.dumps(patch))
        self._settled()

    def _settled(self) -> None:
        """Wait until the rollout is over and the old pods have gone."""
        name = f"deployment/{self.environment.name}"
        self.kubectl.check(
            "rollout", "status", name, f"--timeout={ROLLOUT:.0f}s", timeout=ROLLOUT + 10
        )
        until = time.monotonic() + 120
        while any(_ends(pod) for pod in self._pods(all_of_them=True)):
            if time.monotonic() > until:
                terminal.warn("pods that were replaced still finish their requests")
                return
            time.sleep(1)

    def _kill(self, load: Load) -> str:
        name = self._pods()[0]["metadata"]["name"]
        load.mark("kill")
        self.kubectl.check("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")
        time.sleep(1)
        self._settled()
        return f"pod {name} was deleted without a grace period"

    # -- objects -------------------------------------------------------------------------------

    def _deployment_or_none(self) -> Json | None:
        return self.kubectl.get("deployment", self.environment.name)

    def _deployment(self) -> Json:
        deployment = self._deployment_or_none()
        assert deployment is not None  # noqa: S101 - it was there when this began
        return deployment

    def _pods(self, *, all_of_them: bool = False) -> list[Json]:
        labels = self._deployment()["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        pods = [p for p in self.kubectl.list("pods", selector) if HASH in p["metadata"]["labels"]]
        return [pod for pod in pods if all_of_them or not _ends(pod)]


def _ends(pod: Json) -> bool:
    over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return is_ending(pod) or over


def _image_id(pod: Json) -> str:
    name = pod["spec"]["containers"][0]["name"]
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return str(next((s.get("imageID", "") for s in statuses if s["name"] == name), ""))


def _only(values: set[str]) -> tuple[bool, str]:
    return len(values) == 1, " and ".join(sorted(values)) or "none"
