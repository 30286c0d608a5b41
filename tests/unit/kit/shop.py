"""Settings of a shop, with a field of each kind."""

from __future__ import annotations

from typing import Literal

from morrow import Duration, Secret, Settings, Size, Url, setting
from morrow.kit.settings.loading import judge


class Shop(Settings):
    """What the shop reads.

    More that no schema needs.
    """

    token: Secret = setting(example="abc")
    url: Url = setting(Url("https://api.example.com"), help="The API.")
    count: int = setting(10, minimum=1, maximum=99)
    ratio: float = setting(0.5, maximum=1)
    wait: Duration = setting(Duration(30), minimum=1)
    size: Size = Size(1024)
    level: Literal["low", "high"] = "low"
    step: Literal[1, 2] = 1
    flag: bool = False
    names: list[str] = setting([])
    numbers: list[int] = setting([], maximum=9)
    note: str = setting("", empty=True)
    extra: str | None = None
    risky: bool = setting(False, unprotected_only=True)


def problems(**environ: str) -> dict[str, str]:
    return {one.variable: one.message for one in judge(Shop, {"TOKEN": "t"} | environ)[1]}


GOOD: list[tuple[str, str, object]] = [
    ("COUNT", "99", 99),
    ("COUNT", "+5", 5),
    ("RATIO", "1e-1", 0.1),
    ("RATIO", ".5", 0.5),
    ("WAIT", "1500ms", 1.5),
    ("WAIT", "2h", 7200.0),
    ("WAIT", "1d", 86400.0),
    ("WAIT", "5", 5.0),
    ("SIZE", "10MiB", 10 * 1024**2),
    ("SIZE", "10MB", 10_000_000),
    ("SIZE", "0", 0),
    ("LEVEL", "high", "high"),
    ("STEP", "2", 2),
    ("FLAG", "TRUE", True),
    ("FLAG", "off", False),
    ("NAMES", "a, b,,c", ["a", "b", "c"]),
    ("NUMBERS", "1,2", [1, 2]),
    ("NOTE", "", ""),
    ("EXTRA", "x", "x"),
    ("EXTRA", "", None),
    ("URL", "http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("COUNT", "", 10),
]
