"""An environment's image: built from the commit, pushed, its digest written into the file."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.environment import edit
from morrow.tool.environment.model import Environment
from morrow.tool.programs.builder import Builder, Order
from morrow.tool.programs.git import Git

EVERYTHING = re.compile(r"^\s*(COPY|ADD)\s+(--\S+\s+)*\.{1,2}/?\s", re.MULTILINE | re.IGNORECASE)
# A Dockerfile that takes a time is ready for one that is not the clock's: what it compiles must not
# be held to the times of files that the builder sets afterwards.
TAKES_A_TIME = re.compile(r"^\s*ARG\s+SOURCE_DATE_EPOCH\b", re.MULTILINE | re.IGNORECASE)
PRIVATE = (".morrow", ".env")  # what holds secrets on an engineer's machine


@dataclass(frozen=True)
class BuildOptions:
    """What `morrow build` was given."""

    push: bool = False
    tag: str = ""
    builder: str = ""
    file: Path | None = None
    platforms: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # for the builder itself


def build(environment: Environment, options: BuildOptions) -> Outcome:
    """Build the image; with `push` push it and write its digest."""
    project, label = environment.project, environment.label
    file = options.file or _dockerfile(project)
    _refuse_secrets(project, file)
    commit, clean = _commit(project)
    tag = options.tag or (commit if clean else f"{commit}-dirty")
    repository = str(environment.value("image", "repository") or "")
    image = f"{repository}:{tag}"
    if options.push:
        if not clean:
            terminal.warn(f"what is not committed goes into the image too: {tag} says so")
        named = {"tag": tag, "digest": "sha256:" + "0" * 64}
        edit.require_editable(environment, "image", named)
    builder = Builder.find(options.builder)
    terminal.say(f"{image}, from {environment.shown(file)}, by {builder.name}")
    labels = {"org.opencontainers.image.revision": commit} if commit else {}
    made_at = (
        _time_of(project) if clean and TAKES_A_TIME.search(file.read_text(errors="replace")) else ""
    )
    order = Order(project.root, file, image, labels, made_at, options.platforms, options.more)
    digest = builder.build(order, push=options.push)
    data: dict[str, Any] = {"environment": label, "image": image, "builder": builder.name}
    if not options.push:
        text = f"built {image}\nnext: {typed()} build {label} --push"
        return Outcome(text, {**data, "digest": None, "file": None})
    edit.write(environment, "image", {"tag": tag, "digest": digest})
    shown = environment.shown(environment.file)
    text = f"pushed {image}@{digest}\n{shown} names it; next: {typed()} plan {label}"
    return Outcome(text, {**data, "digest": digest, "file": shown})


def _dockerfile(project: Project) -> Path:
    places = [folder / name for folder in (project.root, project.source)
              for name in ("Dockerfile", "Containerfile")]  # fmt: skip
    dockerfile = next((file for file in places if file.is_file()), None)
    if dockerfile is None:
        cause = "there is no Dockerfile there and none beside the source"
        raise Failure(problem("dockerfile-missing", str(project.root), cause))
    return dockerfile


def _commit(project: Project) -> tuple[str, bool]:
    """Return the commit and whether it is all there is; a time where there is no Git.

    Environments are no part of what is built: the digest of the last build stands there.
    """
    git = Git(project.root)
    done = git.run("rev-parse", "--short=12", "HEAD")
    if done.code:
        return time.strftime("%Y%m%d-%H%M%S", time.gmtime()), True
    changed = git.run("status", "--porcelain", "--", ".", f":(exclude){project.environments}")
    return done.out.strip(), not changed.out.strip()


def _time_of(project: Project) -> str:
    """Return when the commit was made: two builds of it then give the same digest."""
    done = Git(project.root).run("log", "-1", "--format=%ct")
    return done.out.strip() if done.code == 0 else ""


def _refuse_secrets(project: Project, file: Path) -> None:
    """Refuse to copy the whole folder into an image while secrets lie in it."""
    if not EVERYTHING.search(file.read_text(errors="replace")):
        return
    own = file.with_name(f"{file.name}.dockerignore")
    ignore = own if own.is_file() else project.root / ".dockerignore"
    lines = ignore.read_text(errors="replace").splitlines() if ignore.is_file() else []
    for name in PRIVATE:
        if (project.root / name).exists() and not _ignored(name, lines):
            cause = f"{file.name} copies the whole folder, and {name} with secrets is in it"
            shown = ignore.name
            raise Failure(problem("build-secrets", shown, cause, file=shown, name=name))


def _ignored(name: str, lines: Sequence[str]) -> bool:
    """Whether .dockerignore keeps a name at the top out: the last line that fits decides.

    >>> _ignored(".env", ["# all", "**/.env*"]), _ignored(".env", ["*", "!.env"])
    (True, False)
    """
    kept_out = False
    for line in (raw.strip() for raw in lines):
        pattern = line.removeprefix("!").strip("/").removeprefix("**/").removesuffix("/**")
        if line and not line.startswith("#") and fnmatch(name, pattern):
            kept_out = not line.startswith("!")
    return kept_out
