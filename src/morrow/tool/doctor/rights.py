"""What `up` does in a namespace, and whether whoever asks may do it: each verb by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from morrow.tool.cluster.objects import plural
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.doctor.check import Check
from morrow.tool.programs.kubectl import parse_stream

Right = tuple[str, str, str]  # group, resource, verb

# Without these nothing is deployed at all.
NEEDED: tuple[Right, ...] = (
    ("", "secrets", "create"),
    ("", "secrets", "list"),
    ("coordination.k8s.io", "leases", "create"),
    ("", "pods/portforward", "create"),
)
# Neither without these, where it is we who apply.
APPLIED: tuple[Right, ...] = (
    ("apps", "deployments", "create"),
    ("", "services", "create"),
    ("", "configmaps", "create"),
    ("", "serviceaccounts", "create"),
)
# Without these it ends half-way, or tells less than it could. Helm keeps its history in Secrets.
USED: tuple[Right, ...] = (
    *(("", "secrets", verb) for verb in ("get", "update", "delete")),
    *(("coordination.k8s.io", "leases", verb) for verb in ("get", "update", "delete")),
    *(("", "pods", verb) for verb in ("get", "list", "watch")),
    *(("apps", "replicasets", verb) for verb in ("get", "list", "watch")),
    ("", "pods/log", "get"),
    ("", "events", "list"),
)


def rights_checks(site: Site) -> Iterator[Check]:
    """Ask for all rights in one call, as reviews that the API server answers."""
    environment, kubectl = site.environment, site.kubectl
    verbs = delivery_of(environment).verbs
    needed = (*NEEDED, *(APPLIED if "create" in verbs else ()))
    wanted = list(dict.fromkeys((*needed, *USED, *_of_kinds(site, verbs))))
    reviews = [_review(environment.namespace, *one) for one in wanted]
    text = "\n---\n".join(map(json.dumps, reviews))
    done = kubectl.run("create", "--validate=false", "-f", "-", "-o", "json", input=text)
    if done.code:
        raise kubectl.failure(done)
    refused = []
    for answer in parse_stream(done.out):
        if not answer["status"].get("allowed"):
            asked = answer["spec"]["resourceAttributes"]
            resource = "/".join(filter(None, (asked["resource"], asked.get("subresource"))))
            refused.append((asked.get("group", ""), resource, asked["verb"]))
    if not refused:
        yield Check("access", "ok", f"may do all {len(wanted)} things that `up` does")
    for group, resource, verb in refused:
        cause = f"not allowed to {verb} {resource} in {environment.namespace}"
        where = f"{resource} in namespace {environment.namespace}"
        found = site.place.problem("access-denied", where, cause, verb=verb, resource=resource)
        # Without a tunnel only the last question, to the running service, cannot be asked.
        fatal = (group, resource, verb) in needed and "portforward" not in resource
        yield Check("access", "fail" if fatal else "warn", cause, found)


def _of_kinds(site: Site, verbs: tuple[str, ...]) -> Iterator[Right]:
    """Yield what is done with each kind that the chart renders for the environment."""
    for item in site.objects:  # none where the chart refuses: `kinds` says so
        group = str(item["apiVersion"]).rpartition("/")[0]
        for verb in verbs:
            yield group, plural(str(item["kind"])), verb


def _review(namespace: str, group: str, resource: str, verb: str) -> dict[str, Any]:
    name, _, part = resource.partition("/")
    asked = {"namespace": namespace, "group": group, "resource": name, "verb": verb}
    if part:
        asked["subresource"] = part
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
