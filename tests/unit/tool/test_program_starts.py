"""Each fact is read once: how many programs one command starts, and that none starts twice.

The programs are stood in for; `python` (the service's own check) is counted by the tool's own
list of commands.
"""

from __future__ import annotations

from collections import Counter

import pytest

from morrow.tool.deliver.look import CORE, NEAR
from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import StandIn
from tests.unit.tool.test_cluster_commands import running

# Before there was a `Site`, the same `up` started this many.
BEFORE = 24
# A rollout is a moving thing: it is looked at until it has come to its end.
LOOK = f"kubectl get {','.join((*CORE, *NEAR.values()))} -o json "


def serving(cluster: StandIn) -> None:
    deployed, *others = running(True, 3600)
    deployed["spec"]["template"]["metadata"] = {}
    deployed["status"]["conditions"] = [
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    ]
    cluster.says(objects=[*cluster.world["objects"], deployed, *others])


@pytest.mark.parametrize("command", ["up", "plan", "status"])
def test_no_command_asks_the_same_twice(cluster: StandIn, command: str) -> None:
    serving(cluster)
    done = morrow(command, "dev")
    assert done.code == 0, done
    print("\n".join(cluster.starts), len(cluster.starts))
    asked = Counter(cluster.starts)
    if command == "up":
        del asked[LOOK]
    assert [line for line, times in asked.items() if times > 1] == []


def test_up_starts_half_as_many_programs_as_before(cluster: StandIn) -> None:
    serving(cluster)
    assert morrow("up", "dev").code == 0
    looks = cluster.starts.count(LOOK)  # a busy machine lets it look once more while it waits
    assert 2 * (len(cluster.starts) - max(0, looks - 2)) <= BEFORE
