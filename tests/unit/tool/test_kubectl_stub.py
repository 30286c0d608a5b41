"""What only a stand-in for kubectl and helm can show: tunnels, narrow rights, a new Helm."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cli.edge import group
from morrow.tool.cluster import lock
from morrow.tool.cluster.site import Site
from morrow.tool.plan.inputs import namespace_identity
from morrow.tool.programs import runner
from morrow.tool.programs.helm import unsupported
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import Tunnel, ask
from morrow.tool.targets.kubernetes import target as target_kubernetes
from tests.environments import load
from tests.unit.kit.processes import lives
from tests.unit.tool.stub import stub

# Forwards nothing, but says that it does and stays, as kubectl would.
FORWARDS = """
import pathlib, sys, time, os
pathlib.Path({told!r}).write_text(str(os.getpid()))
print("Forwarding from 127.0.0.1:1 -> 80", flush=True)
time.sleep(600)
"""

# May read what is in its namespace, not the namespace itself.
NARROW = """
import json, pathlib, sys
words = sys.argv[1:]
with pathlib.Path({told!r}).open("a") as log:
    print(json.dumps(words), file=log)
if any(word.startswith("namespace") for word in words[3:]):
    sys.exit('Error from server (Forbidden): namespaces "shop-dev" is forbidden: User "ann" '
             'cannot get resource "namespaces" in API group "" in the namespace "shop-dev"')
if "serviceaccount" in words:
    print(json.dumps({{"metadata": {{"uid": "born-1"}}}}))
"""


def ends(pid: int) -> bool:
    """Whether it ends within a minute."""
    deadline = time.monotonic() + 60
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(pid)


def test_a_tunnel_ends_when_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = stub(tmp_path, "kubectl", FORWARDS, monkeypatch)
    tunnel = Tunnel(Kubectl("lab", "shop"), "pod/web", 80)
    pid = int(told.read_text())
    assert tunnel.port == 1
    assert lives(pid)  # the control
    tunnel.close()
    assert ends(pid)


def test_a_tunnel_ends_with_a_killed_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = stub(tmp_path, "kubectl", FORWARDS, monkeypatch)
    code = """
    import time
    from morrow.tool.programs.kubectl import Kubectl
    from morrow.tool.programs.port_forward import Tunnel
    Tunnel(Kubectl("lab", "shop"), "pod/web", 80)
    print("open", flush=True)
    time.sleep(600)
    """
    words = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as tool:
        assert tool.stdout is not None
        assert tool.stdout.readline() == "open\n"
        pid = int(told.read_text())
        assert lives(pid)
        tool.send_signal(signal.SIGKILL)
    assert ends(pid)


def test_a_tunnel_that_does_not_open_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(tmp_path, "kubectl", "import sys; sys.exit('no such pod {told}')", monkeypatch)
    answer = ask(Kubectl("lab", "shop"), "pod/web", 80, "/")
    assert answer.status == 0
    assert "no such pod" in answer.text
    stub(tmp_path, "kubectl", "import time; time.sleep(600)", monkeypatch)
    silent = Tunnel(Kubectl("lab", "shop"), "pod/web", 80, patience=0.5)
    assert (silent.port, silent.said) == (0, "it did not open")
    silent.close()


def test_a_user_of_one_namespace_needs_no_more(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stub(project_folder, "kubectl", NARROW, monkeypatch)
    environment = load(Project.find(), "dev")
    kubectl = Kubectl(environment.context, environment.namespace)
    site = Site(environment)
    assert site.namespace == {}
    assert namespace_identity(site) == "born-1"
    site.namespace = None
    assert namespace_identity(site) == ""
    site.namespace = {"metadata": {"uid": "own"}}
    assert namespace_identity(site) == "own"
    with pytest.raises(Failure) as caught:  # the control: the stand-in does refuse
        kubectl.get("namespace", "shop-dev")
    where = "kubectl --context dev -n shop-dev"
    assert caught.value.problems[0].fix == f"get the right, then: {where} auth can-i get namespaces"
    told.unlink()
    with lock.held(environment, "morrow up dev"):
        pass
    (create,) = [line for line in told.read_text().splitlines() if '"create"' in line]
    assert '"--validate=false"' in create


def test_a_file_that_cannot_be_read_leads_to_no_other_cluster(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stub(project_folder, "kubectl", NARROW, monkeypatch)
    stub(project_folder, "helm", "print('[]')", monkeypatch)
    with (project_folder / "environments" / "dev.yaml").open("a") as file:
        file.write("image: {")
    with pytest.raises(Failure) as caught:
        group.main(["rollback", "dev"], standalone_mode=False)
    assert caught.value.problems[0].code == "environment-syntax"
    assert not told.exists(), "without its file, base.yaml names the current context"


@pytest.mark.parametrize(
    ("version", "refused"),
    [("v3.18.4+gd80839c", False), ("v4.3.1", False), ("v5.0.1+g1a2b3c4", True), ("odd", False)],
)
def test_a_helm_that_nobody_knows_is_refused(version: str, refused: bool) -> None:
    found = unsupported(version)
    assert (found is not None) is refused
    if found is not None:
        assert found.code == "helm-unsupported"
        assert "v5.0.1," in found.cause
        assert "MORROW_HELM=" in found.fix


def test_a_reader_that_goes_away_ends_the_program() -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError

    code = "import itertools\nfor n in itertools.count(): print(n, flush=True)"
    with pytest.raises(BrokenPipeError):
        runner.run(sys.executable, "-c", code, on_line=gone, timeout=60)


def test_an_api_server_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(tmp_path, "kubectl", "import time; time.sleep(600)", monkeypatch)
    kubectl = Kubectl("my lab", "shop")
    with pytest.raises(Failure) as caught:
        kubectl.check("get", "pods", timeout=0.5)
    (told,) = caught.value.problems
    assert (told.code, told.object) == ("cluster-unreachable", "context my lab")
    assert told.fix == "kubectl --context 'my lab' -n shop cluster-info"


def test_a_namespace_that_does_not_end_says_what_holds_it(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    import json
    held = dict(type="NamespaceContentRemaining", status="True", message="pods are left")
    print(json.dumps(dict(status=dict(conditions=[held]))))
    """
    stub(project_folder, "kubectl", code, monkeypatch)
    monkeypatch.setattr(target_kubernetes, "PATIENCE_END", 0.0)
    environment = load(Project.find(), "dev")
    with pytest.raises(Failure) as caught:
        target_kubernetes.wait_for_end(Site(environment))
    (told,) = caught.value.problems
    assert (told.code, told.cause) == ("namespace-terminating", "pods are left")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("start", ["error: ", "", "Error: Kubernetes cluster unreachable: "])
@pytest.mark.parametrize("said", ["yaml: line 2: did not find expected ','", "open it: denied"])
def test_a_kubeconfig_that_cannot_be_read_is_no_context_that_is_missing(
    start: str, said: str
) -> None:
    done = runner.Result(
        ("kubectl", "get"), 1, "", f'{start}error loading config file "/k/c": {said}\n'
    )
    found = Kubectl("qa", "shop").failure(done).problems[0]
    assert (found.code, found.object, found.cause) == ("kubeconfig-unreadable", "/k/c", said)
    assert found.fix == "mend /k/c, or name another: export KUBECONFIG=FILE"
