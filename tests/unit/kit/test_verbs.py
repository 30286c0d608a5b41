"""The verbs of `python -m morrow` that serve nothing, and small parts on their own."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import morrow
import morrow.kit
from morrow.kit.health.checks import Check
from morrow.kit.health.probe import probe
from morrow.kit.request.threads import choose, cpu
from morrow.kit.serving.handover import take
from morrow.kit.serving.serve import main
from morrow.kit.serving.service import Service
from tests.unit.kit.served import ROOT, environment, run, served

# Their examples change the logging of the process.
ON_THEIR_OWN = ("morrow.kit.request.logs", "morrow.kit.serving.service")
MODULES = [one.name for one in pkgutil.walk_packages(morrow.kit.__path__, "morrow.kit.")]


@pytest.mark.parametrize("name", ["morrow", *MODULES])
def test_examples_in_docstrings_run(name: str) -> None:
    public = {one: getattr(morrow, one) for one in morrow.__all__}
    module = importlib.import_module(name)
    if name in ON_THEIR_OWN:
        return
    result = doctest.testmod(
        module, extraglobs=public, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    )
    assert result.failed == 0


def examples(of: object) -> bool:
    return ">>>" in (getattr(of, "__doc__", None) or "")


def test_every_public_name_has_an_example() -> None:
    for name in morrow.__all__:
        public = getattr(morrow, name)
        assert examples(public), name
        for inside, method in vars(public).items() if isinstance(public, type) else ():
            if not inside.startswith("_") and callable(getattr(public, inside)):
                assert examples(getattr(method, "__func__", method)), f"{name}.{inside}"


@pytest.mark.parametrize("name", ON_THEIR_OWN)
def test_examples_that_change_the_process_run_on_their_own(name: str) -> None:
    code = f"import doctest, {name} as m; r = doctest.testmod(m); print(r.attempted)"
    code += "; import os, sys; sys.stdout.flush(); os._exit(r.failed)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.splitlines()[-1]) >= 5


def test_kit_never_imports_the_tool_and_needs_no_library() -> None:
    code = (
        "import sys, morrow, morrow.kit.serving.serve, morrow.kit.serving.supervisor\n"
        "import morrow.kit.settings.description\n"
        "morrow.Service, morrow.Settings, morrow.Secret\n"
        "import sysconfig; site = sysconfig.get_path('purelib')\n"
        "print([m for m, v in sys.modules.items() if m.startswith('morrow.tool')\n"
        " or (getattr(v, '__file__', None) or '').startswith(site + '/')])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    for source in (ROOT / "src/morrow/kit").glob("*.py"):
        assert "morrow.tool" not in source.read_text()


def test_unknown_public_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        morrow.Nothing  # noqa: B018 - the look-up is the test


def test_probe() -> None:
    with served("sample:bare") as one:
        url = f"http://127.0.0.1:{one.admin_port}"
        assert run("probe", f"{url}/readyz").returncode == 0
        refused = run("probe", f"{url}/nothing")
        assert (refused.returncode, "404" in refused.stderr) == (1, True)
        assert probe(f"{url}/livez?x=1") == 0
    gone = run("probe", f"{url}/readyz")
    assert (gone.returncode, "refused" in gone.stderr) == (1, True)
    nonsense = run("probe", "readyz")
    assert (nonsense.returncode, "readyz is no http:// URL" in nonsense.stderr) == (2, True)


def test_probe_of_one_who_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hear_and_leave() -> None:
            connection, _ = listener.accept()
            connection.recv(4096)
            connection.close()

        threading.Thread(target=hear_and_leave, daemon=True).start()
        assert probe(f"http://127.0.0.1:{port}/") == 1
    assert "closed connection without response" in capsys.readouterr().err


def test_schema_and_check() -> None:
    told = run("schema", "hello.app")
    assert told.returncode == 0
    assert json.loads(told.stdout)["properties"]["SECRET_KEY"]["x-morrow-secret"] is True
    asked = {"values": {"API_BASE_URL": "x"}, "secrets": ["SECRET_KEY", "DB_PASSWORD"]}
    judged = run("check", "hello.app:HelloSettings", stdin=json.dumps(asked))
    assert judged.returncode == 0
    answer = json.loads(judged.stdout)
    assert [one["variable"] for one in answer["problems"]] == ["API_BASE_URL"]
    assert answer["schema"]["title"] == "HelloSettings"
    example = run("env", "hello.app").stdout
    assert "\nAPI_BASE_URL=https://api.example.com\n" in example
    assert "\n# MAX_CONNECTIONS=10\n" in example
    broken = run("check", "hello.app", stdin="{")
    assert (broken.returncode, "error: stdin is no JSON: " in broken.stderr) == (2, True)
    strange = run("check", "hello.app", stdin="[]")
    assert strange.returncode == 1
    assert 'stdin must be {"values": {}, "secrets": []}' in strange.stderr
    assert "is no Settings class" in run("schema", "json:dumps").stderr


def test_usage() -> None:
    assert main([]) == 2
    assert main(["--nonsense"]) == 2
    assert main(["a:b", "--nonsense"]) == 2


def test_the_image_tells_what_it_needs() -> None:
    dockerfile = (ROOT / "apps/hello/Dockerfile").read_text()
    label = re.search(r"^LABEL morrow\.settings='(.*)'$", dockerfile, re.MULTILINE)
    assert label is not None
    assert label[1] == run("schema", "hello.app").stdout.strip()


def test_hello_is_a_pleasure_to_read() -> None:
    lines = (ROOT / "apps/hello/hello/app.py").read_text().splitlines()
    assert len(lines) <= 80


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_threads_from_the_container(tmp_path: Path) -> None:
    v2 = write(tmp_path / "a", cpu_dot_max="250000 100000\n")
    assert cpu(v2) == (2.5, "limit")
    assert choose(None, 0.0, v2).count == 4
    assert choose(None, 0.75, v2).count == 10
    assert "2.5 CPU (limit), 75% of a request is waiting" in choose(None, 0.75, v2).reason
    unlimited = write(tmp_path / "b", cpu_dot_max="max 100000\n", cpu_dot_weight="79\n")
    cores, source = cpu(unlimited)
    assert source == "request"
    assert 1.9 < cores < 2.1
    v1 = write(
        tmp_path / "c", cpu__cpu_dot_cfs_quota_us="50000\n", cpu__cpu_dot_cfs_period_us="100000\n"
    )
    assert cpu(v1) == (0.5, "limit")
    shares = write(
        tmp_path / "d",
        cpu__cpu_dot_cfs_quota_us="-1\n",
        cpu__cpu_dot_cfs_period_us="100000\n",
        cpu__cpu_dot_shares="2048\n",
    )
    assert cpu(shares) == (2.0, "request")
    assert cpu(tmp_path / "none") == (1.0, "no limit and no request")


def test_declarations_that_cannot_work_are_refused() -> None:
    with pytest.raises(TypeError, match="needs a subclass"):
        Service(print, dict)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs an application"):
        Service(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wait is a share of time"):
        Service(print, wait=1)
    with pytest.raises(ValueError, match="every and timeout must be above 0"):
        Check("x", print, every=0, timeout=1, failures=1, critical=False)
    service = Service(print)
    service.check("twice")(print)
    with pytest.raises(ValueError, match="declared twice"):
        service.check("twice")


def test_take_where_nobody_offers(tmp_path: Path) -> None:
    assert take(tmp_path / "nothing") is None
