"""What the cluster says before a deploy: reach, rights, kinds, policy, quota, image."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.objects import (
    COMPONENT,
    containers_of,
    labels_of,
    quantity,
    spec_of,
    status_of,
    template_of,
)
from morrow.tool.cluster.place import Place
from morrow.tool.cluster.site import LEVEL, Site
from morrow.tool.doctor.check import Check
from morrow.tool.doctor.programs import server_version
from morrow.tool.doctor.rights import rights_checks
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.registry import ask_for, registry_of

OLDEST = (1, 30)
OURS = {"NotTerminating", "NotBestEffort"}  # scopes of a quota that hold for any service's pods
# Groups whose kinds every cluster serves that is new enough; for others it is asked.
BUILT_IN = frozenset(
    ("v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1")
)


def cluster_checks(site: Site) -> Iterator[Check]:
    """Yield whether the API server answers, is new enough, and knows who asks."""
    environment = site.environment
    try:
        version = server_version(site.kubectl.check("get", "--raw", "/version", timeout=15))
    except Failure as failure:
        found = failure.problems[0]
        yield Check("cluster", "fail", found.cause, found)
        return
    text = f"context {environment.context or '(current)'}, Kubernetes {version[0]}.{version[1]}"
    if version < OLDEST:
        cause = f"{text}; the chart needs 1.30 or newer"
        old = problem("cluster-old", f"context {environment.context}", cause)
        yield Check("cluster", "fail", cause, old)
        return
    yield Check("cluster", "ok", text)
    yield from rights_checks(site)


def kinds_check(site: Site) -> Iterator[Check]:
    """Yield whether the cluster knows every kind that the chart renders for the environment."""
    kubectl, done = site.kubectl, site.rendered
    if done.code:
        where, cause = f"release {site.environment.name}", done.last_error
        raise Failure(site.place.problem("release-refused", where, cause), refused=True)
    wanted = {(str(item["apiVersion"]), str(item["kind"])) for item in site.objects}
    told = f"the cluster knows all {len(wanted)} that the chart renders"
    if all(version in BUILT_IN for version, _ in wanted):
        yield Check("kinds", "ok", told)
        return
    listing = kubectl.run("api-resources", "--no-headers")
    if not listing.out.strip():
        raise kubectl.failure(listing)
    known = {(words[-3], words[-1]) for words in map(str.split, listing.out.splitlines()) if words}
    # The listing has one version of each group, the preferred one: others are asked for.
    asked = [_missing(*one, kubectl, site.place) for one in sorted(wanted - known)]
    yield from filter(None, asked if any(asked) else [Check("kinds", "ok", told)])


def fields_check(site: Site) -> Iterator[Check]:
    """Yield what the cluster would leave out of the objects of `extra`: Helm says nothing of it."""
    own = [one for one in site.objects if labels_of(one).get(COMPONENT) == "extra"]
    words = ("create", "--dry-run=server", "--validate=strict", "-f", "-")
    said = site.kubectl.run(*words, input="\n---\n".join(map(json.dumps, own))).err if own else ""
    for kind, fields in re.findall(r" (\w+) in version .* strict decoding error: (.*)", said):
        for field in re.findall(r'unknown field "([^"]+)"', fields):
            mine = [one for one in own if one["kind"] == kind]
            key = f'"{field.rpartition(".")[2]}"'
            named = next((one for one in mine if key in json.dumps(one)), mine[0])
            cause = f"the cluster knows no field {field}, and would leave it out"
            where = f"{kind} {named['metadata']['name']}"
            found = site.place.problem("field-unknown", where, cause)
            yield Check("fields", "fail", cause, found)


def _missing(version: str, kind: str, kubectl: Kubectl, place: Place) -> Check | None:
    """Ask for one version's kinds; return the line of a missing one, which says how sure it is."""
    done = kubectl.run("get", "--raw", f"/{'apis' if '/' in version else 'api'}/{version}")
    if not done.code and kind in {one["kind"] for one in json.loads(done.out)["resources"]}:
        return None
    state, cause = "fail", f"the cluster does not know {kind} of {version}"
    if done.code and "NotFound" not in done.err:  # the API is away that would know it
        state = "warn"
        cause = f"nobody can say whether {kind} of {version} is: {done.last_error}"
    found = place.problem("resource-kind-missing", kind, cause, what=kind)
    return Check("kinds", state, cause, found)


