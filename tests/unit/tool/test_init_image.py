"""The Dockerfile of `morrow init`: the usual rules, and every way to say what is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from morrow.tool.init.files import LARGEST, Repository
from morrow.tool.init.image import KEPT_OUT, dockerfile, exposed, kept_out

PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'
# What a project has, and what its image must take in and run.
NEEDS = {
    "uv": ({"uv.lock": "version = 1\n", "pyproject.toml": PROJECT}, "uv sync --frozen --no-dev"),
    "poetry": ({"poetry.lock": "x\n", "pyproject.toml": "[tool.poetry]\n"}, "poetry export"),
    "pipenv": ({"Pipfile.lock": "{}\n", "Pipfile": "[packages]\n"}, "pipenv requirements"),
    "requirements": ({"requirements.txt": "flask\n"}, "-r requirements.txt"),
    "folder": ({"requirements/prod.txt": "-r base.txt\n", "requirements/base.txt": "flask\n"},
               "-r requirements/prod.txt"),
    "metadata": ({"pyproject.toml": PROJECT}, "-r pyproject.toml"),
    "setup": ({"setup.py": "from setuptools import setup\nsetup(install_requires=['flask>=2'])\n"},
              "/app/.venv/bin/python ./"),
    "named": ({"requirements.txt": "-r deps/base.txt\n", "deps/pins.txt": "flask==3\n",
               "deps/base.txt": "-c pins.txt\nflask\n"}, "-r requirements.txt"),
    "itself": ({"requirements.txt": "flask\n-e .\n", "setup.py": "x\n"}, "-r requirements.txt"),
    "workspace": ({"uv.lock": "x\n", "pyproject.toml": f"{PROJECT}[tool.uv.workspace]\n",
                   "parts/one/pyproject.toml": PROJECT}, "uv sync --frozen --no-dev"),
    "below": ({"backend/requirements.txt": "flask\n"}, "-r backend/requirements.txt"),
    "below, metadata": ({"backend/pyproject.toml": PROJECT}, "-r backend/pyproject.toml"),
    "pipenv, no lock": ({"Pipfile": "[packages]\nflask = '*'\n"}, "pipenv lock"),
    "poetry, no lock": ({"pyproject.toml": "[tool.poetry.dependencies]\nflask = '*'\n"},
                        "poetry lock"),
    "parts": ({"poetry.lock": "x\n", "pyproject.toml": "one = {path = 'parts/one'}\n",
               "parts/one/pyproject.toml": PROJECT}, "poetry export"),
    "dynamic": ({"pyproject.toml": "build-system = {}\n[project]\ndynamic = ['dependencies']\n",
                 "deps.txt": "flask\n"}, "/app/.venv/bin/python ./"),
    "another name": ({"deploy/requirements-web.txt": "flask\n"},
                     "-r deploy/requirements-web.txt"),
}  # fmt: skip


def made(
    folder: Path, files: dict[str, str], source: str = "", static: dict[str, str] | None = None
) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return dockerfile(Repository.read(folder), source, "shop:app", (3, 12), static)


def instructions(text: str) -> list[tuple[str, str]]:
    whole = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in whole.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def faults(text: str) -> list[str]:
    """Name what hadolint would: its rules as far as they concern what is written here."""
    found, told = [], instructions(text)
    for word, rest in told:
        if word == "FROM" and not (
            rest.startswith("${") or "@" in rest or re.search(r":[\d.]", rest)
        ):
            found.append("DL3006: an image without a version")
        if word == "ADD":
            found.append("DL3020: ADD for a file")
        if word == "RUN" and "apt-get install" in rest:
            found += ["DL3009: lists stay"] if "rm -rf /var/lib/apt/lists" not in rest else []
            found += ["DL3015: recommends"] if "--no-install-recommends" not in rest else []
            found += ["DL3014: it asks"] if "--yes" not in rest else []
        if word == "RUN" and re.search(r"\bsudo\b|pip install (?!.*--python)", rest):
            found.append("DL3004, DL3013: sudo, or pip of the image's own")
        if word in ("CMD", "ENTRYPOINT") and not isinstance(json.loads(rest), list):
            found.append("DL3025: a shell for a command")
        if word == "WORKDIR" and not rest.startswith("/"):
            found.append("DL3000: a relative folder")
    users = [rest for word, rest in told if word == "USER"]
    found += [] if users and not users[-1].startswith(("root", "0")) else ["DL3002: root"]
    found += ["DL3007: latest"] if ":latest" in text else []
    return found


@pytest.mark.parametrize("way", NEEDS)
def test_each_way_to_say_what_is_needed_is_copied_and_installed(tmp_path: Path, way: str) -> None:
    files, line = NEEDS[way]
    text = made(tmp_path, files, "backend" if way.startswith("below") else "")
    assert faults(text) == []
    told = instructions(text)
    (at,) = [number for number, (word, rest) in enumerate(told) if word == "RUN" and line in rest]
    copied = [rest.rsplit(" ", 1) for word, rest in told[:at] if word == "COPY"]
    for file in files:
        above = {file, file.rpartition("/")[0], "."}
        assert any(source in above for source, _ in copied), f"{file} is not there when it is read"
    for source, target in copied:
        folder = (tmp_path / source).is_dir()
        parent = source if folder else source.rpartition("/")[0]
        assert target.strip("./") == parent.strip("./"), "it lies where the line looks for it"


def test_the_rules_find_what_they_are_for() -> None:
    """A control."""
    bad = "FROM python\nADD . /\nRUN apt-get install gcc\nWORKDIR app\nCMD python\n".replace(
        "CMD python", 'CMD "python"'
    )
    assert len(faults(bad)) == 8


def test_system_packages_of_known_wheels_are_installed_in_their_stage(tmp_path: Path) -> None:
    text = made(tmp_path, {"requirements.txt": "psycopg2\nmysqlclient\nweasyprint\n"})
    assert faults(text) == []
    builder, runtime = text.split("FROM ${RUNTIME_IMAGE}")
    assert {"libpq-dev", "gcc", "pkg-config"} <= set(builder.split())
    assert {"libpq5", "libmariadb3", "libpango-1.0-0"} <= set(runtime.split())
    assert "gcc" not in runtime.split()


def test_what_only_git_can_fetch_or_tell_is_provided_for(tmp_path: Path) -> None:
    text = made(tmp_path, {"requirements.txt": "shop @ git+https://git.example.com/shop\n"})
    assert faults(text) == []
    assert "git" in text.split("FROM ${RUNTIME_IMAGE}")[0].split()
    assert "git" not in made(tmp_path, {"requirements.txt": "gitpython\n"}).split(), "the control"
    assert "SCM_PRETEND" not in made(tmp_path, {"setup.py": "setup()\n"}), "the control"
    assert "SCM_PRETEND" in made(tmp_path, {"setup.py": "setup(setup_requires='setuptools_scm')"})
    named = '[project]\nname = "my-shop"\n[build-system]\nrequires = ["setuptools-scm"]\n'
    text = made(tmp_path, {"setup.py": "", "pyproject.toml": named})
    assert "PRETEND_VERSION_FOR_MY_SHOP=0.0.0" in text, "what it needs keeps its own version"


def test_a_long_lock_file_is_a_lock_file(tmp_path: Path) -> None:
    lock = {"uv.lock": "#" * (LARGEST + 1), "pyproject.toml": PROJECT}
    assert "uv sync --frozen" in made(tmp_path, lock)
    assert "uv sync" not in made(tmp_path, {"uv.lock": ""}), "the control"


def test_requirements_that_windows_wrote_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("flask\r\npsycopg2\r\n".encode("utf-16"))
    assert Repository.read(tmp_path).requirements == {"flask", "psycopg2"}


def test_nothing_private_goes_into_the_image() -> None:
    assert {"**/.env", ".git", "**/.venv", ".morrow"} <= set(KEPT_OUT.splitlines())


def test_code_of_a_name_that_is_mostly_no_code_goes_into_the_image(tmp_path: Path) -> None:
    made(tmp_path, {"chart/pages.py": "", "terraform/main.tf": ""})
    lines = kept_out(Repository.read(tmp_path)).splitlines()
    assert ("chart" in lines, "terraform" in lines) == (False, True)


def test_static_files_are_collected_with_what_the_settings_need(tmp_path: Path) -> None:
    text = made(tmp_path, {"manage.py": ""}, static={"SHOP_NAME": "a b"})
    assert "SHOP_NAME='a b' /app/.venv/bin/python manage.py collectstatic" in text
    assert "collectstatic" not in made(tmp_path, {"manage.py": ""}), "the control"


def test_a_project_that_asks_for_its_own_version_is_installed(tmp_path: Path) -> None:
    asks = {"shop.py": "from importlib.metadata import version\nversion('shop')\n"}
    build = f'{PROJECT}[build-system]\nrequires = ["hatchling"]\n'
    told = instructions(made(tmp_path, {**asks, "pyproject.toml": build}))
    (at,) = [number for number, (_, rest) in enumerate(told) if "--editable ." in rest]
    assert ("COPY", ". .") in told[:at]
    assert "--editable" not in made(tmp_path, {"shop.py": ""}), "the control"


@pytest.mark.parametrize(
    ("starts", "port"),
    [
        ('CMD ["gunicorn", "-c", "serve.py", "app:app"]', 5005),
        ("ENTRYPOINT ./boot.sh", 7007),
        ('CMD ["gunicorn", "-b", ":6006", "app:app"]', 6006),
        ('CMD ["gunicorn", "app:app"]', None),
        ('WORKDIR /srv/shop/\nCMD ["/srv/shop/boot.sh"]', 7007),
        ('ENTRYPOINT ["/boot.sh"]', 7007),
        ('CMD ["HERE/outside.sh"]', None),
        ('CMD ["../outside.sh"]', None),
    ],
)
def test_the_port_of_an_image_may_stand_where_its_start_is(
    tmp_path: Path, starts: str, port: int | None
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (tmp_path / "outside.sh").write_text("exec gunicorn --bind :9009 app:app\n")
    (shop / "serve.py").write_text("bind = '0.0.0.0:5005'\n")
    (shop / "Dockerfile").write_text(f"FROM python\n{starts.replace('HERE', str(tmp_path))}\n")
    (shop / "boot.sh").write_text("exec gunicorn --bind :7007 app:app\n")
    assert exposed(Repository.read(shop), "") == port
