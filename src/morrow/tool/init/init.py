"""`morrow init`: look, ask, say what was found, and write what is not there yet."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.project import FILES, table_of
from morrow.tool.init.again import again
from morrow.tool.init.answer import Application, drivers
from morrow.tool.init.beside import Beside, Store, beside, stores
from morrow.tool.init.environments import Layers, layers
from morrow.tool.init.files import Repository
from morrow.tool.init.find import Search
from morrow.tool.init.guess import guess
from morrow.tool.init.image import dockerfile, exposed, kept_out, serves_static
from morrow.tool.init.places import HERE
from morrow.tool.init.settings import INSIDE, SECRET, Setting
from morrow.tool.init.several import others
from morrow.tool.init.syntax import newer
from morrow.tool.init.workflow import workflow
from morrow.tool.init.write import MADE, Draft, dns_label, ignored, project_draft, table, write
from morrow.tool.programs.git import Git
from morrow.tool.programs.python import Interpreter, discover

IGNORED = (".morrow/", ".env")
SEEN = ("!/environments/", "!/environments/*.yaml")


@dataclass(frozen=True)
class Found:
    """All that `init` knows, and what it would write."""

    root: Path
    name: str
    python: Interpreter
    application: Application
    settings: tuple[Setting, ...]
    layers: Layers
    beside: tuple[Beside, ...]
    stores: tuple[Store, ...]
    exposed: tuple[str, ...]  # secrets that stand in the code, by place
    drafts: tuple[Draft, ...]
    kept: tuple[str, ...]
    others: tuple[str, ...]  # applications beside it that are as likely
    unread: tuple[str, ...]  # files that say what they are and cannot be read, and why

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints; no value of a secret is in it."""
        app = self.application
        path, status = app.path
        return {
            "name": self.name,
            "python": {"path": self.python.path, "found": self.python.how},
            "app": app.target,
            "source": app.candidate.source,
            "why": app.candidate.why,
            "interface": app.interface,
            "framework": app.framework,
            "routes": list(app.routes),
            "path": {"path": path, "status": status},
            "trouble": app.trouble,
            "settings": [
                {"name": one.name, "needed": one.needed, "secret": one.secret, "at": one.at}
                for one in self.settings
            ],
            "secrets": list(self.layers.keys),
            "exposed": list(self.exposed),
            "processes": [
                {"name": one.name, "kind": one.kind, "command": list(one.command), "why": one.why}
                for one in self.beside
            ],
            "servers": {kind: dict(one) for kind, one in app.servers.items()},
            "stores": [
                {"kind": one.kind, "package": one.package, "settings": list(one.settings)}
                for one in self.stores
            ],
            "files": [{"path": one.path, "action": one.action} for one in self.drafts],
            "kept": list(self.kept),
            "others": list(self.others),
            "unread": list(self.unread),
        }


