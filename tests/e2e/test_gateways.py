"""The proof for gateways: rolled themselves, or told of another route, they lose no request.

The same on two implementations of the Gateway API: Traefik, and Contour with Envoy.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.gateways import Gateway, gateway
from tests.e2e.rig import FOLDER, NOTHING, Rig

pytestmark = [
    pytest.mark.proof,
    pytest.mark.full,
    pytest.mark.timeout(900),
    needs_lab("has a second gateway"),
]
NAMES = ("traefik", "contour")


@pytest.fixture(scope="module", params=NAMES)
def named(cluster: Cluster, request: pytest.FixtureRequest) -> tuple[str, Gateway]:
    return request.param, gateway(request.param, cluster)


@pytest.fixture(scope="module")
def rig(
    named: tuple[str, Gateway], hello_images: dict[str, Image], request: pytest.FixtureRequest
) -> Iterator[Rig]:
    """hello, reached through this gateway."""
    name, one = named
    with proving(name, one.cluster, hello_images, request, FOLDER / name) as rig:
        rig.install()
        rig.settle()
        yield rig


def test_the_gateway_itself_is_rolled(rig: Rig, named: tuple[str, Gateway]) -> None:
    name, one = named
    before = one.pods()
    with rig.under_load(f"{name}: the gateway is rolled", NOTHING) as run:
        run.mark("roll")
        one.roll()
        run.settle()
    assert before, "it had pods"
    assert not before & one.pods(), "every pod is a new one"
    rig.nothing_lost()


def test_a_route_changes(rig: Rig, named: tuple[str, Gateway]) -> None:
    name, one = named
    before, other = dict(rig.values), f"other-{rig.host}"
    changes = [
        {"route.hosts[1]": other},
        {"route.paths[0]": "/more"},
        {"route.timeouts.request": "30s"},
        {"routes.more.hosts[0]": other, "routes.more.path": "/healthz"},
    ]
    with rig.under_load(f"{name}: a route changes", NOTHING) as run:
        for change in changes:
            run.mark(f"set {min(change)}")
            rig.upgrade(change)
            rig.cluster.wait_for_route(other)
            time.sleep(3)
        run.mark("all of it is taken back")
        rig.values = before
        rig.upgrade()
        one.forgets(other)
    rig.nothing_lost()


def test_control_the_gateway_is_killed(rig: Rig, named: tuple[str, Gateway]) -> None:
    name, one = named
    with rig.under_load(f"control: {name}, its pods are killed", "requests are lost") as run:
        run.mark("kill")
        one.kill()
        run.settle()
    lost = len(rig.chapters[-1].result.failures)
    rig.judge(lost > 0, f"{lost} lost, as it must be")


def test_control_a_route_is_made_anew(rig: Rig, named: tuple[str, Gateway]) -> None:
    """What `kubectl replace --force` does, slowly enough that the gateway hears of both."""
    name, one = named
    with rig.under_load(f"control: {name}, a route is made anew", "requests are lost") as run:
        run.mark("delete")
        rig.cluster.kubectl("delete", "httproute", "hello", "-n", rig.namespace)
        one.forgets(rig.host)
        run.mark("make")
        rig.upgrade()
        rig.cluster.wait_for_route(rig.host)
    lost = len(rig.chapters[-1].result.failures)
    rig.judge(lost > 0, f"{lost} lost, as it must be")
