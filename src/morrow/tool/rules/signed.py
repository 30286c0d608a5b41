"""What an image's digest must show before it is deployed: `image.verify` of the environment.

Also what a statement of `morrow verify --attest` says (`KIND`), and if that is enough (`lack`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.words import seconds_of
from morrow.tool.environment.model import Environment
from morrow.tool.programs.cosign import Signer, key_file, signed, statements

KIND = "https://morrow.example.com/proof/v1"
AHEAD = timedelta(minutes=5)  # how much two clocks may differ
Table = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What an environment asks of the one before it."""

    service: str
    before: str  # the environment before
    within: timedelta
    requests: int
    p99: int | None  # milliseconds
    chart: str = ""  # the chart's sum, where the statement must be of the same chart


@dataclass(frozen=True)
class Lack:
    """Why a statement is not enough: an error's code, and the cause."""

    code: str  # proof-stale | proof-short
    cause: str


def verify_table(environment: Environment) -> Table:
    """Return `image.verify`: what an image must show before it is deployed."""
    table = environment.value("image", "verify")
    return table if isinstance(table, dict) else {}


def proof_table(environment: Environment) -> Table:
    """Return `image.verify.proof`."""
    table = verify_table(environment).get("proof")
    return table if isinstance(table, dict) else {}


def signer_of(environment: Environment, table: Table) -> Signer:
    """Return whom a table names: one key, or one identity."""
    root = environment.project.root
    named = {name: str(table.get(name) or "") for name in ("key", "identity", "issuer")}
    trusted = str(verify_table(environment).get("trustedRoot") or "")
    return Signer(
        key=key_file(root, named["key"]),
        identity=named["identity"],
        pattern=str(table.get("identityPattern") or ""),
        issuer=named["issuer"],
        root=str(root / trusted) if trusted else "",
    )


def prover_of(environment: Environment) -> Signer:
    """Return who signs proofs: whom `proof` names, else who signs the image."""
    own = signer_of(environment, proof_table(environment))
    named = own != Signer(root=own.root)
    return own if named else signer_of(environment, verify_table(environment))


def unshown(environment: Environment, image: str | None = None) -> list[Problem]:
    """Return which of the demanded signatures and statements the image lacks."""
    table = verify_table(environment)
    if not table:
        return []
    image = image or environment.image
    wrong = _unclear(environment, table, image)
    if wrong:
        return wrong
    signer, problems = signer_of(environment, table), []
    code, reason = signed(image, signer)
    if code:
        cause = reason if code == "signature-missing" else f"not by {signer}: {reason}"
        problems.append(problem(code, image, cause, image=image))
    for kind in table.get("attestations") or ():
        there, reason = statements(image, signer, kind)
        if not there:
            cause = f"no {kind} of {signer}: {reason}"
            problems.append(problem("attestation-missing", image, cause, image=image, kind=kind))
    return problems + (unproven(environment, image) if proof_table(environment) else [])


def shown(environment: Environment) -> str:
    """Say what the digest has shown, when nothing is missing."""
    wanted, proof = verify_table(environment), proof_table(environment)
    parts = [
        f"a signature of {signer_of(environment, wanted)}",
        *(wanted.get("attestations") or ()),
    ]
    return ", ".join([*parts, *([f"a proof from {proof['from']}"] if proof else [])])


