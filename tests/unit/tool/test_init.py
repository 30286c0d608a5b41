"""`morrow init` in repositories that nobody prepared for it: what it finds, and bad input."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.environment.load import problems_of, read
from morrow.tool.init import ask
from morrow.tool.init.init import Found, apply, look
from morrow.tool.init.several import several
from tests.unit.tool.command import MAIN, morrow

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
"""

ASKS = """
import os, socket
socket.create_connection(('127.0.0.1', int(os.environ['STORE_PORT'])))
"""


def choose(folders: list[str]) -> int:
    raise several(folders)


def found(folder: Path, app: str = "", name: str = "") -> Found:
    return look(folder, app, name, choose)


def refused(folder: Path) -> tuple[str, str]:
    with pytest.raises(Failure) as told:
        found(folder)
    problem = told.value.problems[0]
    return problem.code, f"{problem.cause} | {problem.fix} | {' '.join(problem.details)}"


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """A folder whose name is no DNS label, and what it held must be there at the end."""
    folder = tmp_path / "My Shop_2"
    folder.mkdir()
    yield folder
    assert not list(folder.rglob("*.part"))


def fill(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_it_writes_what_the_schema_takes_and_nothing_twice(repository: Path) -> None:
    fill(repository, wsgi_py=WSGI + "\nimport os\nos.environ['SHOP_NAME']\nos.environ['API_TOKEN']")
    (repository / ".env").write_text("API_TOKEN=the-real-one\n")
    first = found(repository)
    assert first.name == "my-shop-2"
    assert first.application.path == ("/", 200)
    assert first.layers.keys == ("API_TOKEN",)
    apply(first)
    project = Project.find(repository)
    for label in ("local", "dev", "prod"):
        assert problems_of(read(project, label)) == []
    base = read(project, "local").values
    assert base["config"]["SHOP_NAME"]
    written = [one.path for one in first.drafts]
    assert written[-1] == "morrow.toml", "it is a project when all else is there"
    for path in written:
        assert "the-real-one" not in (repository / path).read_text()
    assert ".env" in (repository / ".gitignore").read_text().splitlines()
    again = found(repository)
    assert again.drafts == ()
    (repository / "environments" / "dev.yaml").write_text("environment: dev\n")
    (repository / "Dockerfile").unlink()
    assert [one.path for one in found(repository).drafts] == ["Dockerfile"]


def test_a_killed_init_is_completed_by_the_next(repository: Path) -> None:
    fill(repository, wsgi_py=WSGI)
    (repository / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    whole = found(repository)
    for number in range(len(whole.drafts)):
        halfway = found(repository)
        apply(Found(**{**vars(halfway), "drafts": halfway.drafts[:1]}))
        assert number == len(whole.drafts) - 1 or "morrow" not in tomllib.loads(
            (repository / "pyproject.toml").read_text()
        ).get("tool", {})
    assert found(repository).drafts == ()
    assert Project.find(repository).app == "wsgi:application"


def test_the_command_says_and_writes(repository: Path) -> None:
    fill(repository, wsgi_py=WSGI)
    dry = morrow("init", "--yes", "--dry-run", folder=repository)
    assert dry.code == 0, dry.err
    assert [one.name for one in repository.iterdir()] == ["wsgi.py"]
    assert "application  wsgi:application" in dry.out
    assert "new environments/base.yaml\n  | #" in dry.out
    told = morrow("init", "--json", folder=repository).answer
    assert told["next"][0] == "morrow up local"
    assert {one["path"] for one in told["files"]} >= {"Dockerfile", "environments/prod.yaml"}
    again = morrow("init", "--yes", folder=repository)
    assert "everything is there already" in again.out


def test_windows_line_ends_stay(repository: Path) -> None:
    fill(repository, wsgi_py=WSGI.replace("\n", "\r\n"))
    for name, text in (
        ("pyproject.toml", '[project]\r\nname = "shop"\r\n'),
        (".gitignore", "a\r\n"),
    ):
        (repository / name).write_bytes(text.encode())
    apply(found(repository))
    for name in ("pyproject.toml", ".gitignore"):
        raw = (repository / name).read_bytes()
        assert raw.count(b"\n") == raw.count(b"\r\n") > 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys\nsys.exit('go away')", "SystemExit at app.py:2: go away"),
        ("import os\nos._exit(3)", "ended the process (3)"),
        ("import time\ntime.sleep(60)", "did not end in 2 s"),
        ("1 / 0", "ZeroDivisionError at app.py:1"),
        ("import os\nif os.fork() == 0:\n import time; time.sleep(60)\n1/0", "ZeroDivisionError"),
    ],
)
def test_an_import_that_does_not_work_is_told(
    repository: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    if "did not end" in said:
        monkeypatch.setattr(ask, "SECONDS", 2.0)
        monkeypatch.setattr(ask, "busy", lambda: 1.0)
    fill(repository, app_py=f"{text}\napp = Flask(__name__)")
    code, told = refused(repository)
    assert code == "init-import"
    assert said in told
    assert [one.name for one in repository.iterdir()] == ["app.py"]


def test_an_import_that_asks_a_database_says_so(repository: Path) -> None:
    fill(repository, app_py=ASKS + WSGI)
    (repository / "Procfile").write_text("web: gunicorn app:application\n")
    code, told = refused(repository)
    assert code == "init-needs-store"
    assert "app.py:3" in told


def test_with_network_it_is_asked_where_its_database_is(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repository, app_py=ASKS + WSGI)
    with socket.create_server(("127.0.0.1", 0)) as store:
        monkeypatch.setenv("STORE_PORT", str(store.getsockname()[1]))
        told = look(repository, "", "", choose, network=True)
    assert told.application.path == ("/", 200)


def test_what_it_imports_and_lacks_is_named(repository: Path) -> None:
    fill(repository, app_py="import no_such_library\napp = no_such_library.Flask()")
    code, told = refused(repository)
    assert code == "init-not-installed"
    assert "No module named 'no_such_library'" in told


def test_what_it_prints_and_writes_stays_in_the_copy(repository: Path) -> None:
    noise = "print('noise' * 100000)\nopen('here.txt', 'w').write('x')\n"
    fill(repository, app_py=noise + WSGI)
    assert found(repository).application.target == "app:application"
    assert [one.name for one in repository.iterdir()] == ["app.py"]


def test_no_python_and_no_application(repository: Path) -> None:
    assert refused(repository)[0] == "init-no-python"
    fill(repository, tool_py="print('a script')")
    assert refused(repository)[0] == "init-no-application"


def test_three_services_are_named_and_one_can_be_chosen(repository: Path) -> None:
    for name in ("users", "orders", "mail"):
        fill(repository, **{f"{name}__wsgi_py": WSGI, f"{name}__requirements_txt": ""})
    code, told = refused(repository)
    assert code == "init-several"
    assert all(name in told for name in ("users", "orders", "mail"))
    chosen = look(repository, "", "", lambda folders: folders.index("orders"))
    assert chosen.application.candidate.source == "orders"
    assert '"orders"' in chosen.drafts[-1].text


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root")
def test_a_folder_that_cannot_be_written_is_told_first(repository: Path) -> None:
    fill(repository, wsgi_py=WSGI)
    repository.chmod(0o555)
    words = [sys.executable, "-c", MAIN, "init", "--yes", "--json"]
    if os.geteuid() == 0:
        words = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *words]
        words[1:1] = ["--no-new-privs"]
    done = subprocess.run(words, cwd=repository, capture_output=True, text=True, check=False)
    repository.chmod(0o755)
    assert "init-unwritable" in done.stdout, done.stderr
    assert [one.name for one in repository.iterdir()] == ["wsgi.py"]


