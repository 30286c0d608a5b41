"""More deploys that look odd and are good; see odd_deploys.py."""

from __future__ import annotations

from tests.e2e.faults_network import GATEWAY_API, HOST, LAB, OPEN
from tests.e2e.faults_pods import runs
from tests.e2e.faults_routes import ELSEWHERE
from tests.e2e.faults_rules import cron, extra, keeper, service
from tests.e2e.faults_unseen import NOWHERE, alone, daemon, job
from tests.e2e.slow_deploys import Slow, forget_the_label, label_a_node
from tests.e2e.tool_faults import Values, env, made
from tests.e2e.tool_project import SERVICE, ToolProject, laid_over

OURS = {"app.kubernetes.io/name": "web"}
ANSWERS = """
import http.server, os, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status} if self.path == "/" else 200)
        self.send_header("Location", "/login")
        self.end_headers()
    def log_message(self, *words):
        pass
def serve(port):
    http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()
{more}
serve(5000)
"""
LEADS = """if os.environ["POD"] == "web-1":
    threading.Thread(target=serve, args=(9000,)).start()"""
LEADER: Values = {
    **runs(ANSWERS.format(status=200, more=LEADS)),
    "workload": "StatefulSet",
    "replicas": 2,
    "env": {"POD": {"fieldRef": {"fieldPath": "metadata.name"}}},
    "ports": {"more": {"lead": {"port": 9000}}},
    **OPEN,  # else the pod's address is not asked
}
DEAF: Values = {
    **runs(SERVICE.replace("sys.exit(0)", "None")),
    "rollout": {"strategy": "Recreate"},
    "grace": 20,
}
NEVER = {"extra": {"odd": {"spec": {"schedule": "0 0 30 2 *", "suspend": True}}}}
CANARY = {
    "parentRefs": [LAB],
    "hostnames": [HOST],
    "rules": [
        {"backendRefs": [{"name": "web", "port": 80}, {"name": "theirs", "port": 80, "weight": 0}]}
    ],
}


def answers(status: int) -> Values:
    """Return the values of a service that answers so at its root alone."""
    return runs(ANSWERS.format(status=status, more=""), probes=ELSEWHERE)


def restarted(project: ToolProject) -> None:
    """Restart it once, as who renews certificates does."""
    project.kubectl("rollout", "restart", "deployment/web")


ODD = (
    Slow("always to the same pod", service(selector=OURS, sessionAffinity="ClientIP", ports=[
        {"port": 80, "targetPort": "http"}])),
    Slow("peers find one another", service(
        selector=OURS, clusterIP="None", publishNotReadyAddresses=True, ports=[{"port": 80}]),
        ci=True),
    Slow("a name of another domain", service(type="ExternalName", externalName="db.example.com"),
        ci=True),
    Slow("a port of UDP", service(selector=OURS, ports=[
        {"name": "a", "port": 80, "targetPort": "http"},
        {"name": "b", "port": 53, "targetPort": 5353, "protocol": "UDP"}])),
    Slow("a pull secret that is not needed", {"image": {"pullSecrets": {"nosuch": True}}},
        ci=True),
    Slow("a Job that vanishes", job("print('done')", ttlSecondsAfterFinished=0), ci=True),
    Slow("a Job of three pods", job("print('done')", completions=3, parallelism=3)),
    Slow("old pods hear no signal", {**DEAF, **env(A="new")}, over=DEAF, least=20),
    Slow("text of several lines", {"config": {"A": "one\ntwo\n", "B": "$(A) 'x' {{ .y }}"}},
        ci=True),
    Slow("asks for a login", answers(401), ci=True),
    Slow("leads to a login", answers(302), ci=True),
    Slow("has nothing at its root", answers(404)),
    Slow("only its leader listens", LEADER),
    Slow("a DaemonSet of one node", daemon(nodeSelector={"example.com/NAMESPACE": "yes"}),
         before=label_a_node, after=forget_the_label),
    Slow("a cron that rests and is never due", laid_over(cron(), NEVER)),
    Slow("a Deployment that rests", keeper("Deployment", replicas=0)),
    Slow("somebody restarts it once", env(A="new", SLOW="8"), over={}, meanwhile=restarted),
    Slow("a way that nothing takes yet", {
        **extra("HTTPRoute", GATEWAY_API, spec=CANARY),
        "network": {"policy": True, "ingress": {"gateway": "GATEWAYSPACE"}}},
        before=made("Service", "theirs", spec=NOWHERE)),
    Slow("a pod that nothing keeps", alone({})),
    Slow("starts slowly in its time", {
        **env(SLOW="45"), "probes": {"startup": {"failureThreshold": 90}}}, least=45),
)  # fmt: skip
