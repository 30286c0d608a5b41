"""The oldest Helm that is promised, the one in use and Helm 4 make and refuse the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chart.rendering import (
    CHART,
    DIGEST,
    ENVIRONMENTS,
    EXAMPLES,
    FOREIGN,
    SMALLEST,
    Object,
    Values,
    documents,
    helm,
    one,
    over,
    render_files,
)
from tests.chart.schema_check import taken
from tests.chart.test_chart_refusals import CASES
from tests.chart.test_chart_schema import MUTATIONS
from tools.build import program, version

HELMS = {"helm-3.18": "v3.18.", "helm": "v3.", "helm-4": "v4."}
OTHERS = ("helm-3.18", "helm-4")
BASE = ENVIRONMENTS / "base.yaml"
FILES = {
    **{example.stem: (example,) for example in EXAMPLES},
    **{
        f"environment-{file.stem}": (BASE, file)
        for file in sorted(ENVIRONMENTS.glob("*.yaml"))
        if file != BASE
    },
}


@pytest.fixture(scope="session", params=HELMS)
def tool(request: pytest.FixtureRequest) -> str:
    """Each Helm in turn, by its folder under tools/."""
    return available(str(request.param))


def available(name: str) -> str:
    """Return the folder's name, once the program is there."""
    program(name, "helm")
    return name


def run(tool: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(program(tool, "helm")), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def written(values: Values, folder: Path) -> Path:
    file = folder / "values.json"
    file.write_text(json.dumps(values))
    return file


def test_these_are_the_helms_of_the_promise(tool: str) -> None:
    module = "helm.sh/helm/v4" if tool == "helm-4" else "helm.sh/helm/v3"
    said = run(tool, "version", "--short").stdout.strip()
    assert said.startswith(HELMS[tool])
    assert said == version(tool, module)


def differences(ours: list[Object], theirs: list[Object]) -> list[str]:
    """Name the objects that two Helms make otherwise, whatever the order."""

    def named(objects: list[Object]) -> dict[str, Object]:
        return {f"{o['kind']} {o['metadata']['name']}": o for o in objects}

    left, right = named(ours), named(theirs)
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("what", FILES)
def test_they_make_the_same_objects(other: str, what: str) -> None:
    more = ("--set", f"image.digest={DIGEST}")
    ours = render_files(*FILES[what], more=more)  # kept for the next other
    made = helm(FILES[what], *more, tool=available(other))
    assert made.returncode == 0, made.stderr
    theirs = documents(made.stdout)
    assert len(ours) >= 4
    assert differences(ours, theirs) == []


def test_a_difference_would_be_seen() -> None:
    ours = documents(helm(FILES["smallest"]).stdout)
    theirs = documents(helm(FILES["smallest"], "--set", "drain=6").stdout)
    assert differences(ours, theirs) == ["Deployment shop"]
    assert differences(ours, ours[1:])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_lint(tool: str, example: Path) -> None:
    done = run(tool, "lint", "--strict", str(CHART), "--values", str(example))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("fault", [{"nmae": "x"}, {"route": {"mode": "ingress"}}])
def test_lint_says_what_is_wrong(tool: str, fault: Values, tmp_path: Path) -> None:
    file = written(over(SMALLEST, fault), tmp_path)
    done = run(tool, "lint", "--strict", str(CHART), "--values", str(file))
    assert done.returncode == 1
    assert re.search("nmae|state the host names", done.stdout + done.stderr)


def refused(tool: str, values: Values, folder: Path) -> str:
    """Return what a Helm says when it refuses values; nothing when it takes them."""
    done = helm([written(values, folder)], tool=tool)
    return done.stderr if done.returncode else ""


def unsaid(other: str, cases: Sequence[tuple[Values, Values, str]], folder: Path) -> list[str]:
    """Return the sentences that another Helm does not say."""

    def told(number: int) -> bool:
        right, wrong, sentence = cases[number]
        place = folder / str(number)
        place.mkdir()
        return sentence in refused(other, over(over(SMALLEST, right), wrong), place)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(told, range(len(cases))))
    return [case[2] for case, good in zip(cases, answers, strict=True) if not good]


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.full)])
@pytest.mark.parametrize("other", OTHERS)
def test_they_refuse_the_same_combinations(other: str, step: int, tmp_path: Path) -> None:
    assert unsaid(available(other), CASES[OTHERS.index(other) % step :: step], tmp_path) == []


