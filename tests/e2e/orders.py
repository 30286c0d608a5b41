"""orders on the cluster: its image, and a database on this machine that its pods reach."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import service_image
from lab.errors import LabError
from lab.layout import HOST
from tests.e2e.cluster import Image
from tests.unit.tool import database as databases
from tests.unit.tool.database import ROOT, Database

NOWHERE = "redis://127.0.0.1:9/0"  # a broker that no test here needs


def image() -> Image:
    """orders in the lab's registry."""
    try:
        return Image(service_image.ORDERS_REPOSITORY, service_image.build_orders())
    except LabError as problem:
        pytest.fail(str(problem), pytrace=False)


@contextmanager
def database() -> Iterator[Database]:
    """A server where the pods reach it, with one order in it."""
    with databases.database(HOST) as made:
        words = ["-m", "alembic", "-c", str(ROOT / "apps/orders/orders/alembic.ini")]
        path = os.pathsep.join((made.packages, str(ROOT / "apps/orders"), str(ROOT / "src")))
        given = {"DATABASE_URL": made.first, "BROKER_URL": NOWHERE}
        subprocess.run(
            [sys.executable, *words, "upgrade", "head"],
            env=os.environ | given | {"PYTHONPATH": path}, check=True, cwd="/",
        )  # fmt: skip
        made.ask("insert into orders (item, quantity) values ('tea', 1)")
        yield made
