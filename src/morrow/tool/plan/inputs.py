"""What a plan is computed from: read side by side, since each program takes its time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.diagnose.helm_words import helm_problem
from morrow.tool.environment.model import Environment
from morrow.tool.plan.merge import patched
from morrow.tool.plan.objects import Key, Object, by_key, clean, owned, parse
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl, parse_stream
from morrow.tool.rules.deployable import chart_problems, sentences

HOOK = "helm.sh/hook"
UNMADE = re.compile(r"Secret \S+ is not in the namespace")  # the chart's words, before an install
RUNS = ("Job", "Pod")  # hooks of these kinds run; of all others they stay


@dataclass
class Inputs:
    """The old release, the new one, what is live, and what the API server says of both."""

    status: str = ""  # of the last revision
    revision: int = 0  # the one that Helm takes for the old release
    given: dict[str, Any] = field(default_factory=dict)  # its values
    old: dict[Key, Object] = field(default_factory=dict)
    new: dict[Key, Object] = field(default_factory=dict)
    manifest: str = ""  # the new one, as rendered
    hooks: list[Object] = field(default_factory=list)
    namespace: Object | None = None  # {}: not ours to look at
    home: str = ""  # what tells this namespace from all others; "" before it is made
    secret: str = ""  # which Secret of the environment is there; never what it holds
    live: dict[Key, Object] = field(default_factory=dict)
    accepted: dict[Key, Object] = field(default_factory=dict)  # new, merged, with defaults
    expected: dict[Key, Object] = field(default_factory=dict)  # old, with defaults
    refused: dict[Key, str] = field(default_factory=dict)
    delivery: Any = None  # what the delivery itself would do

    @property
    def watched(self) -> list[Object]:
        """Name every object of both releases."""
        return [stub(item) for item in {**self.old, **self.new}.values()]


def gather(site: Site) -> Inputs:
    """Read and render everything; change nothing."""
    environment, kubectl = site.environment, site.kubectl
    pool = ThreadPoolExecutor(5)
    try:
        delivery = pool.submit(delivery_of(environment).plan, site)
        release = pool.submit(stored, site)
        rendered = pool.submit(render, site)
        standing = pool.submit(lambda: site.namespace)
        found = release.result()
        found.manifest, hooks = rendered.result()
        found.new = objects(environment, found.manifest, hooks)
        found.hooks = [one for one in parse(hooks) if "test" not in hook_of(one)]
        found.namespace = standing.result()
        _look(site, found)
        if found.namespace is None:
            found.delivery = delivery.result()
            return found
        live = found.live
        merged = {
            key: patched(found.old.get(key, item), item, live[key])
            for key, item in found.new.items()
            if key in live
        }
        kept = {key: item for key, item in found.old.items() if key in live}
        fresh = {key: item for key, item in found.new.items() if key not in live}
        asked = [
            pool.submit(dry_run, kubectl, verb, items)
            for verb, items in (("replace", merged), ("create", fresh), ("replace", kept))
        ]
        found.accepted, found.refused = asked[0].result()
        found.accepted = {**merged, **found.accepted}
        found.refused |= asked[1].result()[1]
        found.expected = asked[2].result()[0]
        found.delivery = delivery.result()
    except BaseException:
        runner.stop()
        raise
    finally:
        pool.shutdown()
    return found


def stored(site: Site) -> Inputs:
    """Read what Helm holds of the release, and take the revision that an upgrade starts from."""
    found, revisions = Inputs(), site.records
    if not revisions:
        return found
    states = {number: record["info"]["status"] for number, record in revisions.items()}
    found.status = states[max(states)]
    deployed = [number for number, state in states.items() if state == "deployed"]
    found.revision = max(deployed or states)
    record = revisions[found.revision]
    found.given = record.get("config") or {}
    hooks = "\n---\n".join(hook["manifest"] for hook in record.get("hooks") or [])
    found.old = objects(site.environment, record["manifest"], hooks)
    return found


def objects(environment: Environment, manifest: str, hooks: str) -> dict[Key, Object]:
    """Return what a release holds in the cluster: its objects, and hooks that stay."""
    release, namespace = environment.name, environment.namespace
    own = [owned(one, release, namespace) for one in parse(manifest)]
    stay = [one for one in parse(hooks) if one["kind"] not in RUNS]
    return by_key((*own, *stay), namespace)


def render(site: Site) -> tuple[str, str]:
    """Return the manifest and the hooks that Helm would apply."""
    done = _dry_upgrade(site, "server")
    if done.code and UNMADE.search(done.err):
        # `up` makes the Secret before Helm runs; beside no cluster the chart does not look for it.
        done = _dry_upgrade(site, "client")
    if done.code:
        raise Failure(*_render_problems(site, done), refused=True)
    release = json.loads(done.out)
    hooks = "\n---\n".join(hook["manifest"] for hook in release.get("hooks") or [])
    return release["manifest"], hooks


def _dry_upgrade(site: Site, where: str) -> runner.Result:
    it, words = site.environment, (f"--dry-run={where}", "-o", "json")
    return site.helm.upgrade(it.name, it.project.chart, it.files, arguments=words, timeout=60)


def _render_problems(site: Site, done: runner.Result) -> list[Problem]:
    """Return one problem for each sentence of the chart, or what Helm says is in the way."""
    if not sentences(done):
        known = helm_problem(done, site.place, 60)
        if known.code not in ("program-failed", "release-refused"):
            return [known]
    return chart_problems(site.environment, done)


def _look(site: Site, found: Inputs) -> None:
    """Read every object, and the Secret with them, at once."""
    namespace, secret = site.environment.namespace, site.environment.secrets.object_name
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}}
    live = read_live(site.kubectl, [*found.watched, wanted])
    found.home = namespace_identity(site)
    own_secret = Key("Secret", secret, namespace, "")
    found.secret = secret_identity(live.get(own_secret))
    if own_secret not in found.old and own_secret not in found.new:
        live.pop(own_secret, None)
    found.live = live


def namespace_identity(site: Site) -> str:
    """Return what tells this namespace of this cluster from every other; "" when it is not there.

    Who may not read namespaces still sees the ServiceAccount that each one is born with.
    """
    if site.namespace is None:
        return ""
    born = site.namespace or site.kubectl.get("serviceaccount", "default") or {"metadata": {}}
    return str(born["metadata"].get("uid", ""))


def secret_identity(secret: Object | None) -> str:
    """Return what tells this Secret, as it is now, from every other one; "" when there is none."""
    metadata = (secret or {}).get("metadata") or {}
    return f"{metadata['uid']}/{metadata['resourceVersion']}" if metadata else ""


def stub(item: Object) -> Object:
    """Return what names an object."""
    metadata = {k: v for k, v in item["metadata"].items() if k in ("name", "namespace")}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata}


def read_live(kubectl: Kubectl, watched: Iterable[Object]) -> dict[Key, Object]:
    """Read all of them at once; those that are not there are left out."""
    names = list(watched)
    if not names:
        return {}
    arguments = ("get", "-f", "-", "-o", "json", "--ignore-not-found", "--show-managed-fields")
    done = kubectl.run(*arguments, input=_as_list(names))
    if done.code:
        raise kubectl.failure(done)
    return by_key(parse_stream(done.out), kubectl.namespace)


def comparable(live: Object, new: Object | None) -> Object:
    """Return what must not have moved between a plan and its apply."""
    item = clean(live)
    if new is not None and "replicas" not in new.get("spec", {}):
        item.get("spec", {}).pop("replicas", None)  # the autoscaler's business
    return item


def dry_run(
    kubectl: Kubectl, verb: str, items: dict[Key, Object]
) -> tuple[dict[Key, Object], dict[Key, str]]:
    """Ask the API server what it would make of these; return results and refusals."""
    if not items:
        return {}, {}
    bare = [_writable(item) for item in items.values()]
    arguments = (verb, "--dry-run=server", "-f", "-", "-o", "json")
    done = kubectl.run(*arguments, input=_as_list(bare))
    accepted = by_key(parse_stream(done.out), kubectl.namespace)
    refused: dict[Key, str] = {}
    if done.code:
        for key, item in items.items():
            if key in accepted:
                continue
            alone = kubectl.run(*arguments, input=json.dumps(_writable(item)))
            if alone.code:
                refused[key] = alone.last_error
            else:
                accepted |= by_key(parse_stream(alone.out), kubectl.namespace)
    return accepted, refused


def _writable(item: Object) -> Object:
    """Return an object without what would make the dry run a race."""
    metadata = {
        name: value
        for name, value in item["metadata"].items()
        if name not in ("resourceVersion", "managedFields", "generation", "uid")
    }
    return {name: value for name, value in item.items() if name != "status"} | {
        "metadata": metadata
    }


def _as_list(items: Iterable[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)})


def hook_of(item: Object) -> str:
    """Return when the object runs as a hook; empty when it is none."""
    return str((item.get("metadata", {}).get("annotations") or {}).get(HOOK, ""))
