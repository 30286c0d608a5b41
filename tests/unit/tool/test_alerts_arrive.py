"""Each alert, by a real Prometheus, at what takes the place of Alertmanager; none before its fault.

The service's own faults are real ones: failures, slow answers, a check that fails, a loop that is
held up, a pod that is gone. Stand-ins: one page for what kube-state-metrics, the kubelet and
cert-manager would say, and a receiver of Alertmanager's API. Times are divided by 60
(`observability.rules.speed`); the expressions are the same.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import yaml

from tests.chart.alert_cases import CASES
from tests.chart.promtool import groups
from tests.serving import asking, serving
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import PATHS, Served, served
from tests.unit.tool.monitored import asked, configuration, prometheus, soon

ALL = {case.alert for case in CASES}
APP = """
import time
from pathlib import Path
from flask import Flask
from morrow import Service, Settings

class ShopSettings(Settings):
    "Nothing."

def create_app(settings):
    app = Flask("shop")

    @app.get("/bad")
    def bad():
        raise RuntimeError("bad")

    @app.get("/slow")
    def slow():
        time.sleep(0.8)
        return "late"

    return app

service = Service(create_app, ShopSettings)

@service.check("database", every=0.5, timeout=1, failures=1, critical=True)
def database():
    if Path("database-is-down").exists():
        raise RuntimeError("down")

@service.pool("database")
def connections():
    return 9 if Path("pool-is-full").exists() else 1, 10
"""
BEGAN = time.time()


def page(*, faulty: bool) -> str:
    """Return what the cluster's own exporters would say."""
    pod = 'namespace="somewhere",container="shop",pod="shop-1"'
    own = 'namespace="somewhere"'
    scaler = f'{own},horizontalpodautoscaler="shop"'
    now = time.time()
    good: Mapping[str, float] = {
        f'morrow_info{{{own},container="worker",pod="shop-worker-1"}}': 1,
        f"kube_pod_container_status_restarts_total{{{pod}}}": faulty * int(now - BEGAN),
        f"container_memory_working_set_bytes{{{pod}}}": 95 if faulty else 50,
        f'kube_pod_container_resource_limits{{{pod},resource="memory"}}': 100,
        f'kube_deployment_spec_replicas{{{own},deployment="shop"}}': 3,
        f'kube_deployment_status_replicas_available{{{own},deployment="shop"}}': 3 - 2 * faulty,
        f'kube_deployment_status_condition{{{own},deployment="shop",condition="Progressing",'
        'status="false"}': faulty,
        f'kube_horizontalpodautoscaler_status_current_replicas{{{scaler}}}': 9 if faulty else 4,
        f'kube_horizontalpodautoscaler_spec_max_replicas{{{scaler}}}': 9,
        f'kube_horizontalpodautoscaler_spec_min_replicas{{{scaler}}}': 2,
        f'kube_poddisruptionbudget_status_pod_disruptions_allowed{{{own},'
        'poddisruptionbudget="shop"}': not faulty,
        f'kube_poddisruptionbudget_status_expected_pods{{{own},poddisruptionbudget="shop"}}': 3,
        f'kube_job_failed{{{own},job_name="shop-migrate",condition="true"}}': faulty,
        f'kube_cronjob_next_schedule_time{{{own},cronjob="shop-night"}}':
            now - 60 if faulty else now + 60,
        f'kube_cronjob_spec_suspend{{{own},cronjob="shop-night"}}': 0,
        f'kube_cronjob_status_last_successful_time{{{own},cronjob="shop-night"}}': BEGAN,
        f'kube_job_status_start_time{{{own},job_name="shop-night-1"}}': BEGAN + 1,
        f'kube_job_failed{{{own},job_name="shop-night-1",condition="true"}}': faulty,
        f'shop_tasks_waiting{{{pod}}}': 5 if faulty else 0,
        'certmanager_certificate_expiration_timestamp_seconds{namespace="cert-manager",'
        'exported_namespace="somewhere",name="shop"}': now + (5 if faulty else 60) * 86400,
        f'kube_secret_created{{{own},secret="shop-1"}}': 0 if faulty else now,
    }  # fmt: skip
    return "".join(f"{series} {float(value):.3f}\n" for series, value in good.items())


class World(BaseHTTPRequestHandler):
    """The stand-ins: exporters by GET, Alertmanager by POST."""

    faulty: ClassVar[bool] = False
    arrived: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(page(faulty=self.faulty).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for alert in json.loads(body):
            assert alert["labels"]["team"] == "till", "for Alertmanager's routes"
            self.arrived.add(alert["labels"]["alertname"])
        self.send_response(200)
        self.end_headers()


def patient(pod: Served) -> Callable[[str], object]:
    """Ask a pod, with time for what is slow on purpose."""
    return lambda path: pod.get(path, timeout=30)


def test_each_alert_arrives_by_its_fault_and_none_before(tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        cannot("the alerts' arrival", "Debian's package prometheus is missing", "promtool")
    print("stand-ins: kube-state-metrics, the kubelet, cert-manager, Alertmanager")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups(speed=60)}))
    world = World
    env = {"PYTHONPATH": ":".join([str(tmp_path), *PATHS]), "PWD": str(tmp_path)}
    with ExitStack() as stack:
        place = stack.enter_context(serving(world))
        shop = stack.enter_context(served("app:service", **env, MORROW_THREADS="8"))
        loop = stack.enter_context(
            served("drain_apps:wrapped", **env, NOTES="notes", MORROW_CONCURRENCY="1")
        )
        gone = stack.enter_context(served("app:service", **env))
        ports = [shop.admin_port, loop.admin_port, gone.admin_port]
        whole = configuration(ports, place, alertmanager=place)
        (tmp_path / "prometheus.yaml").write_text(whole)
        url = stack.enter_context(prometheus(program, tmp_path))
        soon(lambda: asked(url, "min_over_time(up[20s]) == 1 and count_over_time(up[20s]) > 15"),
             "twenty seconds in which nothing is wrong")  # fmt: skip
        assert world.arrived == set(), "the control"
        world.faulty = True
        gone.stop()
        for _ in range(4):
            assert shop.get("/bad").status == 500
            time.sleep(1.2)
        soon(lambda: "FewRequestsFail" in world.arrived, "FewRequestsFail")
        (tmp_path / "database-is-down").touch()
        (tmp_path / "pool-is-full").touch()
        with (
            asking(patient(shop), "/slow", "/bad", clients=16),
            asking(patient(loop), "/block?2"),
        ):
            soon(lambda: world.arrived >= ALL - {"MetricsMissing"}, "every alert")
        shop.stop()
        loop.stop()
        soon(lambda: world.arrived >= ALL, "the one that nothing is read")
    assert world.arrived == ALL
