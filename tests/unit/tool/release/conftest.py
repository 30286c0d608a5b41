"""One registry for all tests of signatures; an image and a key belong to one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tool.release.signing import Shop, registry


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture
def shop(tmp_path: Path, images: str) -> Shop:
    return Shop(tmp_path, images)
