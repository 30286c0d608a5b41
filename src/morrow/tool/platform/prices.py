"""The month's price of a platform: its sizing by a dated table of prices.

How others use it:

    table = PriceTable.read(file)                  # None: the one that comes with the tool
    month = table.month(Sizing.read(output), today)
    month.total, month.lines, month.missing, month.uncertain
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.platform import support

SCHEMA = 1  # of the output `sizing`
OWN = Path(__file__).with_name("prices.toml")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Sizing:
    """What is counted, by a root's output `sizing`; all of it comes from the root's inputs."""

    counts: Mapping[str, Any]  # the output itself
    nodes: Mapping[str, int]  # by instance type
    usage: Mapping[str, float]  # what is expected in a month

    @classmethod
    def read(cls, raw: object) -> Sizing:
        """Read the output; refuse one that this tool does not know."""
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
            found = raw.get("schema") if isinstance(raw, dict) else None
            cause = f"its output `sizing` has schema {found}, this tool reads {SCHEMA}"
            raise Failure(problem("platform-output", "sizing", cause, output="sizing"))
        usage, compute = dict(raw.get("usage") or {}), raw["compute"]
        nodes = Counter[str](usage.pop("nodes", None) or {})
        if compute.get("instance_type") and compute.get("nodes"):
            nodes[compute["instance_type"]] += compute["nodes"]
        return cls(raw, nodes, {name: float(amount or 0) for name, amount in usage.items()})

    @property
    def kubernetes(self) -> str:
        """The version of its cluster."""
        return str(self.counts["kubernetes_version"])


@dataclass(frozen=True)
class Line:
    """What one thing costs in a month."""

    what: str
    amount: Decimal | None  # None: the table has no price for it
    uncertain: bool

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        amount = None if self.amount is None else float(self.amount)
        return {"what": self.what, "usd": amount, "uncertain": self.uncertain}


@dataclass(frozen=True)
class Month:
    """What a platform costs in a month."""

    dated: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """The sum of what has a price, each line rounded to the cent."""
        return sum((line.amount for line in self.lines if line.amount is not None), Decimal(0))

    @property
    def missing(self) -> tuple[str, ...]:
        """What has no price: the total is at least what it says."""
        return tuple(line.what for line in self.lines if line.amount is None)

    @property
    def uncertain(self) -> bool:
        """Whether a price in it was not read in AWS's own list."""
        return any(line.uncertain for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "usd": float(self.total),
            "prices_dated": self.dated,
            "lines": [line.as_json() for line in self.lines],
            "missing": list(self.missing),
        }


@dataclass(frozen=True)
class PriceTable:
    """The prices of some regions."""

    raw: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path | None = None) -> PriceTable:
        """Read a table; refuse what is none."""
        path = file or OWN
        try:
            raw = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise _invalid(path, str(wrong)) from None
        for key, kind in (("dated", str), ("hours", int), ("auto_mode_fee", float)):
            if not isinstance(raw.get(key), kind):
                raise _invalid(path, f"{key} is missing or of another type")
        for region, table in raw.items():
            if isinstance(table, dict):
                _require_numbers(path, region, table)
        return cls(raw)

    def month(self, sizing: Sizing, today: date, kinds: Iterable[str] = ()) -> Month:
        """Return the price of a month; `kinds` of resources that nothing here counts are named."""
        own = tomllib.loads(OWN.read_text())["known"]
        others = Counter(kind for kind in kinds if kind.startswith("aws_") and kind not in own)
        named = [Line(f"{count} {kind}", None, False) for kind, count in sorted(others.items())]
        region = self.raw.get(sizing.counts["region"])
        if not isinstance(region, dict):
            named.append(Line(f"everything in {sizing.counts['region']}", None, False))
            return Month(self.raw["dated"], tuple(named))
        lines = (*_Sum(self.raw, region, sizing, today).lines(), *named)
        return Month(self.raw["dated"], lines)


