"""The Dockerfile and .dockerignore of a repository that has none."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping

from morrow import __version__
from morrow.tool.init.files import Repository
from morrow.tool.init.needs import install
from morrow.tool.init.write import MADE

# What a wheel from an index does not bring along: packages of Debian at run time.
SYSTEM = {
    "psycopg2": "libpq5", "psycopg": "libpq5", "mysqlclient": "libmariadb3",
    "python-magic": "libmagic1", "weasyprint": "libpango-1.0-0 libpangoft2-1.0-0",
    "cairosvg": "libcairo2", "opencv-python": "libgl1 libglib2.0-0", "pylibmc": "libmemcached11",
    "gdal": "libgdal36", "geoip": "libgeoip1", "pydub": "ffmpeg", "ffmpeg-python": "ffmpeg",
    "pytesseract": "tesseract-ocr", "pyzbar": "libzbar0", "python-ldap": "libldap2",
    "django-auth-ldap": "libldap2", "xmlsec": "libxmlsec1", "pysaml2": "xmlsec1",
    "wand": "imagemagick", "opencv-contrib-python": "libgl1 libglib2.0-0",
    "pdf2image": "poppler-utils", "pygraphviz": "libgraphviz-dev",
}  # fmt: skip
# What builds from source: packages of Debian in the builder.
BUILD = {
    "psycopg2": "libpq-dev", "mysqlclient": "default-libmysqlclient-dev pkg-config",
    "python-ldap": "libldap2-dev libsasl2-dev", "django-auth-ldap": "libldap2-dev libsasl2-dev",
    "xmlsec": "libxmlsec1-dev pkg-config", "pylibmc": "libmemcached-dev", "gdal": "libgdal-dev",
    "pygraphviz": "libgraphviz-dev", "uwsgi": "", "pycairo": "libcairo2-dev pkg-config",
}  # fmt: skip
NEWEST = (3, 14)
GIT = re.compile(r"\bgit\+(https?|ssh|git)://|[{\s\"]git\"?\s*[=:]\s*[\"']")
VERSIONED = re.compile(r"setuptools[-_]scm|hatch-vcs|\bpbr\b")
KEPT_OUT = """\
# What an image has no use for. Made by `morrow init`; yours to edit.
.git
.gitignore
.github
**/.venv
**/venv
env
**/.env
**/.env.*
!**/.env.example
.morrow
environments
terraform
chart
**/node_modules
**/__pycache__
**/*.pyc
**/.pytest_cache
**/.mypy_cache
**/.ruff_cache
.tox
.coverage
htmlcov
**/db.sqlite3
**/local.db
**/*.log
Dockerfile
.dockerignore
"""


def kept_out(repository: Repository) -> str:
    """Return the .dockerignore; what holds code of the project's own is not left out."""
    code = {path.partition("/")[0] for path in repository.python}
    return "".join(f"{one}\n" for one in KEPT_OUT.splitlines() if one not in code)


def dockerfile(
    repository: Repository,
    source: str,
    target: str,
    version: tuple[int, int],
    static: Mapping[str, str] | None,
) -> str:
    """Return a Dockerfile of two stages: uv installs, a small image runs as nobody.

    `static`: what Django's settings need for `collectstatic`, None where nothing is collected.
    """
    python = "{}.{}".format(*min(version, NEWEST))
    asked = repository.requirements
    needed = sorted({word for name in SYSTEM.keys() & asked for word in SYSTEM[name].split()})
    build = sorted({word for name in BUILD.keys() & asked for word in BUILD[name].split()})
    files, line = install(repository, source)
    said = "\n".join(map(repository.text, {*files, "pyproject.toml", "setup.py"}))
    fetches = ["git"] if GIT.search(said) else []  # the builder's image has none
    where = f"/app/{source}" if source else "/app"
    lines = [
        f"# {MADE} Give both images by digest for a release.",
        f"ARG BUILDER_IMAGE=ghcr.io/astral-sh/uv:python{python}-trixie-slim",
        f"ARG RUNTIME_IMAGE=docker.io/library/python:{python}-slim-trixie",
        "",
        "FROM ${BUILDER_IMAGE} AS builder",
        "# `morrow build` gives the commit's time: two builds of one commit are the same image.",
        "ARG SOURCE_DATE_EPOCH",
        "ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never \\",
        "    PYTHONHASHSEED=0",
        "WORKDIR /app",
    ]
    compiles = ["gcc", "libc6-dev", *build] if build or BUILD.keys() & asked else []
    lines += [_apt([*compiles, *fetches])] if compiles or fetches else []
    if given_version := _given_version(repository):
        lines += ["# Git's folder is not in the image, and the version would come from there.",
                  f"ENV {given_version}"]  # fmt: skip
    lines += ["RUN uv venv --python $(command -v python3) /app/.venv"]
    for file in files:
        folder = "./" if "/" not in file else f"./{file.rpartition('/')[0]}/"
        whole = "." not in file.rpartition("/")[2] and not file.endswith("Pipfile")
        lines.append(f"COPY {file} {f'./{file}/' if whole and file != '.' else folder}")
    lines += [f"RUN {line}"] if line else []
    lines += [
        f'ARG MORROW="morrow[serve]=={__version__}"',
        'RUN uv pip install --python /app/.venv/bin/python "${MORROW}"',
        "COPY . .",
    ]
    if _asks_itself(repository):  # its version is what its installed metadata say
        into = "uv pip install --python /app/.venv/bin/python --no-deps --editable"
        lines.append(f"RUN {into} . || echo 'the project itself is not installed'")
    if static is not None:
        given = {"SECRET_KEY": "build", "DJANGO_SECRET_KEY": "build", **static}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
        run = f"{words} /app/.venv/bin/python manage.py collectstatic"
        lines.append(f"RUN cd {where} && {run} --no-input || echo 'no static files'")
    lines += ["", "FROM ${RUNTIME_IMAGE}"]
    lines += [_apt(needed)] if needed else []
    lines += [
        "COPY --from=builder --chown=0:0 /app /app",
        f"ENV PATH=/app/.venv/bin:$PATH PYTHONPATH={where} PYTHONUNBUFFERED=1 \\",
        "    PYTHONDONTWRITEBYTECODE=1 MORROW_HOST=0.0.0.0 HOME=/tmp",
        f"WORKDIR {where}",
        "USER 10001:10001",
        "EXPOSE 5000 8081",
        'ENTRYPOINT ["python", "-m", "morrow"]',
        f"CMD {json.dumps([target])}",
    ]
    return "\n".join(lines) + "\n"


def _given_version(repository: Repository) -> str:
    """Return what gives this project alone a version, where it would ask Git for one."""
    said = repository.text("pyproject.toml") + repository.text("setup.py")
    if not VERSIONED.search(said):
        return ""
    if re.search(r"\bpbr\b", said):
        return "PBR_VERSION=0.0.0"
    name = str((repository.pyproject.get("project") or {}).get("name") or "")
    own = f"_FOR_{re.sub('[-_.]+', '_', name).upper()}" if name else ""
    return f"SETUPTOOLS_SCM_PRETEND_VERSION{own}=0.0.0"


def _asks_itself(repository: Repository) -> bool:
    """Whether the code asks for the metadata of a project that can be installed."""
    if "build-system" not in repository.pyproject or "project" not in repository.pyproject:
        return False
    asks = re.compile(r"\b(importlib[._]metadata|pkg_resources)\b")
    return any(asks.search(repository.text(path)) for path in repository.python[:300])


def _apt(packages: list[str]) -> str:
    return (
        "RUN apt-get update \\\n"
        f" && apt-get install --yes --no-install-recommends {' '.join(packages)} \\\n"
        " && rm -rf /var/lib/apt/lists/*"
    )


def serves_static(repository: Repository) -> bool:
    """Whether Django is told where to collect static files."""
    pattern = re.compile(r"(?m)^\s*STATIC_ROOT\s*=")
    files = [path for path in repository.python if "settings" in path]
    return any(pattern.search(repository.text(path)) for path in files[:20])


def exposed(repository: Repository, source: str) -> int | None:
    """Return the port of a Dockerfile that is there already."""
    for path in dict.fromkeys((f"{source}/Dockerfile".lstrip("/"), "Dockerfile")):
        text = repository.text(path)
        starts = " ".join(re.findall(r"(?m)^(?:CMD|ENTRYPOINT)(.*)", text))
        named = re.findall(r"[\w./-]+\.(?:py|sh)\b", starts)  # who starts it: gunicorn's own file
        for folder in re.findall(r"(?m)^WORKDIR\s+(/\S+?)/?$", text):
            named = [one.removeprefix(f"{folder}/") for one in named]
        # What an image has at a path is no file of this machine there.
        inner = [one.removeprefix("./").lstrip("/") for one in named if ".." not in one]
        text += "".join("\n" + repository.text(one) for one in inner)
        for pattern in (
            r"(?m)^EXPOSE\s+(\d+)",
            r"0\.0\.0\.0:(\d+)",
            r"--port[\", =]+(\d+)",
            r"(?:--bind|-b)[\", =]+:(\d+)",
        ):
            if found := re.search(pattern, text):
                return int(found[1])
    return None
