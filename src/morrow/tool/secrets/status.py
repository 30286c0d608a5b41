"""What `morrow secrets status` says: which revision is wanted and held, how old each value is."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cluster.objects import NAME, names_held
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import KEPT
from morrow.tool.diagnose.view import is_ending
from morrow.tool.stores import objects
from morrow.tool.stores.age import age_of, overdue, overdue_text
from morrow.tool.stores.store import store_of


def status_of(site: Site) -> Outcome:
    """Say it; not ok when something holds another revision, or a rotation is due."""
    environment, store = site.environment, store_of(site.environment)
    secrets, now = environment.secrets, datetime.now(UTC)
    where, held = store.inventory(site)
    ages = store.ages(site)
    due = overdue(ages, secrets.max_age, now)
    pods, left = (_pods(site), _other_secrets(site)) if environment.in_cluster else ([], [])
    behind = [pod for pod in pods if pod["secret"] != secrets.object_name]
    keys = [
        {
            "name": key,
            "set": key in held,
            "changed": ages[key].isoformat() if key in ages else None,
            "age_days": age_of(ages[key], now) if key in ages else None,
            "due": key in due,
        }
        for key in secrets.keys
    ]
    data = {
        "environment": environment.label,
        "provider": secrets.provider,
        "revision": secrets.revision,
        "where": where,
        "max_age": secrets.max_age or None,
        "keys": keys,
        "pods": pods,
        "left": left,
    }
    rows = [
        (str(one["name"]), "set" if one["set"] else "missing",
         "-" if one["age_days"] is None else f"{one['age_days']} days",
         "due" if one["due"] else "")
        for one in keys
    ]  # fmt: skip
    lines = [f"revision {secrets.revision}, {secrets.provider}: {where}"]
    lines += [format_table(("secret", "state", "age", ""), rows, terminal.width)] if rows else []
    lines += [f"  {pod['pod']} holds {pod['secret']}" for pod in pods]
    lines += [f"  {one['secret']} is still there: {one['why']}" for one in left]
    lines += [overdue_text(environment, due)] if due else []
    return Outcome("\n".join(lines), data, ok=not behind and not due)


def _pods(site: Site) -> list[Json]:
    pods = []
    for pod in site.kubectl.list("pods", f"{NAME}={site.environment.name}"):
        secret = names_held(pod["spec"])["secrets"]
        if secret and not is_ending(pod):
            pods.append({"pod": pod["metadata"]["name"], "secret": secret})
    return pods


def _other_secrets(site: Site) -> list[Json]:
    """Name the Secrets of other revisions, and what still names each."""
    environment = site.environment
    label = f"{NAME}={environment.name}"
    names = site.kubectl.check("get", "secrets", "-l", label, "-o", "name").split()
    stem = re.escape(environment.secret_of(""))
    own = [name for full in names if re.fullmatch(rf"{stem}[a-z0-9-]+", name := full[7:])]
    sets = site.kubectl.list("replicasets", label)
    leftovers = []
    for name in sorted(own):
        if name == environment.secrets.object_name:
            continue
        by = [one["metadata"]["name"] for one in sets
              if names_held(one["spec"]["template"]["spec"])["secrets"] == name]  # fmt: skip
        releases = [
            n
            for n, record in sorted(site.records.items())
            if objects.mentions(str(record.get("manifest")), name)
        ]
        why = [f"ReplicaSet {one}" for one in by] + [f"release {n}" for n in releases]
        alone = f"nothing names it; an `up` removes it, from {KEPT} releases on"
        reason = f"for {', '.join(why)}" if why else alone
        leftovers.append({"secret": name, "why": reason})
    return leftovers
