"""The control plane: etcd, API server, controller manager, scheduler, all on the host's address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab import api, pki
from lab.layout import API, API_PORT, CGROUP, HOST, KUBECONFIG, PKI, RUN, SERVICE_RANGE
from lab.program import find, start, wait_until
from tools.build import folder, program

GROUP = f"{CGROUP}/control-plane"
ETCD = f"https://{HOST}:2379"


class ControlPlane:
    """The four programs that make a cluster out of nodes."""

    def start(self) -> None:
        """Start etcd and the API server."""
        pki.kubeconfig(KUBECONFIG, "admin", API)
        for user in ("controller-manager", "scheduler", "proxy"):
            pki.kubeconfig(_config(user), user, API)
        self._start_etcd()
        self.start_api()

    def start_api(self) -> None:
        """Start the API server."""
        self._run(
            "kube-apiserver",
            "--etcd-servers=" + ETCD,
            f"--etcd-cafile={PKI}/etcd-ca.crt",
            f"--etcd-certfile={PKI}/etcd-client.crt",
            f"--etcd-keyfile={PKI}/etcd-client.key",
            f"--bind-address={HOST}",
            f"--advertise-address={HOST}",
            f"--secure-port={API_PORT}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--client-ca-file={PKI}/ca.crt",
            f"--tls-cert-file={PKI}/apiserver.crt",
            f"--tls-private-key-file={PKI}/apiserver.key",
            f"--service-account-key-file={PKI}/accounts.pub",
            f"--service-account-signing-key-file={PKI}/accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged",
            f"--kubelet-client-certificate={PKI}/admin.crt",
            f"--kubelet-client-key={PKI}/admin.key",
            f"--kubelet-certificate-authority={PKI}/ca.crt",
            # By name would need DNS that knows the nodes.
            "--kubelet-preferred-address-types=InternalIP",
            # Aggregated APIs are called at their pods: the host has no Service addresses.
            "--enable-aggregator-routing",
            f"--requestheader-client-ca-file={PKI}/front-proxy-ca.crt",
            f"--proxy-client-cert-file={PKI}/front-proxy.crt",
            f"--proxy-client-key-file={PKI}/front-proxy.key",
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            # SIGTERM would wait for every watch otherwise.
            "--shutdown-delay-duration=0s",
        )

    def wait_for_port(self) -> None:
        """Wait until the API server listens: from then on nodes can make themselves known."""
        self._wait("the API server's first answer", api.listens)

    def wait_for_api(self) -> None:
        """Wait until the API server says that it is ready."""
        self._wait("the API server's readiness", api.is_ready)

    def start_controllers(self) -> None:
        """Start what acts on the objects that the API server holds."""
        self._start_controller_manager()
        self._start_scheduler()

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        wait_until(what, ready, programs=[find("etcd"), find("kube-apiserver")])

    def _start_etcd(self) -> None:
        start(
            "etcd",
            [
                program("etcd", "server"),
                f"--data-dir={RUN}/etcd",
                f"--listen-client-urls={ETCD}",
                f"--advertise-client-urls={ETCD}",
                f"--listen-peer-urls=http://{HOST}:2380",
                f"--initial-advertise-peer-urls=http://{HOST}:2380",
                f"--initial-cluster=default=http://{HOST}:2380",
                "--client-cert-auth",
                f"--trusted-ca-file={PKI}/etcd-ca.crt",
                f"--cert-file={PKI}/etcd.crt",
                f"--key-file={PKI}/etcd.key",
                "--unsafe-no-fsync",  # its data ends with the lab
            ],
            cgroup=GROUP,
        )

    def _start_controller_manager(self) -> None:
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={_config('controller-manager')}",
            f"--service-account-private-key-file={PKI}/accounts.key",
            f"--root-ca-file={PKI}/ca.crt",
            "--use-service-account-credentials",
            f"--cluster-signing-cert-file={PKI}/ca.crt",
            f"--cluster-signing-key-file={PKI}/ca.key",
            "--leader-elect=false",
            "--secure-port=0",
            # Tests wait for these two; the defaults are 15 s and 50 s.
            "--horizontal-pod-autoscaler-sync-period=5s",
            "--node-monitor-grace-period=20s",
        )

    def _start_scheduler(self) -> None:
        config = f"--kubeconfig={_config('scheduler')}"
        self._run("kube-scheduler", config, "--leader-elect=false", "--secure-port=0")

    def _run(self, name: str, *flags: str) -> None:
        start(name, [folder("kubernetes") / name, *flags], cgroup=GROUP)


def _config(user: str) -> Path:
    return RUN / f"{user}.kubeconfig"
