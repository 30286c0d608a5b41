"""The chart's monitors, rules and dashboards below a real Prometheus with its operator.

A service by PodMonitor and one by ServiceMonitor are given the faults that the alerts are for. The
times of the rules are divided by 20, the expressions are the chart's. Stand-ins: one says what
kube-state-metrics would, of the real objects (lab/object_metrics.py), one what blackbox-exporter
would, of the certificate that the gateway really gives (dated.py).
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from lab import cgroups
from tests.chart.alert_cases import CASES
from tests.chart.dashboards import BOUNDS, FLEET, PANELS, Panel
from tests.e2e import dated
from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.tool_project import ToolProject
from tests.e2e.watched import SPEED, WORKER, Alerts, Watched, asked, needs_monitoring, windows
from tests.records import record
from tests.serving import asking

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(1500),
    needs_lab("has a Prometheus that reads a stand-in on this machine"),
]
EACH_MINUTE = '{"spec":{"schedule":"* * * * *"}}'
SLEEPS = "import time; time.sleep(3600)"
# A twentieth of the usual 600 s, as the rules' times are.
SOON = {"strategy": "Recreate", "progressDeadlineSeconds": 30}
STUCK = {"rollout": SOON, "probes": {"startup": {"failureThreshold": 25}}}
BROKEN = "import os; raise SystemExit(int(os.environ.get('BROKEN', '0')))"


def processes() -> dict[str, Any]:
    """Return what runs beside the web process: each is given one fault."""

    def one(kind: str, code: str, **more: object) -> dict[str, Any]:
        return {"kind": kind, "command": ["python3", "-c", code], **more}

    worker = WORKER.replace("GROWN", "102")
    limits = {"limits": {"memory": "128Mi"}, "requests": {"cpu": "10m", "memory": "32Mi"}}
    never = {"schedule": "0 3 1 1 *", "retries": 0}
    return {
        "fragile": one("worker", worker, replicas=1),
        "greedy": one("worker", worker, replicas=1, resources=limits),
        "silent": one(
            "worker", SLEEPS, replicas=1, backlog="web_tasks_waiting",
            probes={"liveness": {"periodSeconds": 60}},
        ),
        "stuck": one("worker", SLEEPS, replicas=1, **STUCK),
        "hangs": one("cron", SLEEPS, concurrency="Forbid", **never),
        "fails": one("cron", "raise SystemExit(1)", **never),
        "migrate": one("job", BROKEN, retries=0),
    }  # fmt: skip


@pytest.fixture(scope="module")
def pair(
    cluster: Cluster, hello_image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Watched]]:
    """One service by each kind of monitor: a WSGI one with everything, an ASGI one that scales."""
    needs_monitoring(cluster)
    made = {}
    for monitor, kind in (("pod", "wsgi"), ("service", "asgi")):
        namespace = f"e2e-watched-{monitor}-{os.getpid()}"
        make_namespace(cluster, namespace)
        folder = tmp_path_factory.mktemp(monitor)
        project = ToolProject(folder, cluster, namespace, hello_image)
        made[monitor] = Watched(project, monitor, kind)
    try:
        made["pod"].up(replicas=2, processes=processes())
        scaled = {"mode": "hpa", "min": 1, "max": 2, "cpu": 200}
        made["service"].up(replicas=None, autoscaling=scaled)
        yield made
    finally:
        for one in made.values():
            cluster.kubectl("delete", "namespace", one.project.namespace, "--wait=false")


def dash(
    watched: Watched, panels: Sequence[Panel], *words: str, within: float = 0
) -> dict[str, list[Any]]:
    """Draw a dashboard and hold that no panel is empty; return each panel's newest values."""
    ends = time.monotonic() + within
    while True:  # a rate needs two readings, which a new service is yet to give
        told = watched.project.morrow("dash", "test", "--for", "15m", "--json", *words)
        assert told.code == 0, told
        assert told.answer["deploys"], "a marker for the version"
        found: dict[str, list[Any]] = told.answer["panels"]
        assert list(found) == [panel.title for panel in panels]
        empty = [one.title for one in panels if len(found[one.title]) < len(one.queries)]
        if not empty or time.monotonic() > ends:
            assert empty == []
            return found
        time.sleep(2)


@pytest.mark.parametrize("monitor", ["pod", "service"])
def test_every_panel_has_data_in_its_unit(
    cluster: Cluster, pair: dict[str, Watched], monitor: str, tmp_path: Path
) -> None:
    print("a stand-in says what kube-state-metrics would say")
    watched = pair[monitor]
    # NaN until the first request.
    query = f'service:request_errors:budget_left{{namespace="{watched.project.namespace}"}}<=1'
    with asking(watched.ask, "/", "/nothing", clients=2, pause=0.1):
        eventually("the budget is known", lambda: bool(asked(cluster, query)), within=200, every=2)
        found = dash(watched, PANELS, within=120)
        told = watched.project.morrow("status", "test", "--json")
        verified = watched.project.morrow(
            "verify", "test", "--load", "20", "--for", "5s", "--json", "--ca-file",
            str(cluster.ca_file), "--prometheus", "prometheus-operated:9090",
        )  # fmt: skip
    for title, (low, high) in BOUNDS.items():
        for line in found[title]:
            assert low <= line["last"] <= high, (title, line)
    assert None not in told.answer["metrics"].values(), told
    assert "requests, 0 failed, p99 " in verified.out, verified
    # The control: a name that is misspelt leaves its panel empty, and is seen.
    chart = tmp_path / "chart"
    shutil.copytree(ROOT / "chart", chart)
    file = chart / "files" / "dashboard.json"
    file.write_text(file.read_text().replace("active_requests", "active_request"))
    about = watched.project.folder / "pyproject.toml"
    before = about.read_text()
    about.write_text(f'[tool.morrow]\nchart = "{chart}"\n')
    try:
        with pytest.raises(AssertionError, match="Requests at once"):
            dash(watched, PANELS)
    finally:
        about.write_text(before)


