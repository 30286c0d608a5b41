"""Where the application may be: what the project says of itself first, then its syntax trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from morrow.tool.init.files import ASIDE, TESTS, Repository
from morrow.tool.init.paste import pasted
from morrow.tool.init.places import STARTED, Candidate, has_module, places, resolve
from morrow.tool.init.seen import installed, seen

SERVERS = r"gunicorn|uvicorn|hypercorn|daphne|granian|waitress-serve|uwsgi"
RUN = re.compile(rf"\b({SERVERS})\b((?:(?!&&|;|\n).)*)", re.DOTALL)
TARGET = re.compile(r"(?:^|[\s\"'=\[,])([A-Za-z_][\w.-]*):([A-Za-z_]\w*)(\(\))?(?=$|[\s\"',\]])")
FLASK_APP = re.compile(
    r"(?:FLASK_APP\s*[=:]?\s*|flask\s+(?:--app|-A)[\s=]+)[\"']?([\w./:-]+)(?!\S*\()"
)
# A factory with its arguments, as gunicorn and Flask take it.
CALL = re.compile(r"(?:^|[\s\"'=\[,])([A-Za-z_][\w.]*):(([A-Za-z_]\w*)\([^()\n]+\))")
WSGI_APP = re.compile(r"(?m)^wsgi_app\s*=\s*[\"']([\w.:]+(?:\(\))?)")
FASTAPI = re.compile(r"\bfastapi\s+(?:run|dev)\s+(?:--?\S+\s+)*([\w./-]+\.py)")
PYTHON = re.compile(r"\bpython3?[\"',\s]+(?:-u[\"',\s]+)?(-m[\"',\s]+)?([\w./-]+)")
LAYERS = ("local", "development", "dev", "base", "common", "__init__", "production")
SETTINGS = ("/settings.py", *(f"/settings/{one}.py" for one in LAYERS))


def candidates(repository: Repository) -> list[Candidate]:
    """Return all of them, the likeliest first, each once."""
    found: dict[tuple[str, str, str], Candidate] = {}
    for one in (
        *_django(repository),
        *_said(repository),
        *seen(repository),
        *installed(repository),
        *pasted(repository),
    ):
        key = (one.source, one.module or one.django, one.attribute)
        if key not in found or found[key].weight < one.weight:
            found[key] = one
    every = sorted(found.values(), key=lambda one: -one.weight)
    # A test holds the same application, with what a test puts in the place of its parts.
    return [one for one in every if not TESTS.search(one.file)] or every


def named(repository: Repository, target: str) -> list[Candidate]:
    """Return the candidates for what a person or a command line calls the application."""
    module, _, attribute = target.partition(":")
    if module.endswith(".py") or "/" in module:
        path = module.removeprefix("./")
        path = path if path.endswith(".py") else f"{path.rstrip('/')}/__init__.py"
        ends = (path, f"{path.removesuffix('/__init__.py')}.py")  # from where it is started
        there = [one for end in ends for one in repository.python if f"/{one}".endswith(f"/{end}")]
        found = [one for at in there[:3] for one in places(repository, at, attribute, "named", 100)]
    else:
        found = list(resolve(repository, module, attribute, "named", 100))
    django = {one.source: one for one in _django(repository)}
    return [
        replace(one, django=own.django, unsaid=own.unsaid)
        if (own := django.get(one.source))
        else one
        for one in found
    ]


def _django(repository: Repository) -> Iterator[Candidate]:
    for file in repository.named("manage.py", depth=3):
        text = repository.text(file)
        if "django" not in text.lower():  # others call their commands so, too
            continue
        said = re.search(r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)[\"']", text)
        folder = file.rpartition("/")[0]
        weight = 96 - 2 * file.count("/") - (40 if ASIDE.search(file) else 0)
        setting = said[1] if said else ""
        why = f"{file} names {setting}"
        if not setting:  # neither the code nor a default says it: whoever starts it does
            inner = f"{folder}/" if folder else ""
            found = [
                (order, path[len(inner) : -3].removesuffix("/__init__").replace("/", "."))
                for order, end in enumerate(SETTINGS)
                for path in repository.python
                if path.startswith(inner) and path.endswith(end)
            ]
            if not found:
                continue
            setting = min(found)[1]
            why = f"{setting} lies beside {file}, which names none"
        yield Candidate(folder, "", "", why, weight, setting, unsaid=not said)


def _said(repository: Repository) -> Iterator[Candidate]:
    tool = repository.pyproject.get("tool") or {}
    entry = (tool.get("fastapi") or {}).get("entrypoint") if isinstance(tool, dict) else None
    if isinstance(entry, str):
        module, _, attribute = entry.partition(":")
        why = "[tool.fastapi] entrypoint"
        yield from resolve(repository, module, attribute, why, 100)
    texts = []
    for path in repository.others:
        name, deep = path.rpartition("/")[2], path.count("/")
        if deep > 3 or ASIDE.search(path):
            continue
        if name == "Procfile":
            texts.append((path, 92))
        elif "Dockerfile" in name or name == "Containerfile":
            texts.append((path, 86))
        elif re.fullmatch(r"(docker-)?compose.*\.ya?ml", name):
            texts.append((path, 84))
        elif name in (".flaskenv", ".env", ".env.example", "app.yaml", "render.yaml", "fly.toml"):
            texts.append((path, 82))
        elif name.endswith(".sh") or name in ("Makefile", "justfile", "package.json"):
            texts.append((path, 76))
        elif name.lower().startswith("readme") and deep == 0:
            texts.append((path, 64))
    for path in repository.python:
        if path.rpartition("/")[2].startswith("gunicorn"):
            for said in WSGI_APP.finditer(repository.text(path)):
                module, _, attribute = said[1].partition(":")
                yield from resolve(repository, module, attribute, f"{path} names it", 88)
    texts += [
        (path, 70) for path in (".flaskenv", "pyproject.toml", ".env") if repository.text(path)
    ]
    for path, weight in texts:
        text = repository.text(path)
        folder = path.rpartition("/")[0]
        for line in RUN.finditer(re.sub(r"\\\r?\n", " ", text)):
            for target in TARGET.finditer(line[2][:600]):
                module, attribute = target[1], target[2] + (target[3] or "")
                if "--factory" in line[2]:
                    attribute = attribute.removesuffix("()") + "()"
                why = f"{path} runs {line[1]}"
                yield from resolve(repository, module, attribute, why, weight, folder)
        for said in CALL.finditer(text):
            if not has_module(repository, said[1]):
                continue
            script = f"from {said[1]} import {said[3]}\n\napplication = {said[2]}\n"
            for one in resolve(repository, said[1], said[3], f"{path} calls it", weight, folder):
                yield replace(one, module=STARTED, attribute="application", script=script)
        for said in FLASK_APP.finditer(text):
            for one in named(repository, said[1]):
                yield replace(one, why=f"{path} says {said[1]}", weight=weight - 100 + one.weight)
        for said in FASTAPI.finditer(text):
            for one in named(repository, said[1]):
                yield replace(one, why=f"{path} runs fastapi", weight=weight - 100 + one.weight)
        for said in PYTHON.finditer(text) if weight > 70 else ():
            module = said[2] if said[1] else said[2].removesuffix(".py").replace("/", ".")
            if said[1] or said[2].endswith(".py"):
                yield from resolve(
                    repository, module.lstrip("."), "", f"{path} runs it", weight - 20, folder
                )
