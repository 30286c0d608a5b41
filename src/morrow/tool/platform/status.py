"""Say what a platform is: its cluster, its Kubernetes and how long that is supported."""

from __future__ import annotations

from datetime import date
from typing import Any

from morrow.tool.base.outcome import Outcome
from morrow.tool.platform import support
from morrow.tool.platform.roots import Platform
from morrow.tool.programs.aws import Aws


def status(platform: Platform, today: date) -> Outcome:
    """Ask the state, then the account."""
    found = platform.output("platform")
    if not isinstance(found, dict):
        text = f"{platform.name}: nothing was made by {platform.root}"
        return Outcome(text, {"platform": platform.name, "made": False}, ok=False)
    aws, name = Aws(found["aws"]["region"]), found["cluster"]["name"]
    cluster = aws.cluster(name)
    data: dict[str, Any] = {
        "platform": platform.name,
        "made": True,
        "account": found["aws"]["account"],
        "region": found["aws"]["region"],
        "cluster": name,
        "status": cluster["status"] if cluster else "GONE",
        "kubernetes": cluster["version"] if cluster else found["cluster"]["version"],
        "endpoint": found["cluster"]["server"],
        "compute": found["compute"]["mode"],
        "services": sorted(found["services"]),
    }
    version = data["kubernetes"]
    ends = aws.support_ends(version) or str(support.ends().get(version, ""))
    data["standard_support_ends"] = ends or None
    rows = [f"{key.replace('_', ' '):<22} {_text(value)}" for key, value in data.items()]
    warning = support.warning(version, today)
    if warning:
        rows.append(f"warning: {warning}")
    return Outcome("\n".join(rows), data, ok=data["status"] == "ACTIVE")


def _text(value: Any) -> str:  # noqa: ANN401 - a line's value
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "not known" if value is None else str(value)
