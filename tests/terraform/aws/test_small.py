"""A small platform on the fake AWS in `make test`; the whole ones run in `make proof`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.aws import account as accounts
from tests.terraform.aws.estate import Estate, copied, left
from tests.unit.frame.skips import cannot


@pytest.mark.timeout(1800)  # the provider waits by the clock, and a busy machine waits longer
def test_a_small_platform_is_made_upgraded_and_gone(tmp_path: Path, record_property: Any) -> None:
    if shutil.which("terraform") is None:
        cannot("a small platform", "it is not on PATH", "terraform")
    record_property("account", accounts.WHAT)
    copied(tmp_path)
    with accounts.running(tmp_path / "account") as account:
        live = Estate(tmp_path, account, "small")
        shutil.copytree(Path(__file__).with_name("small"), live.root)
        assert live.terraform("init", "-no-color").returncode == 0
        before = account.inventory()
        done = live.terraform("apply", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stderr[-4000:]
        made = account.ask("eks", "describe_cluster", name="small")["cluster"]
        assert (made["version"], made["computeConfig"]["enabled"]) == ("1.35", True)
        assert len(account.inventory() - before) > 40

        # One minor, in place, and nothing is left to do.
        done = live.terraform("apply", "-auto-approve", "-var=kubernetes_version=1.36")
        assert done.returncode == 0, done.stderr[-4000:]
        now = account.ask("eks", "describe_cluster", name="small")["cluster"]
        assert (now["version"], now["createdAt"]) == ("1.36", made["createdAt"])
        words = ("-detailed-exitcode", "-no-color", "-var=kubernetes_version=1.36")
        done = live.terraform("plan", *words)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

        done = live.terraform("destroy", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stderr[-4000:]
        assert left(before, account.inventory()) == []
        assert not account.crashes(), account.crashes()
        print("seconds:", {what: round(spent) for what, spent in live.seconds.items()})
