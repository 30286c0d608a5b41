"""More than one service in a repository: which they are, and what to say of them."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import typed
from morrow.tool.init.files import ASIDE, Repository
from morrow.tool.init.places import Candidate

MANIFESTS = ("requirements.txt", "pyproject.toml", "Dockerfile", "setup.py", "Pipfile", "manage.py")
CLOSE = 14  # weights that are no further apart speak for two services of their own


def services(repository: Repository, found: list[Candidate]) -> list[Candidate]:
    """Return the best candidate of each service folder, where there is more than one service."""
    names = {*repository.python, *repository.others}
    best = found[0]
    seen: dict[str, Candidate] = {}
    for one in found:
        if one.weight < best.weight - CLOSE or ASIDE.search(f"{one.source}/"):
            break
        parts = [*filter(None, one.source.split("/")), *one.module.split(".")[:-1]]
        above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        own = [at for at in above if any(f"{at}/{name}" in names for name in MANIFESTS)]
        if not own:
            return []  # the repository itself is a service
        if one.source == own[0]:
            seen.setdefault(own[0], one)
    kept = [one for one in seen if not any(one.startswith(f"{other}/") for other in seen)]
    return [seen[one] for one in kept] if len(kept) > 1 else []


def others(found: list[Candidate], taken: Candidate) -> list[str]:
    """Name the applications that the code makes elsewhere, where they are as likely as this."""
    file = taken.why.partition(":")[0]
    near = [one for one in found if one.attribute and one.weight > taken.weight - CLOSE]
    seen = {one.why: f"{one.target} ({one.why})" for one in reversed(near) if " makes " in one.why}
    # What the project itself names is no question.
    own = " makes " in taken.why or " is a factory" in taken.why
    return [text for why, text in seen.items() if own and why.partition(":")[0] != file][:3]


def several(folders: list[str]) -> Failure:
    """Return what to say where nobody can be asked which service is meant."""
    cause = f"{len(folders)} services are here: {', '.join(folders)}"
    return Failure(
        problem("init-several", "this folder", cause, command=f"cd {folders[0]} && {typed()} init")
    )
