"""The schema is closed: whatever is mistyped is refused, whatever is right is taken."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.chart.mutations import mutate, with_value
from tests.chart.rendering import (
    CHART,
    DIGEST,
    EXAMPLES,
    SMALLEST,
    Values,
    helm,
    over,
    refusal,
    render,
    service_container,
)
from tests.chart.schema_check import taken
from tests.unit.frame.skips import cannot
from tools.build import UnavailableError, program

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
MUTATIONS = list(mutate(SCHEMA, dict(SMALLEST)))


def test_the_generator_makes_many_of_each_kind() -> None:
    counted = Counter(mutation.kind for mutation in MUTATIONS)
    print(f"{len(MUTATIONS)} mutated values files: {dict(counted)}")
    assert len(MUTATIONS) >= 500
    assert {"typo", "type", "bound", "nesting"} == set(counted)
    assert min(counted.values()) >= 20


def test_every_mutation_is_refused_by_the_schema() -> None:
    validator = Draft7Validator(SCHEMA)
    wrong = [
        str(mutation)
        for mutation in MUTATIONS
        if validator.is_valid(over(DEFAULTS, mutation.values))
    ]
    assert wrong == []


def test_mutations_are_refused_by_helm(tmp_path: Path) -> None:
    """Helm reads the schema with another library; the other Helms are shown the rest."""
    mine = MUTATIONS[::3]
    assert [str(mine[i]) for i in taken([m.values for m in mine], tmp_path)] == []
    assert taken([SMALLEST, mine[0].values], tmp_path / "control") == [0]


def test_the_generators_base_is_taken() -> None:
    assert Draft7Validator(SCHEMA).is_valid(over(DEFAULTS, SMALLEST))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_taken(example: Path) -> None:
    assert helm([example]).returncode == 0


def test_values_are_short_and_each_key_has_its_comment() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    assert len(lines) <= 420
    for before, line in pairwise(lines):
        is_key = line.lstrip().split(":")[0].replace("-", "").isalpha() and ":" in line
        if is_key and not line.endswith(":"):
            assert before.lstrip().startswith("#"), line


def lengths(chart: Path) -> dict[str, int]:
    """Return the number of lines of each template."""
    files = [file for file in (chart / "templates").rglob("*") if file.is_file()]
    return {file.name: len(file.read_text().splitlines()) for file in files}


def too_long(found: dict[str, int]) -> list[str]:
    """Name what is longer than it may be: a template, or all of them together."""
    whole = sum(found.values())
    return [name for name, lines in found.items() if lines > 120] + ["all"] * (whole > 1600)


def test_templates_are_short() -> None:
    found = lengths(CHART)
    assert len(found) >= 25
    assert too_long(found) == []


def test_a_long_template_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "templates" / "deep").mkdir(parents=True)
    (tmp_path / "templates" / "deep" / "a.yaml").write_text("x\n" * 121)
    assert too_long(lengths(tmp_path)) == ["a.yaml"]
    for number in range(14):
        (tmp_path / "templates" / f"{number}.tpl").write_text("x\n" * 120)
    assert too_long(lengths(tmp_path)) == ["a.yaml", "all"]


def paths() -> list[str]:
    return (CHART / "files" / "needed.txt").read_text().split()


@pytest.mark.parametrize("path", paths()[::12])
def test_null_takes_no_default_away_where_it_would_break(path: str) -> None:
    told = refusal(with_value(dict(SMALLEST), tuple(path.split(".")), None))
    assert re.findall(r"^- (.*)$", told, re.M) == [
        f"{path} is null or an empty block: take the line out, and the chart's default counts,"
        " or write a value."
    ]


# What an overlay takes away, from what, and what must not be there any more.
TAKEN_AWAY: list[tuple[Values, Values, str]] = [
    ({"config": {"GONE": "1"}}, {"config": {"GONE": None}}, "GONE"),
    ({"env": {"GONE": "1"}}, {"env": {"GONE": None}}, "GONE"),
    ({"pod": {"labels": {"gone": "1"}}}, {"pod": {"labels": {"gone": None}}}, "gone"),
    (
        {"volumes": {"gone": {"mountPath": "/d", "source": {"emptyDir": {}}}}},
        {"volumes": {"gone": None}},
        "volume-gone",
    ),
    (
        {"network": {"ingress": {"from": {"x": {"namespace": "gone"}}}}},
        {"network": {"ingress": {"from": {"x": None}}}},
        "gone",
    ),
    (
        {"network": {"egress": {"to": {"x": {"namespace": "gone"}}}}},
        {"network": {"egress": {"to": {"x": None}}}},
        "gone",
    ),
    (
        {"network": {"egress": {"to": {"x": {"namespace": "gone"}}}}},
        {"network": {"egress": None}},
        "Egress",
    ),
    (
        {"extra": {"gone": {"apiVersion": "v1", "kind": "ConfigMap"}}},
        {"extra": {"gone": None}},
        "gone",
    ),
    ({"sidecars": {"gone": {"image": "x:1"}}}, {"sidecars": {"gone": None}}, "gone"),
    (
        {"sidecars": {"a": {"image": "x:1", "args": ["gone"]}}},
        {"sidecars": {"a": {"args": None}}},
        "gone",
    ),
    (
        {"processes": {"gone": {"kind": "worker", "command": ["x"]}}},
        {"processes": {"gone": None}},
        "gone",
    ),
    (
        {"autoscaling": {"mode": "hpa", "max": 5}},
        {"autoscaling": None},
        "HorizontalPodAutoscaler",
    ),
    ({}, {"ports": {"admin": None}}, "port: admin"),
    ({}, {"resources": {"limits": {"memory": None}}}, "memory: 256Mi"),
]


@pytest.mark.parametrize("tool", ["helm-3.18", "helm", "helm-4"])
def test_an_overlay_takes_away(tool: str, tmp_path: Path) -> None:
    """As people do it: in a second file, which Helm lays over the first."""
    try:
        program(tool, "helm")
    except UnavailableError as problem:
        cannot(tool, str(problem))
    for number, (base, overlay, gone) in enumerate(TAKEN_AWAY):
        files = [tmp_path / f"{number}-{name}.json" for name in ("base", "overlay")]
        files[0].write_text(json.dumps(over(SMALLEST, base)))
        files[1].write_text(json.dumps(overlay))
        before, after = helm(files[:1], tool=tool), helm(files, tool=tool)
        assert (before.returncode, after.returncode) == (0, 0), after.stderr
        assert gone in before.stdout, "the control: it was there"
        assert gone not in after.stdout, overlay


MISTAKES: dict[str, dict[str, Any]] = {
    "a number that is not quoted": {"config": {"SIZE": 10485760}},
    "a boolean that is not quoted": {"config": {"ON": True}},
    "a tag in the repository": {"image": {"repository": "ghcr.io/example/shop:1.0"}},
    "a digest in the repository": {"image": {"repository": f"ghcr.io/example/shop@{DIGEST}"}},
    "a digest without its algorithm": {"image": {"digest": "a" * 64}},
    "a revision that is not quoted": {"secrets": {"revision": 2}},
    "a name that DNS refuses": {"name": "My_Shop"},
    "a folder of the node": {
        "volumes": {"x": {"mountPath": "/x", "source": {"hostPath": {"path": "/"}}}}
    },
    "root": {"security": {"user": 0}},
    "two handlers of a probe": {"probes": {"readiness": {"tcpSocket": {"port": 1}}}},
    "a budget that blocks a drain": {"pdb": {"maxUnavailable": 0}},
    "a user that Kubernetes does not know": {"security": {"user": 2147483648}},
    "an address for a host": {"route": {"hosts": ["192.0.2.1"]}},
    "a word of a host that is too long": {"route": {"hosts": [f"{'a' * 64}.example.com"]}},
    "a path that routes refuse": {"route": {"path": "/a b"}},
    "a namespace with a dot": {"network": {"ingress": {"gateway": "a.b"}}},
    "a name with two dots": {"secrets": {"name": "a..b"}},
    "a label that is too long": {"pod": {"labels": {"a" * 64: "x"}}},
    "addresses that are none": {"network": {"ingress": {"cidrs": {"a": "10.0.256.0/24"}}}},
    "a thousandth of a byte": {"resources": {"limits": {"memory": "128m"}}},
    "bytes that were to be megabytes": {"resources": {"limits": {"memory": "256"}}},
    "processors in bytes": {"resources": {"requests": {"cpu": "100Mi"}}},
    "a sidecar's memory in thousandths": {
        "sidecars": {"a": {"resources": {"limits": {"memory": "64m"}}}}
    },
    "a target of nothing": {"autoscaling": {"pods": {"queue": "0"}}},
    "a promise that no alert can hold": {"observability": {"rules": {"latency": 10}}},
    "a budget that cannot burn": {"observability": {"rules": {"availability": 92}}},
    "a way out of a volume": {
        "volumes": {"x": {"mountPath": "/x", "subPath": "/y", "source": {"emptyDir": {}}}}
    },
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistakes_that_people_make(what: str) -> None:
    assert "don't meet the specifications" in refusal(over(SMALLEST, MISTAKES[what]))


@pytest.mark.parametrize("registry", ["", "ghcr.io/", "localhost:5000/", "10.0.0.1:5000/a/b/"])
def test_repositories_that_are_taken(registry: str) -> None:
    image = {"repository": f"{registry}shop_x/y--z", "tag": "1"}
    assert service_container(render(over(SMALLEST, {"image": image})))["image"].endswith("--z:1")


@pytest.mark.parametrize("name", ["on", "yes", "true", "null", "e1"])
def test_names_that_yaml_reads_otherwise_stay_text(name: str) -> None:
    for document in render(over(SMALLEST, {"name": name})):
        assert isinstance(document["metadata"]["name"], str)
        assert document["metadata"]["name"].startswith(name)


def test_global_is_allowed_for_subcharts() -> None:
    assert render(over(SMALLEST, {"global": {"anything": [1]}}))