def test_what_another_does_not_say_is_seen(tmp_path: Path) -> None:
    assert unsaid(available("helm-4"), [({}, {"drain": -1}, "never")], tmp_path) == ["never"]


@pytest.mark.parametrize(("other", "first"), [("helm-3.18", 1), ("helm-4", 2)])
def test_their_schemas_refuse_the_same(other: str, first: int, tmp_path: Path) -> None:
    """Helm 3.18 reads the schema with another library than the later ones."""
    mine = MUTATIONS[first::3]
    wrong = taken([m.values for m in mine], tmp_path, available(other))
    assert [str(mine[i]) for i in wrong] == []


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with its NOTES inside an object: Helm 3 shows NOTES only with a cluster."""
    chart = tmp_path_factory.mktemp("speaking") / "chart"
    shutil.copytree(CHART, chart)
    notes = chart / "templates" / "NOTES.txt"
    shown = (
        '{kind: Notes, apiVersion: v1, metadata: {name: notes}, text: {{ include "n" . | quote }}}'
    )
    text = f'{{{{- define "n" }}}}{notes.read_text()}{{{{- end }}}}\n{shown}\n'
    (chart / "templates" / "notes.yaml").write_text(text)
    return chart


def notes(tool: str, chart: Path, values: Values, folder: Path) -> str:
    done = helm([written(values, folder)], chart=chart, tool=tool)
    assert done.returncode == 0, done.stderr
    return str(one(documents(done.stdout), "Notes")["text"])


QUIET: Values = over(
    SMALLEST,
    {
        "image": {"digest": DIGEST},
        "autoscaling": {"mode": "hpa"},
        "route": {"mode": "gateway", "hosts": ["a.example.com"], "gateway": {"name": "g"}},
        "network": {"egress": {"to": {}}},
        "observability": {"monitor": {"kind": "pod"}, "rules": {"enabled": True}},
    },
)
BALANCER: Values = {
    "service": {"type": "LoadBalancer"},
    "network": {"ingress": {"cidrs": {"a": "10.0.0.0/8"}}},
}
# Values, what the NOTES say of them, and what they do not say.
SAID: dict[str, tuple[Values, list[str], list[str]]] = {
    "smallest": (
        SMALLEST,
        [
            "kubectl --namespace somewhere port-forward service/shop 5000:80",
            "(autoscaling.mode: hpa)",
            "(route.mode: ingress or gateway)",
            "(network.egress)",
            "(observability.monitor.kind: pod)",
            "(observability.rules.enabled: true)",
            "(image.digest)",
            "Nobody may call it yet",
            "helm --namespace somewhere test some-release",
        ],
        ["a second pod", "disruption budget", "the NetworkPolicy:", "ATTENTION"],
    ),
    "all is on": (
        QUIET,
        ["https://a.example.com/", "rollout status deployment/shop"],
        ["Not switched on", "Nobody may call"],
    ),
    "one pod": (over(SMALLEST, {"replicas": 1}), ["promised from two on", "(replicas: 2)"], []),
    "one pod at least": (
        over(QUIET, {"autoscaling": {"min": 1}}),
        ["promised from two on", "(autoscaling.min: 2)"],
        [],
    ),
    "no protection": (
        over(SMALLEST, {"network": {"policy": False}, "pdb": {"enabled": False}}),
        ["(network.policy: true)", "(pdb.enabled: true)"],
        ["Nobody may call"],
    ),
    "a store before the move": (
        over(SMALLEST, {"secrets": {"keys": ["TOKEN"], "external": {"store": "aws"}}}),
        ["the SecretStore aws: the secrets are generated (secrets.provider: external)"],
        [],
    ),
    "a balancer": (
        over(SMALLEST, BALANCER),
        [],
        ["a way from outside", "Nobody may call"],
    ),
    "another language": (
        FOREIGN,
        ["(probes.readiness.path)"],
        ["helm --namespace", "observability.rules"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SAID)
def test_the_notes(tool: str, what: str, speaking: Path, tmp_path: Path) -> None:
    values, said, unsaid = SAID[what]
    text = notes(tool, speaking, values, tmp_path)
    assert [part for part in said if part not in text] == []
    assert [part for part in unsaid if part in text] == []
    assert "\n\n\n" not in text
