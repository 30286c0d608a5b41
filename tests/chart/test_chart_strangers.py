"""Files of people who know other charts, and what they get wrong.

The good ones render under the three Helms to the same objects, which are held to
Kubernetes' own schemas. The bad ones (bad.yaml) are what the API server refuses or what never
works, beside the faults that a generator makes: each is refused, and the refusal names its key.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart import schemas
from tests.chart.many import render_many
from tests.chart.mutants import Mutant
from tests.chart.rendering import SMALLEST, STRANGERS, Object, Values, one, over, render, written
from tests.chart.test_chart_conform import kubeconform
from tests.chart.test_chart_helms import OTHERS, available, differences
from tests.chart.test_chart_mutants import TOOLS, answers

PART = "app.kubernetes.io/component"
AWS = "AKIA" + "A" * 16
# Built here, so that no scanner of secrets takes the file for one that holds some.
CLEAR: list[Values] = [
    {"config": {"A": "-----BEGIN " + "PRIVATE KEY-----"}},
    {"env": {"A": "ghp_" + "a" * 36}},
    {"args": ["--dsn=postgres://u:" + "hunter2@db/x"]},
    {"processes": {"p": {"kind": "worker", "command": ["x", AWS]}}},
    {"sidecars": {"a": {"image": "x:1", "args": ["glpat-" + "a" * 20]}}},
    {"pod": {"annotations": {"a": "xoxb-" + "1" * 12 + "-abc"}}},
    {"probes": {"liveness": {"exec": ["x", AWS]}}},
    {"service": {"annotations": {"a": "AIza" + "a" * 35}}},
]


@cache
def known() -> dict[str, Any]:
    """Return what bad.yaml holds: read by the worker that asks, since it takes a second."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("bad.yaml").read_text())
    return found


def wrong() -> list[Mutant]:
    """Return every bad value as a values file and the key that its refusal must name."""
    rows = [*known()["wrong"], *(["in clear text", "none", values] for values in CLEAR)]
    return [
        Mutant(str(number), base, (), key, over(over(SMALLEST, known()["bases"][base]), values))
        for number, (key, base, values) in enumerate(rows)
    ]


def faults(mutants: list[Mutant], folder: Path, tool: str) -> list[str]:
    """Name those that are taken, that crash a template, or whose key the refusal does not name."""
    found = []
    for mutant, text in zip(mutants, answers(mutants, folder, available(tool)), strict=True):
        crashed = "error calling include" in text and "cannot work together" not in text
        if not text or crashed or mutant.key not in text.replace("~1", "/"):
            found.append(f"{mutant.key} {mutant.values}: {text[-200:] or 'taken'}")
    return found


def test_there_are_many() -> None:
    assert len(STRANGERS) >= 40
    assert len(wrong()) >= 600
    for base in known()["bases"].values():
        assert render(over(SMALLEST, base))


@pytest.mark.parametrize(("tool", "first"), [(tool, 5 * i) for i, tool in enumerate(TOOLS)])
def test_a_sample_is_refused_by_its_key(tool: str, first: int, tmp_path: Path) -> None:
    assert faults(wrong()[first::43], tmp_path, tool) == []


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tool", TOOLS)
def test_all_are_refused_by_their_key(tool: str, tmp_path: Path) -> None:
    assert faults(wrong(), tmp_path, tool) == []


def test_the_judge_sees_what_is_taken_and_what_is_not_named(tmp_path: Path) -> None:
    taken = Mutant("0", "none", (), "name", dict(SMALLEST))
    other = Mutant("1", "none", (), "no such key", over(SMALLEST, {"drain": -1}))
    assert len(faults([taken, other], tmp_path, "helm")) == 2


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Object]]:
    """What Helm makes of them all: to be read, not changed."""
    return render_many(STRANGERS, tmp_path_factory.mktemp("ours"))


@pytest.mark.parametrize("other", OTHERS)
def test_the_helms_make_the_same(other: str, ours: dict[str, list[Object]], tmp_path: Path) -> None:
    theirs = render_many(STRANGERS, tmp_path, available(other))
    assert all(len(objects) >= 2 for objects in ours.values())
    assert [what for name in ours for what in differences(ours[name], theirs[name])] == []


@pytest.mark.parametrize("version", schemas.minors())
def test_kubernetes_would_take_them(version: str, ours: dict[str, list[Object]]) -> None:
    # Objects of their own are of kinds whose schemas are not here.
    all_ = [o for objects in ours.values() for o in objects]
    own = [o for o in all_ if o["metadata"]["labels"][PART] != "extra"]
    code, answer = kubeconform(version, text="\n---\n".join(map(written, own)))
    assert answer.get("resources", []) == []
    assert (code, answer["summary"]["valid"]) == (0, len(own))
    assert len(own) >= 200


def container(objects: list[Object], name: str) -> Any:
    spec = one(objects, "Deployment", name)["spec"]
    return spec["template"]["spec"]["containers"][0]


def test_odd_text_reaches_the_container_as_it_was_written() -> None:
    [file] = [file for file in STRANGERS if file.stem == "odd-config"]
    given = yaml.safe_load(file.read_text())
    variables = {v["name"]: v["value"] for v in container(render(given), "odd")["env"]}
    for name, text in given["config"].items():  # Kubernetes reads $$ as one $
        assert variables[name].replace("$$", "$") == text, name
    [file] = [file for file in STRANGERS if file.stem == "files-odd"]
    given = yaml.safe_load(file.read_text())
    notes = one(render(given), "Deployment")["spec"]["template"]["metadata"]["annotations"]
    for text in given["volumes"]["etc"]["files"].values():
        assert text in notes.values()


def test_the_order_of_a_map_never_rolls_the_pods() -> None:
    """The tolerations once came in the order of a map in Go: another one at each upgrade."""
    wanted = {f"t{number}": {"key": f"k{number}", "operator": "Exists"} for number in range(8)}
    values = over(SMALLEST, {"pod": {"tolerations": wanted}})
    made = one(render(values), "Deployment")["spec"]["template"]["spec"]["tolerations"]
    assert made == [wanted[name] for name in sorted(wanted)]


def test_null_gives_a_process_what_the_top_level_says() -> None:
    worker = {"kind": "worker", "command": ["x"], "resources": None, "autoscaling": None}
    values = over(SMALLEST, {"processes": {"w": {**worker, "probes": None, "replicas": None}}})
    assert one(render(values), "Deployment", "shop-w")["spec"]["replicas"] == 1
    made = container(render(values), "shop-w")
    assert made["resources"] == container(render(values), "shop")["resources"]
