"""The target `kubernetes`: a release in a cluster, brought up, taken down, shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster import lock
from morrow.tool.cluster.objects import MADE_BY
from morrow.tool.cluster.protection import guard
from morrow.tool.cluster.site import Site, ensure_namespace
from morrow.tool.deliver.apply import apply
from morrow.tool.deliver.delivery import KEPT, delivery_of, left_behind
from morrow.tool.deliver.failed import changed_already
from morrow.tool.deliver.look import look, look_at_all
from morrow.tool.deliver.ownership import orphans, require_own
from morrow.tool.deliver.render import rendered, text_of
from morrow.tool.deliver.render import write as write_manifests
from morrow.tool.deliver.rollback import roll_back
from morrow.tool.deliver.smoke import smoke_or_take_back
from morrow.tool.diagnose.view import View
from morrow.tool.doctor.check import Check
from morrow.tool.doctor.doctor import cluster_state, preflight
from morrow.tool.doctor.programs import program_checks
from morrow.tool.plan.compute import compute
from morrow.tool.plan.file import open_plan, write
from morrow.tool.plan.show import as_json, as_text
from morrow.tool.programs.helm import manifest_of
from morrow.tool.rules.signed import unshown, verify_table
from morrow.tool.stores.store import store_of
from morrow.tool.targets.kubernetes.inside import Inside
from morrow.tool.targets.kubernetes.logs import Logs
from morrow.tool.targets.kubernetes.operate import Operations
from morrow.tool.targets.kubernetes.pods import prove
from morrow.tool.targets.kubernetes.status import status_of
from morrow.tool.targets.kubernetes.verify import KubernetesSubject
from morrow.tool.targets.target import Target, UpOptions, VerifyOptions

PATIENCE_END = 180.0  # seconds for the end of a namespace


class Kubernetes(Operations, Inside, Logs, Target):
    """A release in a namespace."""

    takes = frozenset({"plan", "out", "url"})

    def up(self, site: Site, options: UpOptions) -> Outcome:
        """Check, lock, make namespace and secrets, apply, watch, and ask the service once."""
        bound, label = None, site.environment.label
        if options.plan is not None:
            project = site.environment.project
            bound = open_plan(project, label, options.plan, options.context)
            site = bound.site
        environment = site.environment
        guard(site, options.confirm, f"up {label}")
        where = f"namespace {environment.namespace}, context {environment.context or '(current)'}"
        terminal.say(f"{environment.name} → {where}, by {environment.delivery}")
        preflight(site)
        require_own(site)
        namespace_made = ensure_namespace(site)
        with lock.held(environment, f"morrow up {label}"):
            if bound is not None:
                bound.require(namespace_made=namespace_made)
            store = store_of(environment)
            store.make(site)
            saved, before = bound.terraform_plan if bound else None, site.deployed
            view = apply(site, timeout=options.timeout, saved=saved)
            with changed_already():
                if len(site.records) >= KEPT:  # until Helm forgets one, a release names each Secret
                    store.sweep(site, _naming(site, view))
                view = smoke_or_take_back(site, view, before)
        for orphan in orphans(site, view):
            terminal.warn(f"{orphan.object}: {orphan.cause}; fix: {orphan.fix}")
        with changed_already():
            return status_of(site, view, just_now=True)

    def down(self, site: Site, confirm: str | None = None, *, purge: bool = False) -> Outcome:
        """Uninstall the release; with `purge` remove the secrets and the namespace too."""
        environment = site.environment
        guard(site, confirm, f"down {environment.label}")
        if site.namespace is None:
            return _gone(site, "there is no such namespace: nothing to take down")
        require_own(site)
        with lock.held(environment, f"morrow down {environment.label}"):
            delivery_of(environment).remove(site)
            if purge:
                store_of(environment).purge(site)
        if not purge:
            return _gone(site, "down; the namespace and the secrets stay (--purge removes them)")
        labels = site.namespace.get("metadata", {}).get("labels") or {}
        if labels.get(MADE_BY) != "morrow":
            return _gone(site, "down, secrets removed; the namespace is not ours and stays")
        site.kubectl.check("delete", "namespace", environment.namespace, "--wait=false")
        wait_for_end(site)
        return _gone(site, "down; the namespace and the secrets are removed")

    def status(self, site: Site) -> Outcome:
        """Look once, and say what runs."""
        return status_of(site, look_at_all(site))

    def plan(self, site: Site, out: Path | None) -> Outcome:
        """Compute what Helm would change; write it so that it binds."""
        if unsigned := unshown(site.environment):
            raise Failure(*unsigned, refused=True)
        plan = compute(site)
        if plan.problems:
            terminal.result(as_text(plan))
            raise Failure(*plan.problems, refused=True)
        if out is not None:
            write(plan, out)
            label = site.environment.label
            terminal.say(f"written: {out}; apply it: {typed()} up {label} --plan {out}")
        return Outcome(as_text(plan), as_json(plan), ok=plan.empty)

    def render(self, site: Site, folder: Path | None) -> Outcome:
        """Render the chart; write a file for each object to `folder`."""
        objects = rendered(site)
        listed = [{"kind": m.kind, "name": m.name, "hook": m.hook, "file": m.file} for m in objects]
        data = {"environment": site.environment.label, "objects": listed}
        if folder is None:
            text = text_of(objects)
            return Outcome(text.rstrip("\n"), {**data, "manifest": text})
        changed, removed = write_manifests(objects, folder, site.environment.name)
        counts = f"{len(objects)} objects, {len(changed)} written, {len(removed)} removed"
        return Outcome(f"{folder}: {counts}", {**data, "written": changed, "removed": removed})

    def rollback(self, site: Site, to: int | None, confirm: str | None) -> Outcome:
        """Go back to a release that Helm still holds."""
        return roll_back(site, to, confirm)

    def checks(self, site: Site) -> Iterator[Check]:
        """Look at the programs, then at the cluster."""
        environment = site.environment
        signed = ("cosign",) if verify_table(environment) else ()
        deliver, store = delivery_of(environment).programs, store_of(environment).programs
        yield from program_checks(("kubectl", *deliver, *signed, *store))
        yield from cluster_state(site)

    def fix(self, site: Site, confirm: str | None) -> list[str]:
        """Do every fix that recovery knows, under the lock."""
        command = f"doctor {site.environment.label} --fix"
        guard(site, confirm, command)
        require_own(site)
        with lock.held(site.environment, f"morrow {command}"):
            done = [finding.fix() for finding in left_behind(site) if finding.fix is not None]
        site.forget_release()
        return done

    @contextmanager
    def changing(
        self, site: Site, confirm: str | None, command: str, *, asks: str = ""
    ) -> Iterator[None]:
        """Ask for the name, refuse a release of others, make the namespace, hold the lock."""
        guard(site, confirm, asks or command)
        require_own(site)
        ensure_namespace(site)
        with lock.held(site.environment, f"morrow {command}"):
            yield

    def runs(self, site: Site) -> bool:
        """Whether anything starts pods of it, now or at its hour."""
        view, place = look(site.kubectl, site.place), site.place
        return bool(view.workloads or view.own("CronJob", place.name, place.namespace))

    def prove_secrets(self, site: Site) -> list[dict[str, str]]:
        """Ask every pod."""
        return prove(site)

    def subject(self, site: Site, options: VerifyOptions) -> KubernetesSubject:
        """Return the release."""
        return KubernetesSubject(site, options)


def _naming(site: Site, view: View) -> str:
    """Return the text of all that may need an old Secret or ConfigMap."""
    manifests = map(manifest_of, site.records.values())
    return "\n".join([json.dumps([view.replicasets, view.pods]), *manifests])


def wait_for_end(site: Site) -> None:
    """Wait until the namespace is gone; raise what Kubernetes says holds it."""
    name = site.environment.namespace
    deadline = time.monotonic() + PATIENCE_END
    while (namespace := site.kubectl.get("namespace", name)) is not None:
        if time.monotonic() > deadline:
            conditions = (namespace.get("status") or {}).get("conditions") or []
            why = [str(one.get("message", "")) for one in conditions if one.get("status") == "True"]
            cause = "it is being deleted, and Kubernetes does not say what holds it"
            cause = "; ".join(why) or cause
            where = f"namespace {name}"
            stuck = site.place.problem("namespace-terminating", where, cause, what=name)
            raise Failure(stuck, refused=False)
        terminal.status(f"waiting for the end of the namespace {name} …")
        time.sleep(1)


def _gone(site: Site, text: str) -> Outcome:
    data = {"environment": site.environment.label, "state": "down", "message": text}
    return Outcome(f"{site.environment.name}: {text}", data)
