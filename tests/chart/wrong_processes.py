"""Wrong combinations about processes: workers, jobs and cron jobs beside the service."""

from __future__ import annotations

from tests.chart.rendering import Values
from tests.chart.wrong_network import GATEWAY


def process(**entry: object) -> Values:
    return {"processes": {"p": {"command": ["x"], **entry}}}


# As in test_chart_refusals: what is right, what is wrong over it, and what must be said.
WRONG_PROCESSES: list[tuple[Values, Values, str]] = [
    ({}, {"job": {"command": ["x"]}}, "job has moved: write processes: {job: {kind: job"),
    ({}, {"web": {"enabled": False}}, "web.enabled is false, and processes is empty"),
    (
        process(kind="worker"),
        {**GATEWAY, "web": {"enabled": False}},
        "route.mode is gateway, and web.enabled is false",
    ),
    (
        process(kind="worker"),
        {"autoscaling": {"mode": "hpa"}, "web": {"enabled": False}},
        "autoscaling.mode is hpa, and web.enabled is false",
    ),
    ({}, process(kind="worker", schedule="@daily"), "processes.p.schedule means nothing for kind"),
    ({}, process(kind="cron", schedule="@daily", order=1), "processes.p.order means nothing for"),
    ({}, process(kind="job", replicas=2), "processes.p.replicas means nothing for kind job"),
    ({}, process(kind="cron"), "processes.p.schedule is empty"),
    (
        process(kind="cron", schedule="5-10 * * * *"),
        {"processes": {"p": {"schedule": "30-10 * * * *"}}},
        "processes.p.schedule has the range 30-10, which ends before it begins",
    ),
    (
        process(kind="cron", schedule="0 0 * jan-MAR mon-fri"),
        {"processes": {"p": {"schedule": "0 0 * jan-MAR fri-mon"}}},
        "processes.p.schedule has the range 5-1, which ends before it begins",
    ),
    (
        process(kind="cron", schedule="@daily", timeZone="Etc/UTC"),
        {"processes": {"p": {"timeZone": "Mars/Base"}}},
        "processes.p.timeZone is Mars/Base, which is no time zone",
    ),
    (
        process(kind="worker"),
        {"processes": {"p": {"command": ["sh -c x"]}}},
        "processes.p: command is one word with blanks, and no shell reads it: write a list",
    ),
    ({}, process(kind="worker", command=[]), "processes.p.command is empty"),
    (
        {},
        {"processes": {"test": {"kind": "worker", "command": ["x"]}}},
        "processes.test has a name that the chart gives itself",
    ),
    (
        {"processes": {"a": {"kind": "worker", "command": ["x"]}}},
        {"name": "a" * 53, "processes": {"nightly-run": {"kind": "job", "command": ["x"]}}},
        "longer than the 63 characters that a job may have",
    ),
    ({}, process(kind="worker", autoscaling={"max": 4}), "p.autoscaling is stated without a mode"),
    (
        process(kind="worker", autoscaling={"mode": "hpa"}),
        {"processes": {"p": {"replicas": 3}}},
        "processes.p.replicas is 3, and its autoscaling",
    ),
    (
        process(kind="worker"),
        {"processes": {"p": {"resources": {"limits": {"memory": "1Mi"}}}}},
        "processes.p: resources.limits.memory is 1Mi",
    ),
]
