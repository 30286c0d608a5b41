"""`init` where Git keeps a `.env`: what it says is its author's, and the servers are not here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from morrow.tool.init import backing
from tests.unit.tool import test_init_servers
from tests.unit.tool.command import morrow
from tests.unit.tool.test_init import found
from tests.unit.tool.test_init_dotenv import READS_ITS_OWN
from tests.unit.tool.test_init_servers import ADDRESS, local, served, shelf

pytestmark = pytest.mark.timeout(600)
folder = test_init_servers.folder


def test_a_dot_env_that_is_in_git_is_everyones(folder: Path) -> None:
    """It says who asks for what, and where in its author's network: that is not here."""
    shelf(folder, f"{READS_ITS_OWN}\n{ADDRESS}\nassert os.environ['SHELF_MODE'] == 'open'")
    (folder / ".env").write_text(
        "DATABASE_URL=postgresql://clerk:clerk@db/shelf\nSHELF_MODE=open\n"
    )
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    assert not found(folder).application.servers, "the control: it is a person's own"
    subprocess.run(["git", "add", ".env"], cwd=folder, check=True)
    told = found(folder)
    assert served(folder, told, "/books") == '[[1,"one"]]'
    port = backing.ports_for("shelf", ["postgres"])["postgres"]
    assert local(folder)["config"] == {
        "DATABASE_URL": f"postgresql://clerk:clerk@127.0.0.1:{port}/shelf", "SHELF_MODE": None,
    }  # fmt: skip
    base = yaml.safe_load((folder / "environments/base.yaml").read_text())
    assert base["config"] == {"SHELF_MODE": "open"}
    assert morrow("down", "local", "--purge", folder=folder).code == 0
    shutil.rmtree(folder / "environments")
    with (folder / ".env").open("a") as mine:
        mine.write("X=1\n")
    assert not found(folder).application.servers, "and so is one that is changed"
