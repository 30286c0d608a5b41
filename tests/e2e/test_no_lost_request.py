"""The proof: under a constant load, nothing that Morrow does to a service loses a request.

An open-loop client asks hello through the gateway, 300 times a second whatever becomes of the
requests before, half on kept-alive connections and half on new ones. The control at the end
does the same update without the recipe, and must lose requests: a rig that cannot see a loss
proves nothing.

`MORROW_PROOF_ROUNDS=10 .venv/bin/python -m pytest tests/e2e -m proof` does all of it ten times in
a row, each round on a new release in the same cluster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lab import cluster as lab
from lab import pods as lab_pods
from tests.e2e.cluster import Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.pods import names
from tests.e2e.rig import FOLDER, NOTHING, ROUNDS, Rig
from tests.e2e.rollouts import (
    GATEWAY_HEARS,
    broken_release,
    exit_codes,
    gone_or_back,
    has_another,
    judge_in_flight,
    judge_until_gone,
    no_digest,
    reasons,
)

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", params=range(1, ROUNDS + 1))
def rig(
    cluster: Cluster, hello_images: dict[str, Image], request: pytest.FixtureRequest
) -> Iterator[Rig]:
    """hello, installed once for all scenarios of a round."""
    folder = FOLDER / f"round-{request.param}" if ROUNDS > 1 else FOLDER
    with proving("proof", cluster, hello_images, request, folder) as rig:
        rig.install()
        rig.settle()
        yield rig


def test_update_of_the_image(rig: Rig) -> None:
    before = names(rig.pods())
    with rig.under_load("update of the image", NOTHING) as run:
        run.mark("update")
        rig.upgrade(rig.other_image())
        run.settle()
    running = {pod["spec"]["containers"][0]["image"] for pod in rig.pods()}
    assert running == {f"{rig.values['image.repository']}@{rig.values['image.digest']}"}
    assert not before & names(rig.pods()), "every pod is a new one"
    rig.nothing_lost()


def test_change_of_the_config(rig: Rig) -> None:
    with rig.under_load("change of the config", NOTHING) as run:
        run.mark("change")
        rig.upgrade({"config.MAX_CONNECTIONS": "20"})
        run.settle()
    assert rig.cluster.ask(rig.host, "/config").json()["MAX_CONNECTIONS"] == "20"
    rig.nothing_lost()


def test_new_revision_of_the_secrets(rig: Rig) -> None:
    rig.make_secret("2")
    before = names(rig.pods())
    with rig.under_load("new revision of the secrets", NOTHING) as run:
        run.mark("rotate")
        rig.upgrade({"secrets.revision": "2"})
        run.settle()
    volumes = [volume for pod in rig.pods() for volume in pod["spec"]["volumes"]]
    held = {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}
    assert held == {"hello-2"}
    assert not before & names(rig.pods()), "every pod is a new one"
    rig.nothing_lost()


def test_drain_of_a_node(rig: Rig) -> None:
    node = rig.pods()[0]["spec"]["nodeName"]
    try:
        with rig.under_load("drain of a node", NOTHING) as run:
            run.mark(f"drain {node}")
            flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"]
            rig.cluster.kubectl("drain", node, *flags, within=200)
            run.settle()
    finally:
        rig.cluster.kubectl("uncordon", node)
    assert node not in {pod["spec"]["nodeName"] for pod in rig.pods()}
    rig.nothing_lost()


def test_scale_out_and_in(rig: Rig) -> None:
    with rig.under_load("scale out and in", NOTHING) as run:
        run.mark("out to 4")
        rig.upgrade({"replicas": "4"})
        assert len(rig.pods()) == 4
        run.mark("in to 2")
        rig.upgrade({"replicas": "2"})
        run.settle()
    assert len(rig.pods()) == 2
    rig.nothing_lost()


def test_autoscaler_switched_on(rig: Rig) -> None:
    """Also a trap: `replicas` vanishes from the manifest, and Helm takes it out of the Deployment.

    Kubernetes then falls back to one pod until the autoscaler has looked. The drain keeps even
    that from losing a request; the account says how few pods there were.
    """
    with rig.under_load("autoscaler switched on", NOTHING) as run:
        run.mark("switch on")
        scaled = {"mode": "hpa", "min": "2", "max": "4", "cpu": "25"}
        rig.upgrade({f"autoscaling.{name}": value for name, value in scaled.items()})
        fewest = 9
        ends = time.monotonic() + 120
        while len(rig.serving_endpoints()) < 3 and time.monotonic() < ends:
            fewest = min(fewest, len(rig.serving_endpoints()))
            time.sleep(0.5)
        run.mark("scaled out")
        assert len(rig.serving_endpoints()) > 2, "the autoscaler did not scale out"
        # For the highest target the same load is little, also on a slow machine: it takes away
        # what it added.
        calm = "autoscaling.behavior.scaleDown.stabilizationWindowSeconds"
        rig.upgrade({"autoscaling.cpu": "500", calm: "0"})
        eventually("it scaled in", lambda: len(rig.serving_endpoints()) == 2, within=120)
        run.mark("scaled in")
        run.mark("switch off")
        # All of it goes: bounds without a mode are refused.
        rig.values = {k: v for k, v in rig.values.items() if not k.startswith("autoscaling.")}
        rig.upgrade()
        run.settle()
    rig.nothing_lost(f"at the fewest {fewest} of 2 pods served")


@pytest.mark.full  # as the two after it: a release that gets stuck
def test_image_that_cannot_be_pulled(rig: Rig) -> None:
    def stuck() -> bool:
        return "ErrImagePull" in reasons(rig) or "ImagePullBackOff" in reasons(rig)

    with rig.under_load("image that cannot be pulled", NOTHING) as run:
        broken_release(run, "the new pod cannot be pulled", stuck, {"image.digest": no_digest()})
    rig.nothing_lost()


def test_config_that_the_service_refuses(rig: Rig) -> None:
    with rig.under_load("config that the service refuses", NOTHING) as run:
        bad = {"config.LOG_LEVEL": "LOUD"}
        broken_release(run, "the new pod exits with 78", lambda: 78 in exit_codes(rig), bad)
    rig.nothing_lost()


def test_secret_that_lacks_a_key(rig: Rig) -> None:
    rig.make_secret("broken", "SECRET_KEY")
    old = names(rig.pods())

    def stuck() -> bool:
        new = [pod for pod in rig.pods() if pod["metadata"]["name"] not in old]
        events = rig.cluster.get("events", "-n", rig.namespace)["items"]
        mounts = {e["involvedObject"]["name"] for e in events if e["reason"] == "FailedMount"}
        return 78 in exit_codes(rig, new) or any(p["metadata"]["name"] in mounts for p in new)

    with rig.under_load("secret that lacks a key", NOTHING) as run:
        broken_release(
            run, "the new pod cannot have its secret", stuck, {"secrets.revision": "broken"}
        )
    rig.nothing_lost()


@needs_lab("has its pods' processes on this machine")
def test_killed_worker(rig: Rig) -> None:
    """Its listening socket outlives it: what arrives waits for the next worker."""
    promise = "at most the requests that were in flight on it"
    with rig.under_load("killed worker", promise) as run:
        victim = rig.pods()[0]
        worker = lab_pods.worker(victim["metadata"]["uid"])
        run.load.mark("kill -9 the worker")
        lab_pods.kill(worker)
        run.load.mark("killed")
        uid = victim["metadata"]["uid"]
        eventually("another worker", lambda: has_another(uid, worker), within=60)
        run.mark("another worker")
        run.settle()
    judge_in_flight(rig, names([victim]))


@needs_lab("has its pods' processes on this machine")
def test_killed_pod(rig: Rig) -> None:
    promise = "at most what was in flight and what arrives until its endpoint is gone"
    with rig.under_load("killed pod", promise) as run:
        victim = rig.pods()[0]
        main = lab_pods.main_process(victim["metadata"]["uid"])
        run.mark("kill -9 the pod")
        lab_pods.kill(main)
        gone_or_back(run, victim["status"]["podIP"], victim["metadata"]["uid"], main)
        run.settle()
    judge_until_gone(rig, names([victim]))


@needs_lab("can stop a node")
def test_stopped_node(rig: Rig) -> None:
    promise = "at most what was in flight and what arrives until its endpoints are gone"
    victim = rig.pods()[0]
    node = victim["spec"]["nodeName"]
    address = victim["status"]["hostIP"]
    victims = names([pod for pod in rig.pods() if pod["spec"]["nodeName"] == node])
    try:
        with rig.under_load("stopped node", promise, avoid=address, timeout=5) as run:
            run.mark(f"stop {node}")
            lab.stop_node(node)
            eventually(
                "its endpoints are gone",
                lambda: victim["status"]["podIP"] not in rig.serving_endpoints(),
                within=120,
            )
            run.mark("its endpoints are gone")
            time.sleep(GATEWAY_HEARS + 6)
            run.mark("after")
    finally:
        lab.start_node(node)
    rig.settle()
    judge_until_gone(rig, victims)


def test_control_update_without_the_recipe(rig: Rig) -> None:
    """The same update with no drain and no pause before the end loses requests.

    Four pods and three updates: each end of a pod is a chance to lose one, and a timeout of a
    busy machine counts for none.
    """
    rig.upgrade({"drain": "0", "replicas": "4"})
    rig.settle()
    given = [v for pod in rig.pods() for v in pod["spec"]["containers"][0]["env"]]
    assert {v["value"] for v in given if v["name"] == "MORROW_DRAIN"} == {"0"}
    with rig.under_load("control: update without the recipe", "requests are lost") as run:
        for number in range(3):
            run.mark(f"update {number + 1}")
            rig.upgrade(rig.other_image())
            run.settle()
    lost = [each for each in rig.chapters[-1].result.failures if each.cause != "timeout"]
    rig.judge(len(lost) > 0, f"{len(lost)} refused or cut off, as it must be")
