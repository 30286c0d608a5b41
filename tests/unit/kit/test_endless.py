"""What has no end, and listens for none, is ended with the service. Cut streams: test_drain."""

from __future__ import annotations

import time
from pathlib import Path

from tests.unit.kit.served import served
from tests.unit.kit.test_drain import Clients, talk, whole


def test_what_listens_for_no_end_is_ended_too(tmp_path: Path) -> None:
    with served("drain_apps:asgi", MORROW_GRACE="20s", NOTES=str(tmp_path / "notes")) as one:
        clients = Clients(one)
        sending = clients.begin(whole, "/deaf?0.1")
        silent = clients.begin(whole, "/deaf?60")
        talks = clients.begin(talk, "/deaf")
        clients.wait_active(3)
        time.sleep(0.3)
        assert one.stop() == 0
        assert sending[0].result().endswith(b"data: x\n\n")
        assert silent[0].result() == b"data: x\n\n"
        assert talks[0].result() == 1012
        assert one.messages("stopped")[0]["lost"] == 0
        assert not one.messages("could not be answered")
