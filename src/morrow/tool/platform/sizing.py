"""What a platform is made of, as the output `sizing` says: the price's only source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Failure, problem

SCHEMA = 1


@dataclass(frozen=True)
class Sizing:
    """What is counted; all of it comes from a root's inputs."""

    region: str
    kubernetes: str
    auto_mode: bool
    nodes: Mapping[str, int]  # by instance type
    disks_gb: float
    zones: int
    nat_gateways: int
    endpoints: int
    keys: int
    secrets: int
    hosted_zones: int
    waf_rules: int | None
    usage: Mapping[str, float]

    @classmethod
    def read(cls, raw: object) -> Sizing:
        """Read the output; refuse one that this tool does not know."""
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            found = raw.get("schema") if isinstance(raw, dict) else None
            cause = f"its output `sizing` has schema {found}, this tool reads {SCHEMA}"
            raise Failure(problem("platform-output", "sizing", cause, output="sizing"))
        compute: dict[str, Any] = raw["compute"]
        usage: dict[str, Any] = dict(raw.get("usage") or {})
        extra: Mapping[str, int] = usage.pop("nodes", None) or {}
        nodes = {name: int(count) for name, count in extra.items()}
        if compute.get("instance_type") and compute.get("nodes"):
            kind = compute["instance_type"]
            nodes[kind] = nodes.get(kind, 0) + int(compute["nodes"])
        return cls(
            region=raw["region"],
            kubernetes=raw["kubernetes_version"],
            auto_mode=compute["mode"] == "auto_mode",
            nodes=nodes,
            disks_gb=float(compute.get("disk_gb") or 0) * sum(nodes.values()),
            zones=int(raw["zones"]),
            nat_gateways=int(raw["nat_gateways"]),
            endpoints=int(raw["endpoints"]),
            keys=int(raw["keys"]),
            secrets=int(raw["secrets"]),
            hosted_zones=int(raw["hosted_zones"]),
            waf_rules=raw.get("waf_rules"),
            usage={name: float(amount or 0) for name, amount in usage.items()},
        )

    def used(self, name: str) -> float:
        """Return what is expected in a month; what nobody said is 0."""
        return self.usage.get(name, 0)
