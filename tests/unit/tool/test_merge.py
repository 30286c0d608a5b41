"""The merge and the reader are held to Helm's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morrow.tool.environment.load import coalesce, overlay
from morrow.tool.environment.yaml import AMBIGUOUS, read

Data = Any  # whatever YAML holds

KEYS = st.sampled_from(["a", "b", "c", "d"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "x", "1", "null"])
)
LEAVES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2))
TREES = st.dictionaries(
    KEYS,
    st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8),
    max_size=4,
)


class Probe:
    """A chart that prints its values."""

    def __init__(self, helm: Path, folder: Path) -> None:
        self.helm = helm
        self.folder = folder
        (folder / "templates").mkdir(parents=True)
        (folder / "Chart.yaml").write_text("apiVersion: v2\nname: probe\nversion: 0.1.0\n")
        (folder / "templates" / "values.yaml").write_text("values: {{ .Values | toJson }}\n")

    def seen(self, defaults: Data, *layers: str) -> Data:
        (self.folder / "values.yaml").write_text(yaml.safe_dump(defaults))
        arguments = []
        for index, text in enumerate(layers):
            file = self.folder / f"layer-{index}"
            file.write_text(text)
            arguments += ["-f", str(file)]
        command = [str(self.helm), "template", "probe", str(self.folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.split("values: ", 1)[1])


@pytest.fixture
def probe(helm: Path, tmp_path: Path) -> Probe:
    return Probe(helm, tmp_path / "probe")


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TREES, TREES, TREES)
def test_the_merge_is_helms(probe: Probe, defaults: Data, base: Data, own: Data) -> None:
    ours = coalesce(defaults, overlay(base, own))
    assert ours == probe.seen(defaults, yaml.safe_dump(base), yaml.safe_dump(own))


@pytest.mark.parametrize(
    ("defaults", "given_", "merged"),
    [
        ({"a": 1}, {"a": None}, {}),
        ({}, {"a": None}, {"a": None}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_known_corners(probe: Probe, defaults: Data, given_: Data, merged: Data) -> None:
    assert coalesce(defaults, given_) == merged == probe.seen(defaults, yaml.safe_dump(given_))


def test_a_merge_that_forgets_null_is_caught(probe: Probe) -> None:
    """The control: Python's own `|` is no such merge."""
    assert probe.seen({"a": 1}, "a: null\n") != ({"a": 1} | {"a": None})


def test_what_the_reader_accepts_helm_reads_the_same(probe: Probe, tmp_path: Path) -> None:
    """Many short scalars: each is refused, or Helm and we read the same."""
    alphabet = "0179.:-+eExob_~ytnfT"
    words = {a + b + c for a in alphabet for b in ("", *alphabet) for c in ("", "0", "e", ":", ".")}
    words |= {"true", "True", "yes", "No", "on", "OFF", "null", "Null", "NULL", "2024-01-02"}
    words |= {"0777", "1e3", "1_000", "12:30", "0x1F", "0o17", "1.10", ".5", "5.", ".inf", "<<"}
    words |= {"10485760", "-0", "1.0", "100000000000", "y", "n", "=", "2024-01-02T03:04:05Z"}
    accepted: dict[str, Data] = {}
    lines = []
    file = tmp_path / "one.yaml"
    for number, word in enumerate(sorted(words)):
        file.write_text(f"k{number}: {word}\n")
        found = read(file)
        if not found.problems:
            accepted[f"k{number}"] = found.values.get(f"k{number}")
            lines.append(f"k{number}: {word}\n")
    assert len(lines) > 300
    seen = probe.seen({}, "".join(lines))
    different = {
        line: (accepted[line.split(":")[0]], seen.get(line.split(":")[0]))
        for line in lines
        if accepted[line.split(":")[0]] != seen.get(line.split(":")[0])
        or type(accepted[line.split(":")[0]]) is bool is not type(seen.get(line.split(":")[0]))
    }
    assert different == {}


@pytest.mark.parametrize(
    "word", ["12:30", "0777", "1e3", "yes", "ON", "y", "2024-01-02", "0x1F", "1_000", "5.", ".5"]
)
def test_what_readers_take_differently_is_refused(tmp_path: Path, word: str) -> None:
    file = tmp_path / "dev.yaml"
    file.write_text(f"config:\n  KEY: {word}\n")
    (problem,) = read(file, "environments/dev.yaml").problems
    assert problem.code == "environment-ambiguous"
    assert problem.object == "config.KEY"
    assert problem.fix == f'quote it in environments/dev.yaml:2: "{word}"'
    assert AMBIGUOUS.match(word)
    file.write_text(f'config:\n  KEY: "{word}"\n')
    assert not read(file).problems
