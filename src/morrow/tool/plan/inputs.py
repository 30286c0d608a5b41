"""What a plan is computed from: read side by side, since each program takes its time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import HOOK, annotations_of, owned_by_helm, parse
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.environment.model import Environment
from morrow.tool.plan.merge import patched
from morrow.tool.plan.objects import Key, by_key, clean
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl, as_list, parse_stream

RUNS = ("Job", "Pod")  # hooks of these kinds run; of all others they stay


@dataclass
class Inputs:
    """The old release, the new one, what is live, and what the API server says of both."""

    status: str = ""  # of the last revision
    revision: int = 0  # the one that Helm takes for the old release
    stored_values: dict[str, Any] = field(default_factory=dict)  # its values
    old: dict[Key, Json] = field(default_factory=dict)
    new: dict[Key, Json] = field(default_factory=dict)
    manifest: str = ""  # the new one, as rendered
    hooks: list[Json] = field(default_factory=list)
    namespace_id: str = ""  # the namespace's uid; "" before it is made
    secret: str = ""  # identifies the environment's Secret, never its content
    live: dict[Key, Json] = field(default_factory=dict)
    accepted: dict[Key, Json] = field(default_factory=dict)  # new, merged, with defaults
    expected: dict[Key, Json] = field(default_factory=dict)  # old, with defaults
    refused: dict[Key, str] = field(default_factory=dict)
    delivery: Any = None  # what the delivery itself would do

    @property
    def watched(self) -> list[Json]:
        """Name every object of both releases."""
        return [stub(item) for item in {**self.old, **self.new}.values()]


def gather(site: Site) -> Inputs:
    """Read and render everything; change nothing."""
    environment, kubectl = site.environment, site.kubectl
    pool = ThreadPoolExecutor(5)
    try:
        delivery = pool.submit(delivery_of(environment).plan, site)
        release = pool.submit(stored, site)
        rendered = pool.submit(delivery_of(environment).render, site)
        standing = pool.submit(lambda: site.namespace)
        inputs = release.result()
        inputs.manifest, hooks = rendered.result()
        inputs.new = objects(environment, inputs.manifest, hooks)
        inputs.hooks = [one for one in parse(hooks) if "test" not in hook_of(one)]
        standing.result()
        _read_live(site, inputs)
        if site.namespace is None:
            inputs.delivery = delivery.result()
            return inputs
        live = inputs.live
        merged = {
            key: patched(inputs.old.get(key, item), item, live[key])
            for key, item in inputs.new.items()
            if key in live
        }
        old_live = {key: item for key, item in inputs.old.items() if key in live}
        fresh = {key: item for key, item in inputs.new.items() if key not in live}
        answers = [
            pool.submit(dry_run, kubectl, verb, items)
            for verb, items in (("replace", merged), ("create", fresh), ("replace", old_live))
        ]
        inputs.accepted, inputs.refused = answers[0].result()
        inputs.accepted = {**merged, **inputs.accepted}
        inputs.refused |= answers[1].result()[1]
        inputs.expected = answers[2].result()[0]
        inputs.delivery = delivery.result()
    except BaseException:
        runner.stop()
        raise
    finally:
        pool.shutdown()
    return inputs


def stored(site: Site) -> Inputs:
    """Read what Helm holds of the release, and take the revision that an upgrade starts from."""
    inputs, revisions = Inputs(), site.records
    if not revisions:
        return inputs
    states = {number: record["info"]["status"] for number, record in revisions.items()}
    inputs.status = states[max(states)]
    deployed = [number for number, state in states.items() if state == "deployed"]
    inputs.revision = max(deployed or states)
    record = revisions[inputs.revision]
    inputs.stored_values = record.get("config") or {}
    hooks = "\n---\n".join(hook["manifest"] for hook in record.get("hooks") or [])
    inputs.old = objects(site.environment, record["manifest"], hooks)
    return inputs


def objects(environment: Environment, manifest: str, hooks: str) -> dict[Key, Json]:
    """Return what a release holds in the cluster: its objects, and hooks that stay."""
    release, namespace = environment.name, environment.namespace
    own = parse(manifest)
    if delivery_of(environment).marks:
        own = [owned_by_helm(one, release, namespace) for one in own]
    stay = [one for one in parse(hooks) if one["kind"] not in RUNS]
    return by_key((*own, *stay), namespace)


def _read_live(site: Site, inputs: Inputs) -> None:
    """Read every object, and the Secret with them, at once."""
    namespace, secret = site.environment.namespace, site.environment.secrets.object_name
    secret_key = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret}}
    live = read_live(site.kubectl, [*inputs.watched, secret_key])
    inputs.namespace_id = namespace_identity(site)
    own_secret = Key("Secret", secret, namespace, "")
    inputs.secret = secret_identity(live.get(own_secret))
    if own_secret not in inputs.old and own_secret not in inputs.new:
        live.pop(own_secret, None)
    inputs.live = live


def namespace_identity(site: Site) -> str:
    """Return what tells this namespace of this cluster from every other; "" when it is not there.

    Who may not read namespaces still sees the ServiceAccount that each one is born with.
    """
    if site.namespace is None:
        return ""
    born = site.namespace or site.kubectl.get("serviceaccount", "default") or {"metadata": {}}
    return str(born["metadata"].get("uid", ""))


def secret_identity(secret: Json | None) -> str:
    """Return what tells this Secret, as it is now, from every other one; "" when there is none."""
    metadata = (secret or {}).get("metadata") or {}
    return f"{metadata['uid']}/{metadata['resourceVersion']}" if metadata else ""


def stub(item: Json) -> Json:
    """Return what names an object."""
    metadata = {k: v for k, v in item["metadata"].items() if k in ("name", "namespace")}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata}


def read_live(kubectl: Kubectl, watched: Iterable[Json]) -> dict[Key, Json]:
    """Read all of them at once; those that are not there are left out."""
    names = list(watched)
    return by_key(kubectl.there(names), kubectl.namespace) if names else {}


def comparable(live: Json, new: Json | None) -> Json:
    """Return what must not have moved between a plan and its apply."""
    item = clean(live)
    if new is not None and "replicas" not in new.get("spec", {}):
        item.get("spec", {}).pop("replicas", None)  # the autoscaler sets it
    return item


def dry_run(
    kubectl: Kubectl, verb: str, items: dict[Key, Json]
) -> tuple[dict[Key, Json], dict[Key, str]]:
    """Ask the API server what it would make of these; return results and refusals."""
    if not items:
        return {}, {}
    bare = [_writable(item) for item in items.values()]
    arguments = (verb, "--dry-run=server", "-f", "-", "-o", "json")
    done = kubectl.run(*arguments, input=as_list(bare))
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


def _writable(item: Json) -> Json:
    """Return an object without what would make the dry run a race."""
    metadata = {
        name: value
        for name, value in item["metadata"].items()
        if name not in ("resourceVersion", "managedFields", "generation", "uid")
    }
    return {name: value for name, value in item.items() if name != "status"} | {
        "metadata": metadata
    }


def hook_of(item: Json) -> str:
    """Return when the object runs as a hook; empty when it is none."""
    return annotations_of(item).get(HOOK, "")
