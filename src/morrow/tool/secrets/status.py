"""What `morrow secrets status` says: which revision is wanted and held, how old each value is.

Where the cluster or the store cannot be asked, it says what is known without it, and why no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json, Outcome
from morrow.tool.base.terminal import format_table, terminal
from morrow.tool.cluster.objects import NAME, is_ending, names_held
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import KEPT
from morrow.tool.stores import objects
from morrow.tool.stores.age import age_of, overdue, overdue_text
from morrow.tool.stores.external import OWN
from morrow.tool.stores.store import store_of

T = TypeVar("T")
# Of the store: to deploy, only the operator must read it.
NOTED = (*OWN, "access-denied", "aws-denied", "kms-denied")
SILENT = ("aws-unreachable", "aws-failed")
# What nobody may know, by the word that stands for it in JSON.
UNKNOWN = {
    "values": "which keys have a value",
    "ages": "how old each value is",
    "pods": "which revision the pods hold",
    "left": "which Secrets of other revisions are left",
    "store": "whether the store still has the values",
}


class Asked:
    """What could not be asked: the cluster that is silent is asked once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.unknown: list[str] = []

    def of(self, what: str, look: Callable[[], T]) -> T | None:
        """Look; None where that cannot be told."""
        # Who may not read one kind may read another; all else is the cluster's silence.
        if all(one.code == "access-denied" for one in self.problems):
            try:
                return look()
            except Failure as failure:
                if failure.interrupted:
                    raise
                self.problems += [one for one in failure.problems if one not in self.problems]
        self.unknown.append(what)
        return None


def status_of(site: Site) -> tuple[Outcome, Failure | None]:
    """Say it; not ok when something holds another revision, or a rotation is due.

    The failure is what could not be asked (exit 2), or what is wrong with the store (exit 1).
    """
    environment, store = site.environment, store_of(site.environment)
    secrets, now, asked = environment.secrets, datetime.now(UTC), Asked()
    inventory = asked.of("values", lambda: store.inventory(site))
    where, held = inventory or (f"Secret {secrets.object_name}", None)
    ages = asked.of("ages", lambda: store.ages(site)) or {}
    pods: list[Json] | None = []
    left: list[Json] | None = []
    if environment.in_cluster:
        pods = asked.of("pods", lambda: _pods(site))
        left = asked.of("left", lambda: _other_secrets(site))
    of_store = [] if asked.problems else store.unread(site)
    noted = [one for one in of_store if one.code in NOTED]
    wrong = [*asked.problems, *(one for one in of_store if one not in noted)]
    silent = [one for one in wrong if one in asked.problems or one.code in SILENT]
    if noted or (silent and secrets.provider == "external"):
        asked.unknown.append("store")
    due = overdue(ages, secrets.max_age, now)
    behind = [pod for pod in pods or [] if pod["secret"] != secrets.object_name]
    keys: list[Json] = [
        {
            "name": key,
            "set": None if held is None else key in held,
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
        "unknown": asked.unknown,
        "problems": [one.as_json() for one in (*wrong, *noted)],
    }
    states = {True: "set", False: "missing", None: "not known"}
    rows = [
        (str(one["name"]), states[one["set"]],
         "-" if one["age_days"] is None else f"{one['age_days']} days",
         "due" if one["due"] else "")
        for one in keys
    ]  # fmt: skip
    lines = [f"revision {secrets.revision}, {secrets.provider}: {where}"]
    lines += [format_table(("secret", "state", "age", ""), rows, terminal.width)] if rows else []
    lines += [f"  {pod['pod']} holds {pod['secret']}" for pod in pods or []]
    lines += [f"  {one['secret']} is still there: {one['why']}" for one in left or []]
    lines += [overdue_text(environment, due)] if due else []
    lines += [f"not known: {UNKNOWN[one]}" for one in asked.unknown]
    lines += [f"  {one.code}: {one.object}: {one.cause}; fix: {one.fix}" for one in noted]
    failure = Failure(*wrong, refused=bool(silent)) if wrong else None
    return Outcome("\n".join(lines), data, ok=not behind and not due), failure


def _pods(site: Site) -> list[Json]:
    stay = ((pod, secret) for pod, secret in objects.holders(site) if not is_ending(pod))
    return [{"pod": pod["metadata"]["name"], "secret": secret} for pod, secret in stay]


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
