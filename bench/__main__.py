"""Measure every promise about speed: `python -m bench [--quick]`.

Ratios within one run, medians of rounds: numbers from two machines cannot be compared.
The exit code is 0 when all was measured; a bound that is not met is said, not hidden.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from bench import chart, contract, in_process, many, tool
from bench.load import answered
from bench.servers import cpu_seconds, family, proportional_memory, server, variant
from tests.ports import free_port

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    measure: str
    value: float
    unit: str
    bound: str
    met: bool | None
    spread: str
    on_37_us: float | None = None
    """The value where a Flask request takes 37 us: shown, and judged by nothing."""


def at_most(measure: str, values: list[float], bound: float, unit: str) -> Row:
    """Return the row of a cost."""
    value = median(values)
    spread = in_process.spread(values)
    return Row(measure, round(value, 3), unit, f"<= {bound:g}", value <= bound, spread)


def at_least(measure: str, values: list[float], bound: float) -> Row:
    """Return the row of a ratio."""
    value = median(values)
    spread = in_process.spread(values)
    return Row(measure, round(value, 3), "x", f">= {bound:g}", value >= bound, spread)


def shown(measure: str, values: list[float], unit: str) -> Row:
    """Return the row of what has no bound."""
    return Row(measure, round(median(values), 3), unit, "", None, in_process.spread(values))


def throughput(rounds: int, seconds: float) -> list[Row]:
    """Measure all servers in turn, round by round, so that noise meets all alike.

    Requests for each second of one core that the server had: on a machine of one's own that
    is requests a second; on a busy one it stays the same.
    """
    names = ("morrow", "morrow-quiet", "granian", "flask", "waitress")
    measured: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            port = free_port()
            command, env = variant(name, port)
            with server(command, port, **env) as (pid, _):
                answered(port, seconds / 4)
                pids = family(pid)
                before = cpu_seconds(pids)
                done = answered(port, seconds)
                measured[name].append(done / (cpu_seconds(pids) - before))

    def ratios(one: str, other: str) -> list[float]:
        return [a / b for a, b in zip(measured[one], measured[other], strict=True)]

    return [
        at_least("hello / beside plain Granian", ratios("morrow", "granian"), 0.85),
        shown("the same with access lines off", ratios("morrow-quiet", "granian"), "x"),
        at_least("beside Flask's server with exporter", ratios("morrow", "flask"), 3.5),
        at_least("beside waitress with prometheus_client", ratios("morrow", "waitress"), 1.6),
    ]


def with_many_connections(rounds: int, seconds: int) -> list[Row]:
    """Measure beside plain Granian and uvicorn, on one core and on all."""
    rows = []
    for one in many.ratios(rounds, seconds):
        rows.append(at_least(one.what, one.cpu, 0.95))
        if "all cores" in one.what:
            rows.append(shown(f"{one.what}, a second", one.rate, "x"))
    return rows


def start_and_memory(rounds: int) -> list[Row]:
    """Measure the time to the first 200 and the memory after some load."""
    more, memory = [], []
    for _ in range(rounds):
        took = {}
        for name in ("granian", "morrow"):
            port = free_port()
            command, env = variant(name, port)
            with server(command, port, **env) as (pid, seconds):
                took[name] = seconds * 1e3
                if name == "morrow":
                    answered(port, 0.5)
                    memory.append(proportional_memory(pid))
        more.append(took["morrow"] - took["granian"])
    return [
        at_most("start to first 200, beside plain Granian", more, 40, "ms"),
        at_most("memory of one service (PSS)", memory, 55, "MiB"),
    ]


def scaled(row: Row) -> Row:
    """Add what the value would be where a Flask request takes 37 us."""
    return replace(row, on_37_us=round(row.value * 37 / median(in_process.flask()), 3))


def in_one_process() -> list[Row]:
    """Measure what needs no socket."""
    milliseconds, mebibytes = in_process.importing()
    names = in_process.importing("from morrow import Secret, Service, Settings, setting")
    return [
        shown("a Flask request, for comparison", in_process.flask(), "us"),
        scaled(at_most("the middleware, in process", in_process.middleware(), 6, "us")),
        scaled(shown("an access line, when one is written", in_process.middleware_logs(), "us")),
        scaled(at_most("a scrape with 100 label sets", in_process.scrape(100), 1, "ms")),
        scaled(at_most("a scrape with 1,000 label sets", in_process.scrape(1000), 7, "ms")),
        scaled(at_most("tracing off", in_process.tracing_off(), 0.2, "us")),
        scaled(at_most("tracing, unsampled", in_process.tracing("always_off"), 10, "us")),
        scaled(at_most("tracing, sampled", in_process.tracing("always_on"), 30, "us")),
        scaled(at_most("import morrow", milliseconds, 15, "ms")),
        at_most("import morrow, memory", mebibytes, 2, "MiB"),
        scaled(shown("import of the names a service uses", names[0], "ms")),
    ]


def the_tool(rounds: int) -> list[Row]:
    """Measure how fast the command line speaks."""
    took = tool.starts(rounds)
    return [
        shown("python -c pass", took["python -c pass"], "ms"),
        at_most("morrow --help", took["morrow --help"], 100, "ms"),
        at_most("morrow up --help", took["morrow up --help"], 80, "ms"),
        at_most("morrow plan, first output", took["morrow plan"], 100, "ms"),
    ]


def the_chart(rounds: int) -> list[Row]:
    """Measure how long the chart's largest example takes to render."""
    (bare, version), (largest, template) = chart.renders(rounds).items()
    return [shown(bare, version, "ms"), at_most(largest, template, 500, "ms")]


def the_contract(rounds: int) -> list[Row]:
    """Measure what a service promises about its probes and its ends."""
    promises: dict[str, tuple[float, Callable[[], float]]] = {
        "slowest probe while threads sleep": (50, lambda: contract.slowest_probe("/sleep")),
        "slowest probe while threads burn": (500, lambda: contract.slowest_probe("/burn")),
        "SIGTERM to not ready": (100, contract.until_not_ready),
        "a factory that raises, to the end": (2000, contract.until_a_failed_start_ends),
    }
    return [
        at_most(name, [once() for _ in range(rounds)], bound, "ms")
        for name, (bound, once) in promises.items()
    ]


def main() -> int:
    """Measure, print the table and write it down."""
    quick = "--quick" in sys.argv
    parts: list[Callable[[], list[Row]]] = [
        in_one_process,
        lambda: the_tool(3 if quick else 9),
        lambda: the_chart(3 if quick else 9),
        lambda: the_contract(2 if quick else 5),
        lambda: start_and_memory(2 if quick else 5),
        lambda: throughput(2 if quick else 5, 1.0 if quick else 2.0),
        lambda: with_many_connections(2 if quick else 5, 1 if quick else 3),
    ]
    rows = []
    for part in parts:
        for row in part():
            rows.append(row)
            verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
            print(
                f"{row.measure:59} {row.value:9.3f} {row.unit:4} {row.bound:8} {verdict:8}"
                f" ({row.spread})"
                + (f"  [{row.on_37_us:g} where Flask takes 37 us]" if row.on_37_us else ""),
                flush=True,
            )
    RESULTS.mkdir(exist_ok=True)
    about = {"python": platform.python_version(), "system": platform.system(), "quick": quick}
    result = {"about": about, "rows": [asdict(row) for row in rows]}
    (RESULTS / "latest.json").write_text(json.dumps(result, indent=1) + "\n")
    missed = [row.measure for row in rows if row.met is False]
    print(f"{sum(row.met is True for row in rows)} bounds met, {len(missed)} not: {missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
