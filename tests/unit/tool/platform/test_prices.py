"""A month's price: three sizes by hand, to the cent, and what a table lacks."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.platform import support
from morrow.tool.platform.prices import OWN, PriceTable, Sizing

REPOSITORY = Path(__file__).resolve().parents[4]
TODAY = date(2026, 11, 28)


def sizing(**given: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "region": "us-east-1",
        "kubernetes_version": "1.36",
        "compute": {
            "mode": "managed_nodes",
            "instance_type": "t4g.medium",
            "nodes": 2,
            "disk_gb": 50,
        },
        "zones": 2,
        "nat_gateways": 1,
        "endpoints": 0,
        "keys": 2,
        "secrets": 6,
        "hosted_zones": 1,
        "waf_rules": None,
        "usage": {
            "nodes": {},
            "load_balancers": 1,
            "nat_gb": 20,
            "log_gb": 5,
            "image_gb": 5,
            "out_gb": 10,
        },
        **given,
    }


PROD = sizing(
    compute={"mode": "managed_nodes", "instance_type": "m7g.large", "nodes": 6, "disk_gb": 50},
    zones=3,
    nat_gateways=3,
    waf_rules=4,
    usage={
        "load_balancers": 1,
        "load_balancer_units": 2,
        "nat_gb": 300,
        "log_gb": 60,
        "image_gb": 50,
        "out_gb": 500,
        "cross_zone_gb": 1000,
        "million_requests": 50,
    },
)
LARGE = sizing(
    region="eu-west-1",
    compute={"mode": "karpenter", "instance_type": "m7g.large", "nodes": 3, "disk_gb": 50},
    zones=3,
    nat_gateways=3,
    endpoints=6,
    secrets=12,
    waf_rules=5,
    usage={
        "nodes": {"m7g.2xlarge": 20},
        "load_balancers": 2,
        "load_balancer_units": 12,
        "nat_gb": 3000,
        "log_gb": 400,
        "image_gb": 100,
        "out_gb": 5000,
        "cross_zone_gb": 4000,
        "million_requests": 600,
    },
)

# Each line worked out by hand from the list, half a cent up.
SIZES: dict[str, tuple[dict[str, Any], str, str]] = {
    "dev": (
        sizing(),
        # 730 x 0.10 · 2 x 730 x 0.0336 · 100 x 0.08 · 730 x 0.05 + 20 x 0.045
        # 730 x (0.0225 + 2 x 0.005) · 2 · 6 x 0.40 · 0.50 · 5 x 0.10 · 5 x 0.50 · 10 x 0.09
        "73.00 49.06 8.00 37.40 23.73 2.00 2.40 0.50 0.50 2.50 0.90",
        "199.99",
    ),
    "prod": (
        PROD,
        # 6 x 730 x 0.0816 · 300 x 0.08 · 3 x 730 x 0.05 + 300 x 0.045
        # 730 x (0.0225 + 3 x 0.005) + 2 x 5.84 · … · 60 x 0.50 · 5 + 4 + 50 x 0.60
        "73.00 357.41 24.00 123.00 39.06 2.00 2.40 0.50 5.00 30.00 39.00 45.00 20.00",
        "760.37",
    ),
    "large": (
        LARGE,
        # 20 x 730 x 0.3643 · 3 x 730 x 0.0911 · 23 x 50 x 0.088 · 3 x 730 x 0.053 + 3000 x 0.048
        # 18 x 730 x 0.011 · 2 x 730 x 0.0252 + 6 x 730 x 0.005 + 12 x 5.84 · …
        "73.00 5318.78 199.51 101.20 260.07 144.54 128.77 2.00 4.80 0.50 10.00 228.00 370.00"
        " 450.00 80.00",
        "7371.17",
    ),
}


@pytest.mark.parametrize("size", SIZES)
def test_a_size_costs_what_the_hand_says(size: str) -> None:
    raw, lines, total = SIZES[size]
    month = PriceTable.read().month(Sizing.read(raw), TODAY)
    assert [str(line.amount) for line in month.lines] == lines.split()
    assert month.total == Decimal(total)
    assert month.missing == ()


def test_auto_mode_asks_a_fee_on_its_nodes() -> None:
    raw = PROD | {"compute": PROD["compute"] | {"mode": "auto_mode"}}
    month = PriceTable.read().month(Sizing.read(raw), TODAY)
    assert month.total - Decimal("760.37") == Decimal("400.30") - Decimal("357.41")


def test_a_version_out_of_support_costs_six_times() -> None:
    old = Sizing.read(sizing(kubernetes_version="1.33"))
    month = PriceTable.read().month(old, TODAY)
    assert month.total - Decimal("199.99") == Decimal("365.00")
    before = PriceTable.read().month(old, date(2026, 7, 29))
    assert before.total == Decimal("199.99")


def test_what_the_table_lacks_is_said_not_taken_for_nothing() -> None:
    raw = sizing(compute={"mode": "managed_nodes", "instance_type": "x9.huge", "nodes": 1})
    month = PriceTable.read().month(Sizing.read(raw), TODAY)
    assert month.missing == ("1 of x9.huge",)
    nowhere = PriceTable.read().month(Sizing.read(sizing(region="mars-1")), TODAY)
    assert nowhere.missing == ("everything in mars-1",)


def test_a_resource_that_nothing_counts_is_named() -> None:
    made = ["aws_db_instance", "aws_vpc", "aws_db_instance", "terraform_data", "helm_release"]
    month = PriceTable.read().month(Sizing.read(sizing()), TODAY, made)
    assert month.missing == ("2 aws_db_instance",)
    assert month.total == Decimal("199.99")


def test_every_resource_of_a_platform_is_counted_or_free() -> None:
    text = "".join(file.read_text() for file in REPOSITORY.glob("terraform/*/*/*.tf"))
    made = re.findall(r'^resource "(\w+)"', text, re.MULTILINE)
    assert len(made) > 60
    assert PriceTable.read().month(Sizing.read(sizing()), TODAY, made).missing == ()


def test_a_price_that_is_uncertain_is_marked() -> None:
    lines = PriceTable.read().month(Sizing.read(sizing()), TODAY).lines
    marked = {line.what for line in lines if line.uncertain}
    assert marked == {"2 keys", "6 secrets", "1 DNS zones", "5 GB of images"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dated = 1", "dated"),
        ("no toml", "Expected"),
        ('dated = "x"\nhours = 730\nauto_mode_fee = 0.1\n[a]\nkey = "1"', "a.key is no price"),
        ('dated = "x"\nhours = 730\nauto_mode_fee = 0.1\n[a]\nkey = -1', "a.key is no price"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(Failure, match=said):
        PriceTable.read(file)


def test_another_table_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(OWN.read_text().replace("control_plane = 0.10", "control_plane = 0.20"))
    month = PriceTable.read(file).month(Sizing.read(sizing()), TODAY)
    assert month.total == Decimal("272.99")


def test_a_sizing_of_another_age_is_refused() -> None:
    with pytest.raises(Failure, match="schema 2"):
        Sizing.read(sizing(schema=2))


def test_support_that_ends_is_said_with_its_day() -> None:
    assert "leaves standard support on 2026-12-02" in support.warning("1.34", TODAY)
    assert "left standard support on 2026-07-29" in support.warning("1.33", TODAY)
    assert support.warning("1.35", TODAY) == ""
    assert "2027-03-27" in support.warning("1.35", date(2027, 2, 1))
    assert support.warning("1.36", TODAY) == ""
