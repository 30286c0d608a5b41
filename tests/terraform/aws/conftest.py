"""Fixtures: a running fake for a module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.terraform.aws import account as accounts
from tests.terraform.aws.account import Account


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account of this module's own; a crash of the fake fails the test that saw it last."""
    with accounts.running(tmp_path_factory.mktemp("aws")) as running:
        yield running
        assert not running.crashes()
