"""What was applied beside what there is of it: changed, gone, held, failed; and only added."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.declared import same_image
from morrow.tool.diagnose.diagnose import JUDGES, diagnose
from morrow.tool.diagnose.view import DECLARED, View
from tests.unit.frame.repository import ROOT
from tests.unit.tool.around import PLACE, condition, good, seen, template, thing
from tests.unit.tool.test_verdicts_beside import ENDS

DIGEST = "sha256:" + 64 * "a"
IMAGE = f"ghcr.io/example/shop:1@{DIGEST}"


def memory(most: str) -> Json:
    return {"limits": {"memory": most}}


def applied() -> list[Json]:
    own = template(IMAGE)
    own["spec"]["containers"][0]["env"] = [
        {"name": "LEVEL", "value": "INFO"},
        {"name": "EMPTY", "value": ""},
    ]
    own["spec"]["containers"][0]["resources"] = memory("0.25Gi")
    trust = {"clusterTrustBundle": {"name": "ours", "path": "ca.pem"}, "secret": None}
    own["spec"]["volumes"] = [
        {"name": "secrets", "secret": {"secretName": "web-1"}},
        {"name": "trust", "projected": {"sources": [trust]}},
    ]
    return [
        thing("Deployment", "web", "d", spec={"replicas": 1, "template": own}),
        thing("Widget", "web-w", spec={}, status={"conditions": [condition("Ready", "True")]}),
        thing("Job", "web-once", spec={}),
    ]


def judged(change: Callable[[list[Json]], object]) -> View:
    live = copy.deepcopy(applied())
    live[0]["metadata"]["managedFields"] = [{"manager": "other", "time": "2026-01-02T00:00:00Z"}]
    change(live)
    return replace(seen(good(), **{DECLARED: live}), declared=tuple(applied()))


def own(live: list[Json]) -> Json:
    found: Json = live[0]["spec"]["template"]["spec"]
    return found


def said(status: str, kind: str = "Ready", **more: int) -> Callable[[list[Json]], object]:
    told = {**condition(kind, status, "Denied", "no quota"), **more}
    return lambda live: live[1].update(status={"conditions": [told]})


def image(name: str) -> Callable[[list[Json]], object]:
    return lambda live: own(live)["containers"][0].update(image=name)


CHANGED: tuple[tuple[str, Callable[[list[Json]], object], str, str], ...] = (
    ("image", image("ghcr.io/example/shop:1@sha256:b"), "release-overwritten", "other at 2026"),
    ("setting", lambda live: own(live)["containers"][0].update(env=[]), "release-overwritten",
     "another LEVEL"),
    ("Secret", lambda live: own(live).update(volumes=[]), "release-overwritten", "not hold web-1"),
    ("source of a volume", lambda live: own(live)["volumes"][1].update(projected={"sources": [{}]}),
     "release-overwritten", "its volume trust has no clusterTrustBundle"),
    ("kind of a volume", lambda live: own(live)["volumes"].append(
        own(live)["volumes"].pop(1) and {"name": "trust", "emptyDir": {}}),
     "release-overwritten", "its volume trust has no projected"),
    ("memory", lambda live: own(live)["containers"][0].update(resources=memory("64Mi")),
     "release-overwritten", "limits.memory of 64Mi, not 0.25Gi"),
    ("container", lambda live: own(live).update(containers=[{"name": "x", "image": "y"}]),
     "release-overwritten", "no container web"),
    ("no pods", lambda live: live[0]["spec"].update(replicas=0), "release-overwritten",
     "scaled to no pods"),
    ("gone", lambda live: live.pop(1), "object-gone", "Widget web-w"),
    ("held", lambda live: live[1]["metadata"].update(ENDS), "object-ending", "example.com/holds"),
    ("held keeper", lambda live: live[0]["metadata"].update(ENDS), "object-ending", "Deployment"),
    ("not ready", said("False"), "object-not-ready", "Ready is False, Denied: no quota"),
    ("stalled", said("True", "Stalled"), "object-not-ready", "Stalled is True"),
)  # fmt: skip
LEFT: tuple[tuple[str, Callable[[list[Json]], object]], ...] = (
    ("as it was", lambda live: None),
    ("from a mirror", image(f"mirror.example.com/shop@{DIGEST}")),
    ("as much in another unit", lambda live: own(live)["containers"][0].update(
        resources=memory("256Mi"))),
    ("more memory", lambda live: own(live)["containers"][0].update(resources=memory("1Gi"))),
    ("a Secret was added", lambda live: own(live)["volumes"].append(
        {"name": "mesh", "secret": {"secretName": "mesh"}})),
    ("what was null is left out", lambda live: own(live)["volumes"][1]["projected"]["sources"][
        0].pop("secret")),
    ("an empty variable", lambda live: own(live)["containers"][0]["env"][1].pop("value")),
    ("a sidecar was added", lambda live: own(live)["containers"].append(
        {"name": "mesh", "image": "z"})),
    ("a variable was added", lambda live: own(live)["containers"][0]["env"].append(
        {"name": "HAND", "value": "1"})),
    ("scaled by hand", lambda live: live[0]["spec"].update(replicas=4)),
    ("a Job is gone", lambda live: live.pop(2)),
    ("not known yet", said("Unknown")),
    ("of an earlier generation", said("False", observedGeneration=0)),
    ("another condition", said("False", "Active")),
)  # fmt: skip


@pytest.mark.parametrize(("change", "code", "said"), [one[1:] for one in CHANGED],
                         ids=[one[0] for one in CHANGED])  # fmt: skip
def test_what_is_not_as_it_was_applied_is_named(
    change: Callable[[list[Json]], object], code: str, said: str
) -> None:
    (found,) = diagnose(judged(change), PLACE)
    assert found.problem.code == code
    assert said in f"{found.problem.object} {found.problem.cause}"


@pytest.mark.parametrize(
    ("wanted", "now", "same"),
    [
        ("a/shop:1", "a/shop:1@sha256:c", True),
        ("a/shop:1", "a/shop@sha256:c", True),
        ("a/shop:1", "a/shop:2@sha256:c", False),
        ("a/shop:1@sha256:c", "b/shop@sha256:c", True),
        ("a/shop:1@sha256:c", "a/shop:1@sha256:d", False),
        ("a/shop:1", "b/other:1", False),
    ],
)
def test_an_image_is_told_by_its_content(wanted: str, now: str, same: bool) -> None:
    assert same_image(wanted, now) is same


@pytest.mark.parametrize("change", [one[1] for one in LEFT], ids=[one[0] for one in LEFT])
def test_what_only_was_added_is_left_alone(change: Callable[[list[Json]], object]) -> None:
    assert diagnose(judged(change), PLACE) == []


@pytest.mark.parametrize(("image", "found"), [("shop:1", []), ("mirror/shop:1", []),
                                              ("shop:0", ["release-overwritten"])])  # fmt: skip
def test_a_pod_runs_what_its_template_says(image: str, found: list[str]) -> None:
    items = good()
    items[2]["spec"]["containers"][0]["image"] = image
    assert [one.problem.code for one in diagnose(seen(items), PLACE)] == found


def kinds_in(page: str) -> list[str]:
    """Return the first cell of each row of a page's one table, its head left out."""
    return [row.split(" | ")[0] for row in re.findall(r"^\| (.+) \|$", page, re.M)][1:]


def test_the_page_has_a_row_for_each_judge() -> None:
    page = (ROOT / "docs" / "verdicts.md").read_text()
    assert kinds_in(page) == list(JUDGES)
    assert kinds_in(page.replace("| Node |", "| Knot |")) != list(JUDGES)
