"""The folder of `target.servers` lies, of root, where anybody may make one: whose it is counts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.unit.tool.test_process_servers import PROJECT, Shop, here


def test_nothing_is_taken_from_a_folder_that_is_another_ones(tmp_path: Path) -> None:
    here("redis")
    shop = Shop(tmp_path / "project")
    (shop.folder / "pyproject.toml").write_text(PROJECT)
    (port,) = free_ports(1)
    shop.state_servers(port, redis={"port": port})
    servers, planted = shop.servers, tmp_path / "planted"
    (planted / "redis").mkdir(parents=True)
    with subprocess.Popen(["sleep", "300"]) as victim:
        (planted / "redis" / "pid").write_text(str(victim.pid))
        servers.folder.parent.mkdir(parents=True, exist_ok=True)
        servers.folder.symlink_to(planted)
        try:
            assert (servers.stop(), servers.pids, victim.poll()) == ([], {"redis": None}, None)
            servers.purge()
            with pytest.raises(OSError, match="somebody else"):
                servers.start()
            servers.folder.unlink()
            planted.rename(servers.folder)
            assert servers.pids == {"redis": victim.pid}, "the control: its own"
            if os.geteuid() == 0:
                os.chown(servers.folder, 65534, 65534)
                assert (servers.stop(), servers.pids) == ([], {"redis": None})
                os.chown(servers.folder, 0, 0)
        finally:
            victim.kill()
            victim.wait()
            if servers.folder.is_symlink():
                servers.folder.unlink()
    servers.purge()
