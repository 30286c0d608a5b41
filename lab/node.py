"""One node: a network namespace with its own containerd, kubelet and kube-proxy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from lab import cgroups, cleanup, network, pki
from lab.errors import LabError
from lab.images import PAUSE_IMAGE
from lab.layout import API, CLUSTER_DNS, PKI, POD_RANGE, RUN, NodeAddress
from lab.program import RECORDS, Program, start, wait_until
from lab.registry import CERTS
from lab.shell import run, succeeds
from tools.build import folder

PLUGINS = Path("/usr/lib/cni")


class Node:
    """A node that can be started, stopped as by a power cut, and started again."""

    def __init__(self, at: NodeAddress) -> None:
        self.at = at

    def prepare(self) -> None:
        """Make namespace and cgroup, write all configuration, start containerd."""
        if (network.NAMESPACES / self.at.namespace).exists():
            raise LabError(f"{self.at.name} runs already; `lab node stop {self.at.name}` stops it")
        for made in (self.at.folder, self.at.kept):
            made.mkdir(parents=True, exist_ok=True)
        network.make_node(self.at)
        cgroups.make(f"{self.at.cgroup}/system")
        self._write("containerd.toml", self._containerd())
        self._write("cni/10-lab.conflist", json.dumps(self._pod_network(), indent=1))
        self._write("kubelet.yaml", json.dumps(self._kubelet(), indent=1))
        self._write("kube-proxy.yaml", json.dumps(self._proxy(), indent=1))
        pki.kubeconfig(self.at.folder / "kubelet.kubeconfig", self.at.name, API)
        self._start_containerd()

    def start_kubelet(self) -> None:
        """Start the kubelet; the API server must listen by now."""
        self._run(
            "kubelet",
            folder("kubernetes") / "kubelet",
            f"--config={self.at.folder}/kubelet.yaml",
            f"--kubeconfig={self.at.folder}/kubelet.kubeconfig",
            f"--root-dir={self.at.folder}/kubelet",
            f"--hostname-override={self.at.name}",
            f"--node-ip={self.at.address}",
            f"--node-labels=topology.kubernetes.io/zone={self.at.zone}",
        )

    def start_proxy(self) -> None:
        """Start kube-proxy; the API server must be ready by now."""
        config = f"--config={self.at.folder}/kube-proxy.yaml"
        self._run("kube-proxy", folder("kubernetes") / "kube-proxy", config)

    def stop(self) -> None:
        """Stop the node as a power cut does: nobody is told, nothing is cleaned up first."""
        network.unplug(self.at)
        left = cgroups.kill(self.at.cgroup)
        if left:
            raise LabError(f"{self.at.name}: processes {left} do not end after SIGKILL")
        cleanup.remove_files_outside(self.at.folder)
        cleanup.unmount_below(self.at.folder)
        network.remove_node(self.at)
        cgroups.remove(self.at.cgroup)
        for record in RECORDS.glob(f"{self.at.name}-*.json"):
            record.unlink()
        shutil.rmtree(self.at.folder)

    def _start_containerd(self) -> None:
        """Start containerd without the containers that its kept folder remembers."""
        containerd = self._serve_containerd()
        control = ["ctr", "-a", str(self.at.socket), "-n", "k8s.io", "containers"]
        stale = run(*control, "list", "-q").split()
        if stale:
            run(*control, "rm", *stale)
            # It has read them into memory already.
            containerd.kill()
            self._serve_containerd()

    def _serve_containerd(self) -> Program:
        running = self._run("containerd", "containerd", "-c", f"{self.at.folder}/containerd.toml")
        wait_until(
            f"containerd's answer on {self.at.name}",
            lambda: succeeds("ctr", "-a", self.at.socket, "version"),
            programs=[running],
            within=30,
        )
        return running

    def _run(self, program: str, *command: str | Path) -> Program:
        return start(
            f"{self.at.name}-{program}",
            command,
            cgroup=f"{self.at.cgroup}/system",
            namespace=self.at.namespace,
        )

    def _write(self, name: str, text: str) -> None:
        file = self.at.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _containerd(self) -> str:
        home = self.at.folder
        return f"""version = 2
root = "{self.at.kept}"
state = "{home}/containerd"
[grpc]
  address = "{self.at.socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{home}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_tcp_service = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{CERTS}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{PLUGINS}"
    conf_dir = "{home}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{home}/runc"
"""

    def _pod_network(self) -> dict[str, object]:
        addresses = {
            "type": "host-local",
            "dataDir": f"{self.at.folder}/addresses",
            "ranges": [[{"subnet": self.at.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True}
        # The name is how `down` knows the lab's files in /var/lib/cni.
        name = self.at.namespace
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {
            "cniVersion": "0.4.0",
            "name": name,
            "plugins": [bridge | {"ipam": addresses}, ports],
        }

    def _kubelet(self) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.at.address,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": f"{PKI}/ca.crt"},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": f"{PKI}/{self.at.name}.crt",
            "tlsPrivateKeyFile": f"{PKI}/{self.at.name}.key",
            "containerRuntimeEndpoint": f"unix://{self.at.socket}",
            "podLogsDir": f"{self.at.folder}/pods",
            "volumePluginDir": f"{self.at.folder}/volume-plugins",
            "clusterDNS": [CLUSTER_DNS],
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.at.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            "oomScoreAdj": 0,
            "makeIPTablesUtilChains": False,
            # The three nodes share one disk and one memory with everything else here:
            # none of them may judge by these that it must evict or collect.
            "evictionHard": {},
            "imageGCHighThresholdPercent": 100,
            "imageMinimumGCAge": "24h",
            # Three nodes see the same processors: none is short of room before the machine is.
            "maxPods": 110,
            # A ConfigMap's change arrives in seconds, a lost node is noticed in twenty.
            "syncFrequency": "5s",
            "nodeStatusUpdateFrequency": "4s",
            "nodeLeaseDurationSeconds": 20,
            "serializeImagePulls": False,
            "registryPullQPS": 0,
            "eventRecordQPS": 0,
            "kubeAPIQPS": 100,
            "kubeAPIBurst": 200,
        }

    def _proxy(self) -> dict[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "clientConnection": {"kubeconfig": f"{RUN}/proxy.kubeconfig"},
            "clusterCIDR": POD_RANGE,
            "hostnameOverride": self.at.name,
            "healthzBindAddress": f"{self.at.address}:10256",
            # Not ours to change: the connection table's size belongs to the whole machine.
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
            },
        }
