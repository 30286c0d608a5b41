"""A helm that keeps its history in a file and does as a test says, and a site that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.programs.helm import Helm, Revision
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import PLACE
from tests.unit.tool.stub import stub

History = list[tuple[int, str]]

HELM = """
import json, pathlib, signal, sys, time
verb, told = sys.argv[1], pathlib.Path({told!r})
if verb == "version":
    sys.exit(print("v3.19.0"))
file = told.with_name("world.json")
world = json.loads(file.read_text())
does = dict(code=0, seconds=0, leaves="deployed", deaf=False) | world.get(verb, dict())
def say(name, *words):
    with told.with_name(name).open("a") as out:
        print(*words, file=out)
if does["deaf"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
number = 1 + max((one for one, _ in world["history"]), default=0)
if verb != "uninstall" and does["leaves"]:
    kept = world["history"]
    if does["leaves"] == "deployed":
        kept = [(one, status.replace("deployed", "superseded")) for one, status in kept]
    world["history"] = [*kept, (number, does["leaves"])]
if verb == "uninstall" and not does["code"]:
    world["history"] = []
file.write_text(json.dumps(world))
say("arguments", *sys.argv[1:])
say(told.name, verb)
time.sleep(does["seconds"])
say(told.name, verb, "ended")
print(json.dumps(dict(version=number)))
sys.exit(does["code"])
"""


class KeptHistory:
    """What a delivery asks of a site, and what its helm was asked."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, **world: object) -> None:
        """Give the history, and what each verb does: its code, its seconds, what it leaves."""
        self._world = folder / "world.json"
        self._world.write_text(json.dumps(world))
        self.told = stub(folder, "helm", HELM, patch)
        project = SimpleNamespace(chart=folder)
        self.environment: Any = SimpleNamespace(
            name="web", project=project, files=(), label="test", delivery="helm"
        )
        self.place, self.kubectl, self.helm = PLACE, Kubectl("lab", "demo"), Helm("lab", "demo")
        self.objects: list[Json] = []

    @property
    def history(self) -> list[Revision]:
        """The revisions that are there now."""
        kept: History = json.loads(self._world.read_text())["history"]
        return [Revision(number, status, "", "", "") for number, status in kept]

    @property
    def deployed(self) -> int | None:
        """The one that is deployed."""
        return next((one.number for one in self.history if one.status == "deployed"), None)

    @property
    def asked(self) -> list[str]:
        """What helm was asked after the upgrade: its verb and what names a revision."""
        lines = (self.told.parent / "arguments").read_text().splitlines()
        return [line.partition(" --")[0] for line in lines if not line.startswith("upgrade")]

    def forget_release(self) -> None:
        """Do nothing: the history is read each time."""

    def add_revision(self, record: Json, keep: int) -> None:
        """Do nothing: the history is read each time."""

    def unwatch(self) -> None:
        """Do nothing: nobody watches."""
