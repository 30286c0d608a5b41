"""The route that each framework matched, read from the real ones."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.conformance.material import programs
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import PATHS, ROOT
from tools.build import UnavailableError

ROUTES = {
    "flask": "/items/<int:number>",
    "bottle": "/items/<number>",
    "falcon": "/items/{number}",
    "falcon_asgi": "/items/{number}",
    "django": "/items/<int:number>",
    "django_asgi": "/items/<int:number>",
    "fastapi": "/items/{number}",
    "starlette": "/items/{number}",
    "litestar": "/items/{number}",
    "pyramid": "/items/{number}",
    "blacksheep": "/items/{number}",
    "quart": "/items/<int:number>",
}


@pytest.mark.timeout(300)
def test_metrics_name_the_route_and_never_the_path() -> None:
    try:
        python = programs() / "python"
    except UnavailableError as problem:
        cannot("routes of frameworks", str(problem))
    told = subprocess.run(
        [python, "-m", "tests.unit.kit.framework_routes"],
        cwd=ROOT, env={"PYTHONPATH": PATHS[0]}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = json.loads(told.splitlines()[-1])
    # A path that is no route is the control: nothing of it is told.
    assert found == {name: [[route, "200"], ["", "404"]] for name, route in ROUTES.items()}
