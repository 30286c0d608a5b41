"""Names and selectors of today beside those of the last release: they never change.

A selector of a Deployment cannot be changed in a cluster; a changed name is another object.
`python -m tests.chart.test_chart_last_release` writes the record anew, at a release.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import EXAMPLES, Object, render_files

RECORD = Path(__file__).with_name("last_release.yaml")


def selectors(o: Object) -> dict[str, Any]:
    """Return what an object selects by, and what it is selected by."""
    spec = o.get("spec", {})
    found = {key: spec[key] for key in ("selector", "podSelector", "scaleTargetRef") if key in spec}
    if o["kind"] == "Deployment":
        found["podLabels"] = spec["template"]["metadata"]["labels"]
        found["containers"] = [c["name"] for c in spec["template"]["spec"]["containers"]]
    return found


def identities() -> dict[str, dict[str, Any]]:
    """Return kind and name of every object of every example, with its selectors."""
    return {
        example.stem: {
            f"{o['apiVersion']} {o['kind']} {o['metadata']['name']}": selectors(o)
            for o in render_files(example)
        }
        for example in EXAMPLES
    }


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what was there and is no more, or is other; what is new is no difference."""
    found = []
    for example, objects in then.items():
        for identity, selected in objects.items():
            if identity not in now.get(example, {}):
                found.append(f"{example}: {identity} is gone")
            elif now[example][identity] != selected:
                found.append(f"{example}: {identity} selects otherwise")
    return found


# What changed on purpose, and why nobody loses by it.
DELIBERATE = {
    r".*: v1 ConfigMap \w+-config-\w+ is gone": "settings stand in the pods' template; old pods"
    " keep the old ConfigMap, a hook that no release ever deletes",
    r"everything: external-secrets.io/v1 ExternalSecret shop is gone": "named by its revision;"
    " the Secret that it made stays",
    r"everything: .* ServiceMonitor shop selects otherwise": "by fewer labels,"
    " as Argo CD overwrites `instance`",
}


def test_nothing_changed_since_the_last_release() -> None:
    then = yaml.safe_load(RECORD.read_text())
    assert sum(map(len, then.values())) >= 50
    found = differences(then, identities())
    assert [one for one in found if not any(re.fullmatch(p, one) for p in DELIBERATE)] == []
    assert all(any(re.fullmatch(p, one) for one in found) for p in DELIBERATE)


def test_a_change_would_be_seen() -> None:
    now = identities()
    then = yaml.safe_load(yaml.safe_dump(now))
    assert differences(then, now) == []
    example = now["smallest"]
    example["apps/v1 Deployment shop"]["selector"] = {"matchLabels": {"app": "shop"}}
    del example["v1 Service shop"]
    assert set(differences(then, now)) == {
        "smallest: v1 Service shop is gone",
        "smallest: apps/v1 Deployment shop selects otherwise",
    }


if __name__ == "__main__":
    head = "# Names and selectors of the last release: tests/chart/test_chart_last_release.py.\n"
    RECORD.write_text(head + yaml.safe_dump(identities()))
