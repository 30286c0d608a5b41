"""A test that this machine cannot run: skipped in one line, and a failure under CI=true."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def cannot(what: str, why: str) -> NoReturn:
    """Skip the test that calls it, or fail where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} was not tested: {why}", pytrace=False)
    pytest.skip(f"{what}: {why}")
