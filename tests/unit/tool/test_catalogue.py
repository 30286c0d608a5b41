"""The catalogues that are run on a cluster: large enough, and a third of each in every check."""

from __future__ import annotations

from morrow.tool.base.errors import table
from tests.e2e.test_tool_faults import EVERY as FAULTS
from tests.e2e.test_tool_slow import EVERY as SLOW


def test_the_catalogues_have_what_was_promised() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 110
    assert len({slow.name for slow in SLOW}) == len(SLOW) >= 50
    assert 3 * sum(fault.ci for fault in FAULTS) >= len(FAULTS)
    assert 3 * sum(slow.ci for slow in SLOW) >= len(SLOW)


def test_each_fault_has_a_code_of_the_table_and_the_exit_code_that_it_says() -> None:
    assert {fault.code for fault in FAULTS} <= set(table())
    refused = {fault.name for fault in FAULTS if fault.exit == 2}
    # The nodes find these too, when the registry was silent.
    also = {"image tag", "image repository", "cron's image is not there"}
    assert {
        fault.name for fault in FAULTS if fault.exit == 2 and not table()[fault.code].refused
    } <= also, refused
