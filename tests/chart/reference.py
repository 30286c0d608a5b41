"""The reference page of the chart's values, made from its schema and its defaults.

`python -m tests.chart.reference` writes docs/chart.md and chart/files/needed.txt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import CHART, EXAMPLES, ROOT

PAGE = ROOT / "docs" / "chart.md"
NEEDED = CHART / "files" / "needed.txt"
# What null may take away although the chart has a default for it.
OPTIONAL = (
    r"replicas|autoscaling|image\.verify|ports\.admin|network\.egress|resources\.\w+\..+"
    r"|.*\.labels\..+"
)
# Blocks without a default whose keys are listed all the same.
SERVERS = ("target.servers", "target.servers.postgres", "target.servers.redis")
OPENED = ("target", *SERVERS, "image.verify.proof")
HEAD = Path(__file__).with_name("reference.md")
Schema = dict[str, Any]
MARK = r"\{\{.*?\}\}|<+[.a-zA-Z]*>+"


def resolve(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its reference followed; its own description wins."""
    found = dict(schema)
    while "$ref" in found or ("allOf" in found and "$ref" in found["allOf"][0]):
        reference = found.pop("$ref", None) or found.pop("allOf")[0]["$ref"]
        place: Any = root
        for step in reference.split("/")[1:]:
            place = place[step]
        found = {**place, **found}
    return found


def kinds(schema: Schema) -> list[str]:
    """Return the types that a schema admits, without the null that takes a value away."""
    told = schema.get("type", [])
    return [kind for kind in ([told] if isinstance(told, str) else told) if kind != "null"]


def needed(defaults: dict[str, Any], at: str = "") -> Iterator[str]:
    """Yield every key with a default that no null may take away."""
    for key, value in defaults.items():
        path = f"{at}.{key}".lstrip(".")
        if not re.fullmatch(OPTIONAL, path):
            yield path
        if isinstance(value, dict):
            yield from needed(value, path)


def code(text: str) -> str:
    """Return text as code inside a table's cell."""
    return "`" + text.replace("|", "\\|") + "`"


def allowed(schema: Schema, root: Schema) -> str:
    """Return in a few words what a value may be."""
    if "enum" in schema:
        return ", ".join(
            code(json.dumps(one)) if one == "" else code(one)
            for one in schema["enum"]
            if one is not None
        )
    words = " or ".join(kinds(schema))
    if "minimum" in schema:
        words += f", {schema['minimum']} to {schema['maximum']}"
    if kinds(schema) == ["string"] and "pattern" in schema:
        words += f", {code(schema['pattern'])}"
    if "patternProperties" in schema and "properties" not in schema:
        (inner,) = schema["patternProperties"].values()
        words = f"map of {' or '.join(kinds(resolve(inner, root)))}s"
        words += f", at most {schema['maxProperties']}"
    if "items" in schema:
        words = f"list of {kinds(resolve(schema['items'], root))[0]}s, at most {schema['maxItems']}"
    return words


def rows(schema: Schema, defaults: Any, root: Schema, at: str = "") -> Iterator[str]:
    """Yield a line of the table for each key."""
    for key, raw in schema["properties"].items():
        inner, place = resolve(raw, root), f"{at}.{key}".lstrip(".")
        default = defaults.get(key) if isinstance(defaults, dict) else None
        description = inner.get("description", "").replace("|", "\\|")
        if (inner.get("properties") and default is not None) or place in OPENED:
            yield f"| **{place}** | {description} | | |"
            yield from rows(inner, default, root, place)
        else:
            shown = "" if default is None else code(json.dumps(default))
            yield f"| {place} | {description} | {shown} | {allowed(inner, root)} |"


def entries(root: Schema) -> Iterator[str]:
    """Yield the tables of what stands inside the maps."""
    for title, name in (
        ("processes", "process"),
        ("ports.more", "port"),
        ("envFrom.configMaps, envFrom.secrets", "envSource"),
        ("routes", "route"),
        ("route.filters", "filter"),
        ("autoscaling.external", "metric"),
        ("autoscaling.objects", "objectMetric"),
        ("autoscaling.triggers", "trigger"),
        ("serviceAccount.rules", "rule"),
        ("sidecars, initContainers", "container"),
        ("the probes of a sidecar", "helperProbe"),
        ("volumes", "volume"),
        ("network.ingress.from", "caller"),
        ("network.egress.to", "destination"),
        ("pod.tolerations", "toleration"),
    ):
        yield f"\n### An entry of {title}\n"
        yield "| key | what it is | default | allowed |\n|---|---|---|---|"
        yield from rows(root["definitions"][name], None, root)


def sentences() -> list[str]:
    """Return the sentences with which the chart refuses wrong combinations, marks and all."""
    files = sorted((CHART / "templates").glob("_validate*.tpl"))
    text = "\n".join(file.read_text() for file in files)
    text = re.sub(r"\{\{/\*.*?\*/\}\}", "", text, flags=re.DOTALL)
    whole = [line for line in text.splitlines() if "fail (" not in line]
    lines = [re.sub(r"(\{\{-? end \}\})+$", "", line) for line in whole]
    prose = [line for line in lines if line[:1] not in "  " and re.sub(MARK, "", line).strip()]
    return [*prose, *dict.fromkeys(row["say"] for row in refusals())]


def refusals() -> list[dict[str, Any]]:
    """Return the rows of the table of refusals."""
    return list(yaml.safe_load((CHART / "files" / "refusals.yaml").read_text()))


def page() -> str:
    """Return the whole page."""
    root = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    lines = [*rows(root, defaults, root), *entries(root), "\n## Examples\n"]
    for example in EXAMPLES:
        told = re.sub(r"^# ", "", example.read_text().splitlines()[0])
        lines.append(f"- [`{example.name}`](../chart/examples/{example.name}): {told}")
    lines.append("\n## Wrong combinations that are refused\n")
    marked = [re.sub(MARK, "…", sentence) for sentence in sentences()]
    lines += [f"- {re.sub('…([./]…)+', '…', sentence)}" for sentence in marked]
    return HEAD.read_text() + "\n".join(lines) + "\n"


if __name__ == "__main__":
    NEEDED.write_text("\n".join(needed(yaml.safe_load((CHART / "values.yaml").read_text()))) + "\n")
    PAGE.write_text(page())
