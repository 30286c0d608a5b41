"""The lab's second gateway: brought once and again, and said by the lab."""

from __future__ import annotations

import pytest

from lab import addons, contour
from tests.e2e.cluster import Cluster, needs_lab
from tests.e2e.gateways import second
from tests.e2e.lab_command import run

pytestmark = [pytest.mark.full, needs_lab("has a second gateway")]


def test_the_lab_says_that_it_has_it_and_adds_it_again(cluster: Cluster) -> None:
    reached = second(cluster)
    pods = reached.get("pods", "-n", contour.SPACE)["items"]
    done = run("add", "contour")
    assert done.returncode == 0, done.stderr
    assert reached.get("pods", "-n", contour.SPACE)["items"] == pods
    assert "contour" in run("status").stdout.partition("added")[2]
    assert addons.gateway_answers(reached.gateway_addresses, "ready", 302)