def namespace_checks(site: Site) -> Iterator[Check]:
    """Yield the namespace's policy and what its quotas leave."""
    environment, place, found = site.environment, site.place, site.namespace
    name = environment.namespace
    if found == {}:
        yield Check("namespace", "skip", f"not allowed to look at {name} itself")
    if found is None:
        yield Check("namespace", "ok", f"{name} is not there yet: `up` makes it, restricted")
        return
    metadata = found.get("metadata", {})
    if metadata.get("deletionTimestamp"):
        cause = f"{name} is being deleted"
        ending = place.problem("namespace-terminating", f"namespace {name}", cause, what=name)
        yield Check("namespace", "fail", cause, ending)
        return
    if metadata:
        level = (metadata.get("labels") or {}).get(LEVEL, "")
        text = f"{name} enforces Pod Security {level}" if level else f"{name} enforces no level"
        good = level == "restricted"
        text += "" if good else "; the pods fit `restricted`, others of this namespace may not"
        yield Check("namespace", "ok" if good else "warn", text)
    quotas = site.kubectl.list("resourcequotas")
    service = str(environment.value("service", "type") or "ClusterIP")
    full = [line for quota in quotas for line in _full(quota, service)]
    for quota, resource, text in full:
        cause = f"quota {quota}: {resource} is used up ({text})"
        where = f"ResourceQuota {quota}"
        wrong = place.problem("quota-exceeded", where, cause, what=quota)
        yield Check("quota", "fail", cause, wrong)
    if quotas and not full:
        yield Check("quota", "ok", f"{len(quotas)} in the namespace, with room left")


def _full(quota: dict[str, Any], service: str) -> Iterator[tuple[str, str, str]]:
    # Many namespaces allow none of these. What the release does not make needs no room.
    unused = {"persistentvolumeclaims"}
    unused |= set() if service == "LoadBalancer" else {"services.loadbalancers"}
    unused |= {"services.nodeports"} if service == "ClusterIP" else set()
    spec, status = spec_of(quota), status_of(quota)
    chosen = (spec.get("scopeSelector") or {}).get("matchExpressions") or []
    scopes = {*(spec.get("scopes") or []), *(one["scopeName"] for one in chosen)}
    if scopes - OURS:
        return  # it counts other pods, or those of a class
    for resource, hard in (status.get("hard") or {}).items():
        if resource in unused:
            continue
        used = (status.get("used") or {}).get(resource, "0")
        if quantity(used) >= quantity(hard):
            yield quota["metadata"]["name"], resource, f"{used} of {hard}"


def image_checks(site: Site) -> Iterator[Check]:
    """Ask the registry for the service's image, and for those that only a cron's run would try.

    As somebody without a password.
    """
    own = site.environment.image
    yield _asked(own, site.place)
    crons = (template_of(one)["spec"] for one in site.objects if one["kind"] == "CronJob")
    images = {str(one["image"]) for pods in crons for one in containers_of(pods)}
    for image in sorted(images - {own}):
        yield _asked(image, site.place)


def _asked(image: str, place: Place) -> Check:
    rest, _, digest = image.partition("@")
    folder, _, name = rest.rpartition("/")
    name, _, tag = name.partition(":")
    if not (host := registry_of(image)):
        return Check("image", "skip", f"{image} names no registry that could be asked")
    try:
        path = f"{folder}/{name}".removeprefix(f"{host}/")
        answer = ask_for(host, path, digest or tag or "latest")
    except OSError as wrong:
        return Check("image", "skip", f"{image}: {host} is not reached from here ({wrong})")
    if answer.status == 200:
        return Check("image", "ok", image)
    if answer.status == 404:
        cause = f"{host} does not have {image}"
        missing = place.problem("image-not-found", image, cause, image=image, registry=host)
        # Where a token must be shown, "not there" may be said of what is not for everybody.
        return Check("image", "warn" if answer.with_token else "fail", cause, missing)
    return Check("image", "skip", f"{image}: {host} answers {answer.status} without a password")
