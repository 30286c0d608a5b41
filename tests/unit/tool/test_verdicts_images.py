"""A registry that says nothing: the node is silent for a minute, and it is named before."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver.look import look_beyond
from morrow.tool.diagnose.images import REGISTRY, host_of, pulled
from morrow.tool.diagnose.view import WAIT, View
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.registry import unreached
from tests.unit.tool.around import codes, good, only, pod, seen
from tests.unit.tool.test_verdicts_pods import ago, event

IMAGE = "192.0.2.1:5000/shop:1"
SAYS: Json = {"metadata": {"name": "192.0.2.1:5000"}, "status": {"says": "timed out"}}


def pulls(*told: tuple[str, float], image: str = IMAGE, silent: bool = True) -> View:
    """One new pod whose node said these things of an image, so many seconds ago."""
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["image"] = image
    waits = {"waiting": {"reason": "ContainerCreating"}}
    items[2]["status"]["containerStatuses"][0]["state"] = waits
    for reason, seconds in told:
        said = event("Pod-web-1-a", reason, f'Pulling image "{image}"')
        items.append({**said, "lastTimestamp": ago(seconds)})
    return seen(items, **({REGISTRY: [SAYS]} if silent else {}))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([("Pulling", 30)], True),
        ([("Pulling", 5)], False),  # a moment ago
        ([("Pulling", 30), ("Pulled", 5)], False),
        ([("Pulling", 90), ("Failed", 60), ("Pulling", 30)], True),
        ([], False),
    ],
)
def test_a_pull_without_an_answer(told: list[tuple[str, float]], found: bool) -> None:
    view = pulls(*told)
    assert pulled(view.pods[0], view) == ([IMAGE] if found else [])
    assert codes(view) == (["registry-unreachable"] if found else [])
    if found:
        assert only(view).hold == WAIT, "only nodes may be let to it: they decide"
        assert "timed out" in only(view).problem.cause
        assert codes(pulls(*told, image="other.example.com/shop:1")) == [], "it answers"
        assert codes(pulls(*told, silent=False)) == [], "the control: it answers from here"


@pytest.mark.parametrize("answers", [True, False])
def test_the_registry_is_asked_only_where_a_pull_lasts(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(where)
        if not answers:
            raise TimeoutError("timed out")
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", dial)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("morrow.tool.deliver.look._ask", lambda *_: {})
    kubectl = Kubectl("lab", "demo")
    assert look_beyond(kubectl, pulls(("Pulling", 5))) == {}
    assert asked == []
    found = look_beyond(kubectl, pulls(("Pulling", 30)))
    assert asked == [("192.0.2.1", 5000)]
    assert found == ({} if answers else {REGISTRY: (SAYS,)})


@pytest.mark.parametrize(
    ("host", "without", "dialled"),
    [
        ("[::1]:5000", "*", [("::1", 5000)]),
        ("ghcr.io", "ghcr.io", [("ghcr.io", 443)]),
        ("docker.io", "ghcr.io", []),
    ],
)
def test_behind_a_proxy_nothing_is_told_of_a_registry(
    host: str, without: str, dialled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(where)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", dial)
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", without)
    assert unreached(host) == ("timed out" if dialled else "")
    assert asked == dialled


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("nginx", "docker.io"),
        ("example/shop:1", "docker.io"),
        ("ghcr.io/example/shop", "ghcr.io"),
        ("localhost/shop", "localhost"),
        ("registry:5000/shop", "registry:5000"),
    ],
)
def test_the_registry_that_an_image_names(image: str, host: str) -> None:
    assert host_of(image) == host
