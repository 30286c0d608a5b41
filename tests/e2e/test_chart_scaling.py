"""The chart's autoscaling on a real cluster, switched on and off."""

from __future__ import annotations

import threading
import time

from tests.e2e.cluster import Cluster, Image, eventually
from tests.e2e.pods import names
from tests.e2e.pods import ready as is_ready
from tests.e2e.test_chart_release import make_secret, pods, upgrade

DIP = "one pod until the autoscaler acts"


def ready(cluster: Cluster, namespace: str) -> int:
    """Return how many pods get requests."""
    return sum(map(is_ready, pods(cluster, namespace)))


class Watch(threading.Thread):
    """Looks again and again, until it is stopped, at the pods that a release asks for and has.

    A pod that was ready counts until it is deleted: on a busy machine a probe is answered late,
    and that takes no pod away.
    """

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        super().__init__(daemon=True)
        self.cluster, self.namespace = cluster, namespace
        self.had: list[set[str]] = []
        self.wanted: list[int] = []
        self._end = threading.Event()

    def run(self) -> None:
        came: set[str] = set()
        while not self._end.is_set():
            deployment = self.cluster.get("deployment", "hello", "-n", self.namespace)
            self.wanted.append(deployment["spec"]["replicas"])
            here = pods(self.cluster, self.namespace)
            came |= names(filter(is_ready, here))
            self.had.append(came & names(here))
            time.sleep(0.1)

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join(30)

    def fewest(self) -> tuple[int, int]:
        """Return the fewest pods that were asked for, and the fewest that were there."""
        return min(self.wanted), min(map(len, self.had))


def test_autoscaling_switched_on_and_off_without_a_dip_unseen(
    cluster: Cluster, namespace: str, hello_image: Image
) -> None:
    """Kubernetes takes a number of pods that is no longer stated for 1: once, and announced."""
    make_secret(cluster, namespace)
    upgrade(cluster, namespace, hello_image, "replicas=3")
    hpa = ["autoscaling.mode=hpa", "autoscaling.min=2", "autoscaling.max=4"]
    with Watch(cluster, namespace) as watch:
        notes = upgrade(cluster, namespace, hello_image, *hpa)
        assert DIP in notes
        eventually(
            "the autoscaler restored its minimum",
            lambda: 1 in watch.wanted and watch.wanted[-1] >= 2 and ready(cluster, namespace) >= 2,
        )
    assert watch.fewest() == (1, 1), "control: the dip that is announced is seen"

    with Watch(cluster, namespace) as watch:
        for sets in ([*hpa, "autoscaling.max=5"], [*hpa, "config.LOG_LEVEL=ERROR"]):
            assert DIP not in upgrade(cluster, namespace, hello_image, *sets)
        cluster.helm("rollback", "hello", "3", "-n", namespace, "--wait", "--timeout=120s")
        upgrade(cluster, namespace, hello_image, "replicas=2")
    assert len(watch.had) >= 10
    assert min(watch.fewest()) >= 2, (watch.wanted, watch.had)
