"""The lock of an environment in a cluster is a Lease."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.cluster import lock
from tests.e2e.plan_changes import base
from tests.e2e.test_tool_plan import Rig, rig

__all__ = ["rig"]  # a fixture


def test_the_lease_names_its_holder_and_is_taken_over_when_left_behind(rig: Rig) -> None:
    environment = rig.write(base(rig.namespace, rig.cluster.context))

    def lease() -> dict[str, str]:
        found = rig.kubectl.get("lease", "web-morrow")
        assert found is not None
        spec: dict[str, str] = found["spec"]
        return spec

    def hand(holder: str, seconds: float) -> None:
        """Leave a lease as somebody else's, renewed so long ago."""
        when = (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": holder, "renewTime": when, "acquireTime": when}
        rig.kubectl.check(
            "patch", "lease", "web-morrow", "--type=merge", "-p", json.dumps({"spec": spec})
        )

    with lock.held(environment, "morrow up test"):
        assert lease()["holderIdentity"].endswith(f"/{os.getpid()}")
        with pytest.raises(Failure) as caught, lock.held(environment, "morrow down test"):
            pass
        (problem,) = caught.value.problems
        assert problem.code == "environment-locked"
        who = rf"\w+@[^/]+/{os.getpid()} holds the lock for \d+ (s|min): morrow up test"
        assert re.fullmatch(who, problem.cause), problem.cause
        command = problem.fix.split("if it is gone: ")[1]
        where = f"--context {rig.cluster.context} -n {rig.namespace}"
        assert command == f"kubectl {where} delete lease web-morrow"

        # One of another machine that still renews it is respected, one that does not is not.
        hand("ann@elsewhere/7", 30)
        with pytest.raises(Failure, match="ann@elsewhere/7"), lock.held(environment, "x"):
            pass
        hand("ann@elsewhere/7", 300)
        with lock.held(environment, "morrow up test"):
            assert lease()["holderIdentity"].endswith(f"/{os.getpid()}")
    assert rig.kubectl.get("lease", "web-morrow") is None

    # A process of this machine that is gone holds nothing, however fresh its lease is.
    with lock.held(environment, "morrow up test"):
        gone = subprocess.Popen([sys.executable, "-c", "pass"])
        gone.wait()
        hand(lease()["holderIdentity"].rpartition("/")[0] + f"/{gone.pid}", 0)
        with lock.held(environment, "morrow down test"):
            pass