def _unclear(environment: Environment, wanted: Table, image: str) -> list[Problem]:
    file, at = environment.shown(environment.file), environment.place("image", "verify")
    if "@sha256:" not in image:
        cause = f"the image is {image}; image.verify is about a digest"
        return [problem("digest-needed", environment.place("image"), cause, file=file)]
    proof, wrong = proof_table(environment), []
    signers = {"image.verify": signer_of(environment, wanted)}
    signers |= {"image.verify.proof": prover_of(environment)} if proof else {}
    for name, signer in signers.items():
        if not signer.clear:
            cause = f"{name} names no key and no identity with its issuer, or more than one"
            wrong.append(problem("signature-unclear", at, cause, file=file))
    if proof and not proof.get("from"):
        cause = "image.verify.proof does not say `from`, the environment before"
        wrong.append(problem("signature-unclear", at, cause, file=file))
    until = str(wanted.get("until") or "9999-12-31")
    try:
        over = date.fromisoformat(until) < datetime.now(UTC).date()
    except ValueError:
        wrong.append(problem("signature-unclear", at, f"until: {until} is not a date", file=file))
        return wrong
    if over:
        cause = f"{signer_of(environment, wanted)} is trusted until {until}"
        wrong.append(problem("signature-expired", at, cause, file=file))
    return wrong


def wanted_proof(environment: Environment, chart: str = "") -> Wanted:
    """Return what `image.verify.proof` asks for."""
    table = proof_table(environment)
    return Wanted(
        service=environment.name,
        before=str(table.get("from") or ""),
        within=duration(str(table.get("within") or "24h")),
        requests=int(table.get("requests") or 1000),
        p99=table.get("p99"),
        chart=chart,
    )


def unproven(environment: Environment, image: str, chart: str = "") -> list[Problem]:
    """Return why the digest is not proven in the environment before; nothing when it is."""
    wanted = wanted_proof(environment, chart)
    proofs, reason = statements(image, prover_of(environment), KIND)
    if not proofs:
        return [problem("proof-missing", image, reason, before=wanted.before)]
    wrong = lack(proofs, wanted, datetime.now(UTC))
    return [problem(wrong.code, image, wrong.cause, before=wanted.before)] if wrong else []


def duration(text: str) -> timedelta:
    """Read 90m, 24h, 7d; the schema has judged the text."""
    return timedelta(seconds=seconds_of(text) or 0)


def lack(statements: Iterable[Mapping[str, Any]], wanted: Wanted, now: datetime) -> Lack | None:
    """Return None when one statement is enough, else what the best of them lacks."""
    lacks = [_lack(one.get("predicate"), wanted, now) for one in statements]
    if None in lacks:
        return None
    real = sorted(filter(None, lacks), key=lambda one: one.code != "proof-stale")
    return real[0] if real else Lack("proof-short", "there is none")


def _lack(predicate: object, wanted: Wanted, now: datetime) -> Lack | None:
    if not isinstance(predicate, dict):
        return Lack("proof-short", "it is empty")
    for name, value in (("service", wanted.service), ("environment", wanted.before)):
        if predicate.get(name) != value:
            return Lack("proof-short", f"its {name} is {predicate.get(name)!r}, not {value}")
    requests, lost, p99 = (_count(predicate.get(name)) for name in ("requests", "lost", "p99"))
    if requests is None or lost is None or p99 is None:
        return Lack("proof-short", "it does not say how many requests, how many lost, and the p99")
    if lost or predicate.get("broken") != []:
        return Lack("proof-short", f"it is from a run that lost {lost} or broke a promise")
    if requests < wanted.requests:
        return Lack("proof-short", f"it counts {requests} requests of {wanted.requests} needed")
    if wanted.p99 is not None and p99 > wanted.p99:
        return Lack("proof-short", f"its p99 is {p99} ms, and at most {wanted.p99} ms is allowed")
    if wanted.chart and predicate.get("chart") != wanted.chart:
        return Lack("proof-short", "it was made with another chart than the one here")
    return _stale(predicate.get("time"), wanted, now)


def _count(value: object) -> int | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return int(str(value)) if right else None


def _stale(stated: object, wanted: Wanted, now: datetime) -> Lack | None:
    try:
        time = datetime.fromisoformat(str(stated))
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        return Lack("proof-short", f"its time {stated!r} cannot be read")
    if time > now + AHEAD:
        return Lack("proof-short", f"it is from the future: {stated}")
    if now - time > wanted.within:
        return Lack("proof-stale", f"it is from {stated}, and may be at most {wanted.within} old")
    return None
