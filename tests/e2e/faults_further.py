"""Further faults: what Helm waits for in vain, what has nothing to compare; see tool_faults.py."""

from __future__ import annotations

from tests.e2e.faults_beyond import deployed
from tests.e2e.faults_cluster import scaler
from tests.e2e.faults_pods import runs
from tests.e2e.faults_rules import cron
from tests.e2e.faults_storage import no_class, unfilled_class
from tests.e2e.faults_unseen import PYTHON, alone, job
from tests.e2e.tool_faults import Fault, Values, env
from tests.e2e.tool_project import laid_over


def step(code: str, when: str = "post-install,post-upgrade") -> Values:
    """Return the values of a Job that Helm runs at a step of its own."""
    own = job(code)["extra"]["odd"]
    return {"extra": {"after": {**own, "metadata": {"annotations": {"helm.sh/hook": when}}}}}


ENDS = alone({"command": [*PYTHON, "pass"]}, restartPolicy="Never")
BESIDE_A_STEP = {**laid_over(ENDS, step("print(1)")), **env(SLOW="6")}  # it ends before the rest
CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "storageClassName": "NAMESPACE",
    "resources": {"requests": {"storage": "1Mi"}},
}
HELD = cron(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])
KEPT: Values = {"extra": {"data": {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": CLAIM}}}  # fmt: skip
# Ready for a moment, and never again.
FALLS = """
import http.server, time
began = time.monotonic()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if time.monotonic() - began < 6 else 503)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""
SCRIPT: Values = {"volumes": [{"name": "s", "configMap": {"name": "run", "defaultMode": 0o755}}]}
RUN: Values = {"command": ["/s/run"], "volumeMounts": [{"name": "s", "mountPath": "/s"}]}
HOLDS: Values = {
    "extra": {"run": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"run": "echo\n"}}}
}

FAULTS = (
    Fault(
        "a pod that ends beside a step", "waited-in-vain", r"Pod odd", r"has ended well",
        BESIDE_A_STEP, ci=True,
    ),
    Fault(
        "a pod that ended beside a step", "waited-in-vain", r"Pod odd", r"has ended well",
        laid_over(BESIDE_A_STEP, env(A="new", SLOW="40")), over=True,
    ),
    Fault(
        "a cron's claim beside a step", "waited-in-vain", r"PersistentVolumeClaim data",
        r"with its first pod", laid_over(laid_over(KEPT, HELD), step("print(1)")),
        early=unfilled_class, after=no_class,
    ),
    Fault(
        "autoscaler of what asks for nothing", "autoscaler-blind",
        r"HorizontalPodAutoscaler scaler", r"container odd asks for no cpu",
        laid_over(deployed(), {"extra": {"scaler": scaler("odd")}}),
        exit=3,
    ),
    Fault(
        "ready, and never again", "never-ready", r"container web", r"it was ready, .* 503",
        runs(FALLS, rollout={"minReadySeconds": 10}, probes={
            "readiness": {"failureThreshold": 1}}),
    ),
    Fault(
        "a mounted script has no first line", "command-not-found", r"container odd",
        r"exec format error; it is mounted", laid_over(deployed(RUN, SCRIPT), HOLDS),
    ),
)  # fmt: skip
