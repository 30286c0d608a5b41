"""Carry a proven digest to the next environment: one line of its file, or one commit."""

from __future__ import annotations

from datetime import UTC, datetime

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import typed
from morrow.tool.cluster.site import Site
from morrow.tool.environment import edit
from morrow.tool.environment.model import Environment
from morrow.tool.programs.git import Git
from morrow.tool.release.statement import chart_sum
from morrow.tool.rules.signed import proof_table, unproven, unshown


def promote(before: Site, after: Site, *, commit: bool) -> Outcome:
    """Write the digest that `before` names into the file of `after`, if it is proven there."""
    source, target = before.environment, after.environment
    digest, was = _digest(source), str(target.value("image", "digest") or "")
    _require(source, target, digest)
    if digest == was:
        return _outcome(source, target, digest, "is there already")
    edit.write(target, "image", {"digest": digest})
    if not commit:
        return _outcome(source, target, digest, "written")
    file = target.shown(target.file)
    subject = f"Promote {target.name} {digest[7:19]} from {source.label} to {target.label}"
    done = Git(target.project.root).commit([file], f"{subject}\n\nimage {_image(target, digest)}\n")
    if done.code:
        again = f"git commit --only {file}"
        raise Failure(problem("promotion-uncommitted", file, done.last_error, command=again))
    return _outcome(source, target, digest, "committed")


def check(before: Site, after: Site) -> Outcome:
    """Judge the digest that the file of `after` names already; change nothing."""
    target = after.environment
    digest = _digest(target)
    _require(before.environment, target, digest)
    return _outcome(before.environment, target, digest, "proven")


def _require(source: Environment, target: Environment, digest: str) -> None:
    """Refuse a digest without a fresh proof from exactly this environment, of this chart."""
    asks = proof_table(target)
    if asks.get("from") != source.label:
        cause = f"image.verify.proof.from is {asks.get('from')!r}, not {source.label}"
        file = target.shown(target.file)
        wrong = problem("proof-unasked", target.label, cause, file=file, before=source.label)
        raise Failure(wrong)
    image = _image(target, digest)
    wrongs: list[Problem] = unshown(target, image)
    wrongs = wrongs or unproven(target, image, chart_sum(source))
    if wrongs:
        raise Failure(*wrongs, refused=True)


def _digest(environment: Environment) -> str:
    digest = str(environment.value("image", "digest") or "")
    if not digest:
        file = environment.shown(environment.file)
        cause = f"the image is {environment.image}; what is promoted is a digest"
        raise Failure(problem("digest-needed", environment.place("image"), cause, file=file))
    return digest


def _image(environment: Environment, digest: str) -> str:
    return f"{environment.value('image', 'repository')}@{digest}"


def _outcome(source: Environment, target: Environment, digest: str, what: str) -> Outcome:
    data = {
        "from": source.label,
        "to": target.label,
        "image": _image(target, digest),
        "digest": digest,
        "result": what,
        "file": target.shown(target.file),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = f"{target.name} {digest}\n  proven in {source.label}; {data['file']}: {what}"
    if what in ("written", "committed"):
        text += f"\nnext: {typed()} plan {target.label}"
    return Outcome(text, data)
