"""What Helm stored of each revision of a release: manifest, values and chart, in one look.

`helm get` reads one revision a call and cannot give the chart back; the storage holds it all.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from morrow.tool.programs.kubectl import Kubectl

Record = dict[str, Any]


def records(kubectl: Kubectl, release: str) -> dict[int, Record]:
    """Return every revision that Helm holds, by its number."""
    label = f"owner=helm,name={release}"
    found: dict[int, Record] = {}
    for secret in kubectl.json("get", "secrets", "-l", label)["items"]:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        record: Record = json.loads(gzip.decompress(packed))
        found[int(record["version"])] = record
    return found


def manifests(kubectl: Kubectl, release: str) -> dict[int, str]:
    """Return the manifest and the hooks of every revision."""
    return {
        number: "\n".join([record["manifest"], *(h["manifest"] for h in record.get("hooks") or [])])
        for number, record in records(kubectl, release).items()
    }


def write_chart(record: Record, folder: Path) -> Path:
    """Write the chart of a revision as files, as it was deployed."""
    chart = record["chart"]
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML: no writer of YAML can change what was stored.
    (folder / "Chart.yaml").write_text(json.dumps(chart["metadata"], indent=2))
    (folder / "values.yaml").write_text(json.dumps(chart.get("values") or {}, indent=2))
    if chart.get("schema"):
        (folder / "values.schema.json").write_bytes(base64.b64decode(chart["schema"]))
    for entry in [*(chart.get("templates") or []), *(chart.get("files") or [])]:
        file = folder / entry["name"]
        if not file.resolve().is_relative_to(folder.resolve()):
            continue  # a chart's own names never lead out of it
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(entry["data"]))
    return folder
