"""Odd and good deploys beside the faults of faults_further.py: each is like one of them."""

from __future__ import annotations

from tests.e2e.faults_further import step
from tests.e2e.faults_network import LAB, led
from tests.e2e.faults_pods import runs
from tests.e2e.faults_routes import ELSEWHERE
from tests.e2e.faults_unseen import PYTHON, alone
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_project import laid_over

LATER = alone({"command": [*PYTHON, "import time; time.sleep(25)"]}, restartPolicy="Never")

# Answers its root to its own host alone, and its probes to everybody.
HOSTED = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = "lab.example.com" in self.headers["Host"] or self.path != "/"
        self.send_response(200 if known else 400)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""

ODD = (
    Slow("a liveness command that works", {"probes": {"liveness": {"exec": [*PYTHON, "pass"]}}}),
    Slow("answers to its own host alone", {
        **runs(HOSTED, probes=ELSEWHERE), **led(**LAB), "network": {"policy": True}}),
    Slow("a pod that runs on beside a step", laid_over(
        alone({}, restartPolicy="Never"), step("import time; time.sleep(9)")), least=9),
    Slow("a pod that ends while a step runs", laid_over(
        LATER, step("import time; time.sleep(30)")), least=30),
)  # fmt: skip