def look(
    root: Path,
    app: str,
    name: str,
    choose: Callable[[list[str]], int],
    network: bool = False,
    *,
    ci: bool = False,
    terraform: bool = False,
) -> Found:
    """Look at everything and change nothing."""
    if not os.access(root, os.W_OK | os.X_OK):
        raise Failure(
            problem("init-unwritable", str(root), "the folder is read-only for this user")
        )
    known = _known(root)
    repository = Repository.read(root)
    source = str(known.get("source") or "").strip("./")
    named = str(known.get("python") or "")
    python = discover(root, named, tuple(root / place for place in (source, *_folders(repository))))
    repository.newer = partial(newer, python)
    search = Search(repository, python, network)
    application = search.run(app or str(known.get("app") or ""), choose)
    source = application.candidate.source
    settings = tuple(search.settings)
    runs = tuple(beside(repository, source))
    in_vain = (*application.given.values(), *drivers(application.raised))
    named_stores = tuple(stores(repository, settings, in_vain if application.fails else ()))
    label = dns_label(name or _name(repository, root))
    docker = [path for path in (f"{source}/Dockerfile".lstrip("/"), "Dockerfile")
              if (root / path).is_file()]  # fmt: skip
    foreign = bool(docker) and "morrow" not in repository.text(docker[0])
    port = exposed(repository, source) if foreign else None
    idle = tuple(
        one
        for one in runs
        if one.name not in search.jobs
        and (one.kind == "job" or named_stores or one.command[0] in ("celery", "dramatiq", "rq"))
    )
    made = layers(label, _image(root, label), application, settings, runs, idle, foreign, port,
                  "terraform" if terraform else "helm")  # fmt: skip
    drafts = [Draft(f"environments/{stem}.yaml", text) for stem, text in made.files.items()]
    drafts += [
        Draft(f"{source}/{one}/.gitignore".lstrip("/"), "*\n!.gitignore\n")
        for one in application.folders
    ]
    drafts += [
        Draft(f"{source}/{one}".lstrip("/"), repository.text(f"{source}/{like}".lstrip("/")))
        for one, like in application.examples.items()
    ]
    if application.candidate.script:
        made_module = f"{source}/{application.candidate.module}.py".lstrip("/")
        drafts.append(Draft(made_module, application.candidate.script))
    if application.candidate.here:
        drafts.append(Draft(f"{source}/{HERE}.py".lstrip("/"), application.candidate.here))
    if not docker or (docker[0] == "Dockerfile" and MADE in repository.text("Dockerfile")):
        known_settings = {one.name: one for one in settings}
        collects = application.framework == "django" and serves_static(repository)
        static = (
            {one: guess(one, known_settings) for one in application.given} if collects else None
        )
        text = dockerfile(repository, source, application.target, python.version, static)
        drafts += [Draft("Dockerfile", text), Draft(".dockerignore", kept_out(repository))]
    files = any("local.db" in one.text for one in drafts)
    unseen = SEEN if _unseen(root, [*made.files]) else ()
    ignore = ignored(root, (*IGNORED, *unseen, "local.db") if files else (*IGNORED, *unseen))
    drafts += [ignore] if ignore else []
    drafts += [workflow()] if ci else []
    if not known:  # last: what is cut off before it is no project yet, and is begun anew
        drafts.append(project_draft(root, table(application.target, source, *application.path)))
    kept = tuple(one.path for one in drafts if one.action == "new" and (root / one.path).exists())
    more = again(root, {one.path: one.text for one in drafts if one.path in kept})
    return Found(
        root, label, python, application, settings, made, runs, named_stores,
        tuple(_exposed(repository, source)),
        tuple(more + [one for one in drafts if one.path not in kept]),
        tuple(path for path in kept if path not in [one.path for one in more]),
        tuple(others(search.found, application.candidate)),
        tuple(repository.unread),
    )  # fmt: skip


def apply(found: Found) -> None:
    """Write the files, the one that makes it a project last."""
    for draft in found.drafts:
        try:
            write(found.root, draft)
        except OSError as error:
            raise Failure(problem("init-unwritable", draft.path, str(error.strerror))) from None


def _known(root: Path) -> dict[str, Any]:
    for name in FILES:
        file = root / name
        if file.is_file():
            try:
                found = table_of(file)
            except Failure:
                if name == "morrow.toml":
                    raise
                continue  # a pyproject.toml that nobody can read is not ours to mend
            if found is not None:
                return found
    return {}


def _folders(repository: Repository) -> list[str]:
    """Return folders that may have an environment of their own."""
    named = repository.named("requirements.txt", "pyproject.toml", "manage.py", "Pipfile")
    return list(dict.fromkeys(path.rpartition("/")[0] for path in named if "/" in path))


def _name(repository: Repository, root: Path) -> str:
    project = repository.pyproject.get("project")
    stated = project.get("name") if isinstance(project, dict) else None
    return stated if isinstance(stated, str) and stated else root.name


def _image(root: Path, name: str) -> str:
    try:
        done = Git(root).run("remote", "get-url", "origin")
        said = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?/?$", done.out.strip())
    except Failure:  # there is no git
        said = None
    return f"ghcr.io/{said[1].lower()}" if said else f"registry.example.com/{name}"


def _unseen(root: Path, stems: list[str]) -> bool:
    """Whether Git would leave an environment out: `env*` in a .gitignore means something else."""
    try:
        asked = [f"environments/{stem}.yaml" for stem in stems if stem != "local"]  # a person's
        return Git(root).run("check-ignore", *asked).code == 0
    except Failure:  # there is no git
        return False


def _exposed(repository: Repository, source: str) -> list[str]:
    """Name the places where a secret stands in the code, never its value."""
    import ast

    found = []
    inside = f"{source}/" if source else ""
    for file, tree in repository.trees.items():
        if not file.startswith(inside) or "test" in file:
            continue
        for node in ast.walk(tree):
            pairs: list[tuple[str, ast.AST]] = []
            if isinstance(node, ast.Assign):
                target = node.targets[0]
                if isinstance(target, ast.Name | ast.Attribute):
                    name = target.id if isinstance(target, ast.Name) else target.attr
                    pairs.append((name, node.value))
                elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    pairs.append((str(target.slice.value), node.value))
            for name, value in pairs:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    by_name = name.isupper() and SECRET.search(name) and len(value.value) > 5
                    if by_name or INSIDE.search(value.value):
                        found.append(f"{name} at {file}:{getattr(node, 'lineno', 1)}")
    return found[:20]
