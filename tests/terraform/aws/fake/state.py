"""What the fake EKS keeps: clusters with what hangs below them, and things on their way."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.terraform.aws.fake.protocol import Call, Refused

ACCOUNT = "123456789012"
READS = 2  # how often a thing is still on its way when somebody looks

Data = dict[str, Any]
_numbers = itertools.count(1)


def now() -> float:
    """Return the time as EKS writes it."""
    return round(time.time(), 3)


def identity(prefix: str = "") -> str:
    """Return an id that no other thing has."""
    number = next(_numbers)
    return f"{prefix}{number:08x}" if prefix else f"{number:08x}-0000-4000-8000-{number:012x}"


@dataclass
class Thing:
    """One object: what AWS shows of it, and what becomes of it after some reads."""

    data: Data
    reads: int = 0
    then: Callable[[], None] | None = None

    def begin(self, status: str, then: Callable[[], None]) -> None:
        """Take a status for `READS` looks; `then` happens at the end."""
        self.data["status"] = status
        self.reads, self.then = READS, then

    def become(self, status: str, final: str = "ACTIVE") -> None:
        """Take a status for some looks, then the final one."""
        self.begin(status, lambda: self.data.update(status=final))

    def look(self) -> None:
        """Be looked at."""
        if self.then is None:
            return
        if self.reads:
            self.reads -= 1
            return
        then, self.then = self.then, None
        then()

    def settle(self) -> None:
        """Be at once what it is on its way to."""
        if self.then is not None:
            self.reads = 0
            self.look()


@dataclass
class Cluster(Thing):
    """A cluster, and what belongs to it by name."""

    groups: dict[str, Thing] = field(default_factory=dict)
    addons: dict[str, Thing] = field(default_factory=dict)
    entries: dict[str, Thing] = field(default_factory=dict)
    associations: dict[str, Thing] = field(default_factory=dict)
    profiles: dict[str, Thing] = field(default_factory=dict)
    providers: dict[str, Thing] = field(default_factory=dict)
    updates: dict[str, Data] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.data["name"])

    @property
    def version(self) -> str:
        """Its Kubernetes."""
        return str(self.data["version"])

    def require_active(self) -> None:
        """Refuse a change while another is under way."""
        self.look()
        if self.data["status"] != "ACTIVE":
            raise Refused(
                "ResourceInUse", f"cluster {self.name} is {self.data['status']}, not ACTIVE"
            )

    def update(self, kind: str, parameters: dict[str, Any], **at: str) -> Data:
        """Remember that something was changed; it is done when it is asked for."""
        one: Data = {
            "id": identity(),
            "status": "InProgress",
            "type": kind,
            "params": [
                {"type": key, "value": value if isinstance(value, str) else str(value)}
                for key, value in parameters.items()
            ],
            "createdAt": now(),
            "errors": [],
        }
        self.updates[one["id"]] = one | {"at": at}
        return one


@dataclass
class Region:
    """Everything of one region, and the answers to tokens that were seen."""

    name: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[Data, Data]] = field(default_factory=dict)

    def arn(self, rest: str) -> str:
        """Return an ARN of EKS here."""
        return f"arn:aws:eks:{self.name}:{ACCOUNT}:{rest}"

    def cluster(self, name: str) -> Cluster:
        """Return a cluster, or refuse."""
        found = self.clusters.get(name)
        if found is None:
            raise Refused("ResourceNotFound", f"No cluster found for name: {name}.")
        return found


Handler = Callable[[Region, Data], Data]
HANDLERS: dict[str, Handler] = {}


def operation(function: Handler) -> Handler:
    """Make a function the operation of its name: `create_cluster` is CreateCluster."""
    HANDLERS["".join(word.title() for word in function.__name__.split("_"))] = function
    return function


def answer(region: Region, call: Call) -> Data:
    """Do an operation once for each token."""
    handler = HANDLERS.get(call.operation)
    if handler is None:
        raise Refused("InvalidRequest", f"the fake does not know {call.operation}")
    token = call.given.get("clientRequestToken")
    if token is None:
        return handler(region, call.given)
    key = (call.operation, token)
    if key not in region.answers:
        region.answers[key] = (call.given, handler(region, call.given))
    given, done = region.answers[key]
    if given != call.given:
        raise Refused("InvalidRequest", "the clientRequestToken was used with other parameters")
    return done


def held(things: dict[str, Thing], key: str, kind: str) -> Thing:
    """Return one thing by its key, having looked at it; refuse where there is none."""
    found = things.get(key)
    if found is not None:
        found.look()
        found = things.get(key)
    if found is None:
        raise Refused("ResourceNotFound", f"No {kind} found for name: {key}.")
    return found


def discard(things: dict[str, Thing], key: str) -> None:
    """Take one away."""
    del things[key]