@dataclass(frozen=True)
class _Sum:
    raw: Mapping[str, Any]
    region: Mapping[str, Any]
    sizing: Sizing
    today: date

    def lines(self) -> Iterator[Line]:
        """Yield every line that is not zero."""
        for line in self._all():
            if line.amount is None or line.amount:
                yield line

    def _all(self) -> Iterator[Line]:
        sizing, hours, line = self.sizing, self.raw["hours"], self._line
        counts, used = sizing.counts, defaultdict(float, sizing.usage)
        over = support.over(sizing.kubernetes, self.today)
        plane = "extended_support" if over else "control_plane"
        yield line(f"control plane, Kubernetes {sizing.kubernetes}", {plane: hours})
        for kind, count in sorted(sizing.nodes.items()):
            yield self._nodes(kind, count)
        disks = float(counts["compute"].get("disk_gb") or 0) * sum(sizing.nodes.values())
        yield line(f"{disks:g} GB of nodes' disks", {"disk_gb": disks})
        nat, zones = counts["nat_gateways"], counts["zones"]
        each = {"nat_hour": nat * hours, "address_hour": nat * hours, "nat_gb": used["nat_gb"]}
        yield line(f"{nat} NAT, {used['nat_gb']:g} GB through", each)
        ends = counts["endpoints"] * zones
        each = {"endpoint_hour": ends * hours, "endpoint_gb": used["endpoint_gb"]}
        yield line(f"{counts['endpoints']} interface endpoints in {zones} zones", each)
        balancers, units = used["load_balancers"], used["load_balancer_units"]
        each = {
            "balancer_hour": balancers * hours,
            "address_hour": balancers * zones * hours,
            "balancer_unit_hour": units * hours,
        }
        yield line(f"{balancers:g} load balancers, {units:g} units", each)
        yield line(f"{counts['keys']} keys", {"key": counts["keys"]})
        yield line(f"{counts['secrets']} secrets", {"secret": counts["secrets"]})
        yield line(f"{counts['hosted_zones']} DNS zones", {"zone": counts["hosted_zones"]})
        yield line(f"{used['image_gb']:g} GB of images", {"image_gb": used["image_gb"]})
        yield line(f"{used['log_gb']:g} GB of logs", {"log_gb": used["log_gb"]})
        if (rules := counts.get("waf_rules")) is not None:
            asked = used["million_requests"]
            each = {"firewall": 1, "firewall_rule": rules, "firewall_million": asked}
            yield line(f"firewall, {rules} rules, {asked:g} million requests", each)
        yield line(f"{used['out_gb']:g} GB to the internet", {"out_gb": used["out_gb"]})
        crossed = used["cross_zone_gb"]
        yield line(f"{crossed:g} GB between zones", {"cross_zone_gb": crossed})

    def _line(self, label: str, parts: Mapping[str, float]) -> Line:
        wanted = {name: amount for name, amount in parts.items() if amount}
        if any(name not in self.region for name in wanted):
            return Line(label, None, False)
        each = (_number(amount) * _number(self.region[name]) for name, amount in wanted.items())
        unsure = {*self.region.get("uncertain", [])}
        return Line(label, _cents(sum(each, Decimal(0))), not unsure.isdisjoint(wanted))

    def _nodes(self, kind: str, count: int) -> Line:
        auto_mode = self.sizing.counts["compute"]["mode"] == "auto_mode"
        what = f"{count} of {kind}" + (" with Auto Mode's fee" if auto_mode else "")
        price = self.region.get("instance", {}).get(kind)
        if price is None:
            return Line(what, None, False)
        fee = 1 + _number(self.raw["auto_mode_fee"]) if auto_mode else Decimal(1)
        whole = count * _number(price) * self.raw["hours"] * fee
        return Line(what, _cents(whole), kind in self.region.get("uncertain", []))


def _number(value: float) -> Decimal:
    return Decimal(str(value))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _require_numbers(file: Path, region: str, table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if name == "instance" and isinstance(value, dict):
            _require_numbers(file, f"{region}.instance", value)
        elif name == "uncertain":
            continue
        elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise _invalid(file, f"{region}.{name} is no price")


def _invalid(file: Path, cause: str) -> Failure:
    return Failure(problem("platform-prices", str(file), cause, file=str(file)))
