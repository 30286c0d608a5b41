"""The proof's rig: one release of hello, a load on it, and an account of every lost request."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.load.load import Load
from morrow.tool.load.result import Options, Result
from tests.e2e import gateway_log
from tests.e2e.cluster import ROOT, Cluster, Image, eventually
from tests.e2e.pods import ready

# A machine that is busy with other things shows its own stalls at the full rate, not ours.
RATE = int(os.environ.get("MORROW_PROOF_RATE", "300"))
REQUESTS = int(os.environ.get("MORROW_PROOF_REQUESTS", "5000"))
# How often the whole proof runs, each time on a new release: a promise holds ten times in a row.
ROUNDS = int(os.environ.get("MORROW_PROOF_ROUNDS", "1"))
FOLDER = ROOT / ".morrow" / "proof"
NOTHING = "no request lost"  # what most scenarios promise
GREETING = "Hello, this is a message from your Python app!"
SELECTOR = "app.kubernetes.io/name=hello,app.kubernetes.io/component=service"


@dataclass
class Chapter:
    """What one scenario promised, and what came of it."""

    title: str
    promise: str
    result: Result
    found: str = ""
    kept: bool = False
    pods: dict[str, str] = field(default_factory=dict)  # by address
    losses: list[dict[str, Any]] | None = None  # with the pod, where it is known


# Where a session keeps the chapters of each round, for the summary at its end.
CHAPTERS = pytest.StashKey[dict[Path, list[Chapter]]]()


class Run:
    """A scenario while its load runs."""

    def __init__(self, rig: Rig, load: Load) -> None:
        self.rig = rig
        self.load = load
        self.pods: dict[str, str] = {}
        self.began = time.time()

    def mark(self, name: str) -> None:
        """Begin a phase; remember which pod has which address."""
        self.load.mark(name)
        for pod in self.rig.pods():
            if pod["status"].get("podIP"):
                self.pods[pod["status"]["podIP"]] = pod["metadata"]["name"]

    def settle(self) -> None:
        """Wait until the pods that leave have left and the rest is ready."""
        self.mark("the rest leaves")
        self.rig.settle()
        self.mark("after")
        time.sleep(2)

    def go_on(self) -> None:
        """Keep the load until it has asked as often as a scenario must."""
        while self.load.progress.get("requests", 0) < REQUESTS:
            time.sleep(0.2)


@dataclass
class Rig:
    """The release under test, and the values that it was last given."""

    cluster: Cluster
    namespace: str
    images: dict[str, Image]
    folder: Path = FOLDER
    values: dict[str, str] = field(default_factory=dict)
    file: Path = ROOT / "environments/dev.yaml"  # over the base
    chapters: list[Chapter] = field(default_factory=list)
    path: str = "/"  # what the load asks, and what must stand in the answer
    text: str = GREETING

    @property
    def host(self) -> str:
        """The host name that leads to the release."""
        return f"{self.namespace}.{self.cluster.gateway_domain}"

    def install(self) -> None:
        """Install hello, reachable through the gateway."""
        self.make_secret("1")
        gateway_namespace, gateway = self.cluster.gateway.split("/")
        self.values = {
            "replicas": "2",
            "route.mode": "gateway",
            "route.hosts[0]": self.host,
            "route.gateway.name": gateway,
            "route.gateway.namespace": gateway_namespace,
            "secrets.revision": "1",
            **self.image("hello"),
        }
        self.upgrade()
        self.cluster.wait_for_route(self.host)

    def image(self, name: str) -> dict[str, str]:
        """The values that choose one of the two images."""
        image = self.images[name]
        return {"image.repository": image.repository, "image.digest": image.digest}

    def other_image(self) -> dict[str, str]:
        """The values that choose the image that does not run now."""
        runs_hello = self.values["image.digest"] == self.images["hello"].digest
        return self.image("hello-next" if runs_hello else "hello")

    def make_secret(self, revision: str, *keys: str) -> None:
        """Make a revision of hello's secrets, with all keys unless some are named."""
        wanted = keys or ("SECRET_KEY", "DB_PASSWORD")
        given = [f"--from-literal={key}=value-{revision}" for key in wanted]
        where = ["-n", self.namespace, f"hello-{revision}"]
        self.cluster.kubectl("create", "secret", "generic", *where, *given)

    def upgrade(self, changes: Mapping[str, str] | None = None, *, wait: bool = True) -> None:
        """Upgrade with changed values, by plain Helm; what works is kept for the next time."""
        wanted = {**self.values, **(changes or {})}
        numeric = ("replicas", "drain", "grace", "autoscaling.")
        sets: list[str] = []
        for key, value in wanted.items():
            plain = "--set" if key.startswith(numeric) else "--set-string"
            sets += [plain, f"{key}={value}"]
        waiting = ["--wait", "--timeout=180s"] if wait else []
        files = ["-f", "environments/base.yaml", "-f", str(self.file)]
        where = ["-n", self.namespace]
        self.cluster.helm(
            "upgrade", "--install", "hello", "chart", *where, *files, *waiting, *sets, within=240
        )
        if wait:
            self.values = wanted

    def settle(self) -> None:
        """Wait until all pods of the release are ready and none is leaving."""
        deployment = ["deployment/hello", "-n", self.namespace]
        self.cluster.kubectl("rollout", "status", *deployment, "--timeout=180s", within=200)
        eventually("the pods that leave have left", self._settled, within=120, every=0.5)

    def _settled(self) -> bool:
        pods = self.pods()
        return bool(pods) and all(
            not pod["metadata"].get("deletionTimestamp") and ready(pod) for pod in pods
        )

    def pods(self) -> list[Any]:
        """The release's pods, also those that leave."""
        found: list[Any] = self.cluster.get("pods", "-n", self.namespace, "-l", SELECTOR)["items"]
        return found

    def serving_endpoints(self) -> set[str]:
        """The addresses that the Service's endpoint slices call ready."""
        where = ["-n", self.namespace, "-l", "kubernetes.io/service-name=hello"]
        return {
            address
            for part in self.cluster.get("endpointslices", *where)["items"]
            for endpoint in part.get("endpoints") or []
            if endpoint["conditions"].get("ready")
            for address in endpoint["addresses"]
        }

    @contextmanager
    def under_load(
        self, title: str, promise: str, *, avoid: str = "", timeout: float = 10
    ) -> Iterator[Run]:
        """Run a scenario under load; its chapter is complete when the block ends."""
        addresses = [each for each in self.cluster.gateway_addresses if each != avoid]
        options = Options(
            f"https://{self.host}{self.path}",
            rate=RATE,
            ca_file=str(self.cluster.ca_file),
            connect=tuple(f"{address}:443" for address in addresses),
            timeout=timeout,
            status=200,
            text=self.text,
        )
        with Load(options) as load:
            run = Run(self, load)
            run.mark("before")
            time.sleep(2)
            yield run
            run.go_on()
            run.mark("end")
        self.chapters.append(Chapter(title, promise, load.result, pods=run.pods))

    def judge(self, kept: bool, found: str) -> None:
        """Say how the last chapter ended, keep its losses in a file, and hold its promise."""
        chapter = self.chapters[-1]
        chapter.kept, chapter.found = kept, found
        losses = self.account()
        name = chapter.title.replace(":", "").replace(" ", "-")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.json").write_text(
            json.dumps(
                chapter.result.to_json() | {"pods": chapter.pods, "losses": losses}, indent=1
            )
        )
        first = "\n".join(f"  {loss}" for loss in losses[:25])
        print(f"{chapter.title}: {chapter.result.summary()}; {found}")
        assert kept, (
            f"{chapter.title}: promised {chapter.promise}; {chapter.result.summary()}; {found}\n"
            f"events: {[(event.at, event.name) for event in chapter.result.events]}\n{first}"
        )

    def not_of(self, victims: Collection[str]) -> int:
        """Return how many losses of the last chapter are known to be of other pods."""
        return sum(bool(loss["pod"]) and loss["pod"] not in victims for loss in self.account())

    def account(self) -> list[dict[str, Any]]:
        """Each loss of the last chapter, with the pod that it had gone to where that is known.

        The gateway is asked for it once, on every node: all of them must run.
        """
        chapter = self.chapters[-1]
        if chapter.losses is not None:
            return chapter.losses
        result = chapter.result
        errors = gateway_log.errors(self.cluster, self.host) if result.failures else []
        servers = [gateway_log.server_of(each, result.started, errors) for each in result.failures]
        chapter.losses = [
            asdict(each) | {"pod": chapter.pods.get(server, server)}
            for each, server in zip(result.failures, servers, strict=True)
        ]
        return chapter.losses

    def nothing_lost(self, also: str = "") -> None:
        """Hold the last chapter to the promise that most have."""
        result = self.chapters[-1].result
        enough = result.requests >= REQUESTS
        found = ", ".join(part for part in (f"{len(result.failures)} lost", also) if part)
        self.judge(enough and not result.failures, found)
