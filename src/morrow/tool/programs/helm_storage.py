"""What Helm stored of each revision of a release: manifest, values and chart, in one look.

`helm get` reads one revision a call and cannot give the chart back; the storage holds it all.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Json
from morrow.tool.programs.helm import Revision
from morrow.tool.programs.kubectl import Kubectl

Record = dict[str, Any]


def records(kubectl: Kubectl, release: str) -> dict[int, Record]:
    """Return every revision that Helm holds, by its number."""
    label = f"owner=helm,name={release}"
    records: dict[int, Record] = {}
    for secret in kubectl.list("secrets", label):
        record = _unpacked(secret, kubectl)
        records[int(record["version"])] = record
    return records


def _unpacked(secret: Json, kubectl: Kubectl) -> Record:
    """Return what a Secret of Helm holds; raise where it is no record, for Helm too."""
    name = secret["metadata"]["name"]
    try:
        packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
        record: Record = json.loads(gzip.decompress(packed))
        int(record["version"])
    except (ValueError, KeyError, TypeError, EOFError, OSError, zlib.error) as wrong:
        cause = f"it holds no record of a release ({type(wrong).__name__}: {wrong})"
        where = f"Secret {name}"
        broken = problem("release-record-broken", where, cause, kubectl=kubectl.typed, what=name)
        raise Failure(broken, refused=True) from None
    return record


def manifest_of(record: Record) -> str:
    """Return the manifest and the hooks of a revision."""
    hooks = (hook["manifest"] for hook in record.get("hooks") or [])
    return "\n---\n".join([record["manifest"], *hooks])


def revision_of(record: Record) -> Revision:
    """Return the line that `helm history` has for a revision."""
    info, chart = record["info"], (record.get("chart") or {}).get("metadata") or {}
    return Revision(
        number=int(record["version"]),
        status=info["status"],
        chart=f"{chart.get('name')}-{chart.get('version')}",
        description=info.get("description") or "",
        updated=info.get("last_deployed") or "",
    )


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