def test_an_application_is_found_as_people_lay_it_out(repository: Path) -> None:
    fill(
        repository, src__shop____init___py="", src__shop__web_py=WSGI.replace("application", "app")
    )
    (repository / "Procfile").write_text(
        "web: gunicorn shop.web:app\nmails: python -m shop.mails\n"
    )
    told = found(repository)
    assert (told.application.candidate.source, told.application.target) == ("src", "shop.web:app")
    assert "Procfile" in told.application.candidate.why
    assert [(one.name, one.kind) for one in told.beside] == [("mails", "worker")]
    base = yaml.safe_load(next(one.text for one in told.drafts if "base" in one.path))
    words = ["python", "-m", "morrow", "worker", "--", "python", "-m", "shop.mails"]
    assert base["processes"]["mails"]["command"] == words


def test_a_factory_that_needs_a_setting_gets_one(repository: Path) -> None:
    text = "import os\ndef create_app():\n    os.environ['DATABASE_URL'], os.environ['PAGE_SIZE']\n"
    fill(repository, app_py=text + "    return application\n" + WSGI, wsgi_py="")
    (repository / "app.py").write_text((repository / "app.py").read_text() + "\n")
    told = found(repository, "app:create_app()")
    assert told.application.target == "app:create_app()"
    local = yaml.safe_load(next(one.text for one in told.drafts if "local" in one.path))
    assert local["config"] == {"DATABASE_URL": "sqlite:///local.db"}
    assert told.layers.keys == told.layers.stores == ("DATABASE_URL",)
