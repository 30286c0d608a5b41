"""A day of good load at three rates fires no alert; the same day with a fault in it does."""

from __future__ import annotations

import random
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from tests.chart.alert_cases import HISTOGRAM, OTHER, POD, WORKER, kube, memory, responses
from tests.chart.promtool import groups, inputs, unit_test

SAMPLES = 24 * 30  # one in two minutes
FAILS = 0.0004  # of 0.001 that are promised
SLOW = 0.02  # of 0.05
FIRING = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1d]))'
RATES = [0.1, 10.0, 300.0]


def counted(chance: random.Random, mean: float) -> int:
    """Return how many of independent events happen, when `mean` are expected."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    return sum(1 for _ in range(round(mean * 100)) if chance.random() < 0.01)


def counter(values: list[int]) -> str:
    """Return a counter as promtool reads it: a value for each sample."""
    return " ".join(map(str, accumulate(values)))


def restarted(values: list[int], at: int) -> str:
    """Return the same of a pod that is replaced in a rollout: its count begins anew."""
    return f"{counter(values[:at])} {counter([0, *values[at + 1 :]])}"


def day(rate: float, fails: float = FAILS) -> dict[str, str]:
    """Return 24 hours of one service: noise, a rollout, a deep night, a worker and a cron."""
    chance = random.Random(f"{rate}")  # noqa: S311 - load, the same each time
    mean = [rate * 120 * (0.3 if sample < SAMPLES / 4 else 1) for sample in range(SAMPLES)]
    failed = [counted(chance, one * fails) for one in mean]
    good = [counted(chance, one) for one in mean]
    slow = [counted(chance, one * SLOW) for one in good]
    counts = {
        "0.5": [all_ - late for all_, late in zip(good, slow, strict=True)], "+Inf": good
    }  # fmt: skip
    at = SAMPLES // 2
    series = dict(responses(restarted(failed, at), restarted(good, at)))
    for le, values in counts.items():
        series[f'{HISTOGRAM}_bucket{{{POD},le="{le}"}}'] = restarted(values, at)
    series[f"{HISTOGRAM}_count{{{POD}}}"] = restarted(good, at)
    series |= dict(memory(70))
    series |= kube("deployment", spec_replicas=2, status_replicas_available=f"2x{at} 1x3 2x{at}")
    series |= kube("hpa", status_current_replicas="2x200 9x10 4x600", spec_max_replicas=9)
    series |= kube("hpa", spec_min_replicas=2)
    blocked = f"1x{at} 0x5 1x{at}"
    series |= kube("pdb", status_pod_disruptions_allowed=blocked, status_expected_pods=2)
    hours = " ".join(str((sample // 30 + 1) * 3600) for sample in range(SAMPLES))
    series |= kube("cronjob", "shop-night", next_schedule_time=hours, spec_suspend=0)
    waits = " ".join(str(max(0, counted(chance, 2) - 1)) for _ in range(SAMPLES))
    constant = {
        f"morrow_threads{{{POD}}}": 8, f"morrow_info{{{POD}}}": 1, f"morrow_info{{{WORKER}}}": 1,
        f"up{{{POD}}}": 1, f"up{{{OTHER}}}": 1, f'morrow_check_up{{{POD},check="database"}}': 1,
        'kube_secret_created{namespace="somewhere",secret="shop-1"}': 0,
        f"kube_pod_container_status_restarts_total{{{POD}}}": 1,
    }  # fmt: skip
    busy = " ".join(str(min(8, counted(chance, min(rate * 0.03, 4)))) for _ in range(SAMPLES))
    series |= {name: f"{value}x{SAMPLES}" for name, value in constant.items()}
    series |= {f'morrow_pool{{{POD},pool="database"}}': f"10x{SAMPLES}"}
    series |= {f'morrow_pool_busy{{{POD},pool="database"}}': busy}
    return series | {f"shop_tasks_waiting{{{POD}}}": waits, f"morrow_threads_busy{{{POD}}}": busy}


def fired(*names: str, until: str = "24h") -> dict[str, Any]:
    """Return the question which alerts fired in the day, and the answer."""
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in names]
    return {"expr": FIRING, "eval_time": until, "exp_samples": samples}


@pytest.mark.parametrize("rate", RATES)
def test_a_day_of_good_load_calls_nobody(tmp_path: Path, rate: float) -> None:
    test = {"input_series": inputs(day(rate)), "promql_expr_test": [fired()]}
    assert unit_test(groups(), [test], tmp_path, interval="2m") == ""


def test_a_day_with_faults_does(tmp_path: Path) -> None:
    """The control: the same question over the same day finds what fired."""
    series = day(10.0, fails=0.008) | {f"morrow_threads_busy{{{POD}}}": f"1x60 8x30 1x{SAMPLES}"}
    names = ("ErrorBudgetBurns", "ErrorBudgetBurnsSlowly", "ErrorBudgetWillRunOut", "ThreadsBusy")
    test = {"input_series": inputs(series), "promql_expr_test": [fired(*names, until="6h")]}
    assert unit_test(groups(), [test], tmp_path, interval="2m") == ""