def stop(pod: str) -> None:
    """Stop every process of a pod, so that it lives and says nothing."""
    for pid in cgroups.processes():
        try:
            told = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if f"HOSTNAME={pod}\0".encode() in told:
            os.kill(pid, signal.SIGSTOP)


def test_each_alert_arrives_by_its_fault_and_none_before(
    cluster: Cluster, pair: dict[str, Watched]
) -> None:
    print("stand-ins say what kube-state-metrics and blackbox-exporter would say")
    shop, scaled = pair["pod"], pair["service"]
    own, other = shop.project.namespace, scaled.project.namespace
    rules = cluster.get("prometheusrule", "web", "-n", own)
    alerts = Alerts(cluster, (own, other))
    both = f'namespace=~"{own}|{other}"'
    # The first fault is that of few requests: those of the tests before must be over an "hour" old.
    busy = f'sum(increase(morrow_responses_total{{namespace="{own}"}}[{3600 // SPEED}s]))>10'
    # One reading of the certificate's end, which is ten years away.
    far = f'probe_ssl_earliest_cert_expiry{{instance="https://{shop.host}/"}} - time() > 1e8'
    with dated.probed(cluster, own, shop.host):
        eventually(
            "all is read for a while, and all is well",
            lambda: len(asked(cluster, f"count_over_time(morrow_info{{{both}}}[1m])>25")) >= 6
            and not asked(cluster, f'max_over_time(ALERTS{{{both},alertstate="firing"}}[1m])')
            and not asked(cluster, busy)
            and bool(asked(cluster, far)),
            within=400, every=2,
        )  # fmt: skip
        assert not asked(cluster, f"ALERTS{{{both}}}"), "the control: none fires, none waits"
        with alerts.followed():
            _injected(alerts, shop, scaled)
    _tell(alerts, windows(rules))
    assert alerts.missing() == set()
    assert {alert for _, _, alert in alerts.injected} == {case.alert for case in CASES}


def _injected(alerts: Alerts, shop: Watched, scaled: Watched) -> None:
    """Do one harm after the other; those whose alerts would hide others come later."""
    project, own = shop.project, shop.project.namespace
    alerts.expect(own, "FewRequestsFail")
    for _ in range(8):
        with suppress(OSError):  # whatever comes back
            shop.ask("/bad")
        time.sleep(1.5)
    alerts.wait(120)

    alerts.expect(own, "CertificateExpires", "SecretOld")
    dated.short_certificate(project.cluster, own, shop.host, 10, project.folder)
    dated.age(project.cluster, own, "web-1", 2)
    alerts.expect(own, "JobFailed", process="migrate")
    failing = shop.values(replicas=2, processes=processes())
    failing["env"]["BROKEN"] = "1"
    project.write(failing)
    assert project.morrow("up", "test").code != 0
    for cron, alert in (("hangs", "CronMissed"), ("fails", "CronFails")):
        alerts.expect(own, alert, process=cron)
        project.kubectl("patch", "cronjob", f"web-{cron}", "-p", EACH_MINUTE)
    alerts.expect(own, "RolloutStuck", "ReplicasMissing", "MetricsMissing", process="stuck")
    nothing = f"{project.cluster.registry}/lab/none:1"
    project.kubectl("set", "image", "deployment/web-stuck", f"stuck={nothing}")
    alerts.expect(own, "PodRestarts", process="fragile")
    shop.touch("fragile", "/tmp/die")
    alerts.expect(own, "MemoryNearLimit", process="greedy")
    shop.touch("greedy", "/tmp/grow")
    alerts.expect(own, "WorkerNotConsuming", "PodNotScraped", process="silent")
    shop.touch("service", "/tmp/waiting")
    stop(next(pod for pod in project.ready_pods() if "-silent-" in pod))
    alerts.expect(own, "PoolBusy")
    shop.touch("service", "/tmp/taken")
    with ExitStack() as stack:
        alerts.expect(own, "RequestsSlow", "ThreadsBusy", *(case.alert for case in CASES[:4]))
        stack.enter_context(asking(shop.ask, "/slow", clients=20))
        stack.enter_context(asking(shop.ask, "/bad", "/nothing", clients=1, pause=0.2))
        alerts.expect(scaled.project.namespace, "LoopHeldUp", "AutoscalerAtMaximum")
        stack.enter_context(asking(scaled.ask, "/block", clients=3))
        alerts.wait(300)
    alerts.expect(own, "CheckDown", "DisruptionsBlocked")
    shop.touch("service", "/tmp/down")
    alerts.wait(180)


def _tell(alerts: Alerts, spans: dict[str, float]) -> None:
    """Print and keep how long each took, beside two of its windows."""
    rows = {}
    for key, began in alerts.injected.items():
        alert, came = key[-1], alerts.first.get(key)
        seconds = None if came is None else round(came - began)
        rows[alert] = {"seconds": seconds, "two_windows": round(2 * spans[alert])}
        print(f"{alert:24} {seconds} s, two windows are {rows[alert]['two_windows']} s")
    record("alerts", {"arrived": rows})


def test_the_fleet_shows_both_and_what_fires(pair: dict[str, Watched]) -> None:
    """Last, so that something fires."""
    print("a stand-in says what kube-state-metrics would say")
    found = dash(pair["service"], FLEET, "--fleet")
    for monitor in pair.values():
        own = f"{monitor.project.namespace}/web"
        for title in ("Requests per second", "99 % answered within", "Error budget left"):
            assert own in {line["name"] for line in found[title]}, (title, own)
