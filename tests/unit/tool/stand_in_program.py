"""The program that `stand_in.StandIn` puts in the place of kubectl and of helm.

It answers from one JSON file beside it, writes down what it was asked, and knows no rule of
Kubernetes: what a cluster does is tested on one, in tests/e2e.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

HERE = Path(sys.argv[0]).parent
FILE = HERE / "cluster.json"
WORLD: dict[str, Any] = json.loads(FILE.read_text())
Json = dict[str, Any]


def end(text: str = "", code: int = 0) -> None:
    """Answer and stop."""
    print(text, file=sys.stderr if code else sys.stdout)
    sys.exit(code)


def found(kinds: str, name: str | None = None, label: str = "") -> list[Json]:
    """Return the objects of these kinds, of this name, with these labels."""
    singular = [one.partition(".")[0].rstrip("s") for one in kinds.lower().split(",")]
    wanted = dict(pair.split("=") for pair in label.split(",") if pair)
    return [
        one
        for one in [*WORLD["objects"], *stored(wanted)]
        if one["kind"].lower() in singular
        and name in (None, one["metadata"]["name"])
        and wanted.items() <= one["metadata"].get("labels", {}).items()
    ]


def stored(label: dict[str, str]) -> list[Json]:
    """Return Helm's storage for a history of which the test has not given the revisions."""
    if label.get("owner") != "helm":
        return []
    have = {one["metadata"]["name"] for one in WORLD["objects"]}
    made = [record(line) for line in WORLD["history"]]
    return [one for one in made if one["metadata"]["name"] not in have]


def record(line: Json) -> Json:
    """Return a revision in Helm's storage, from its line of `helm history`."""
    told = {
        "version": line["revision"],
        "info": {
            "status": line["status"],
            "last_deployed": line["updated"],
            "description": line["description"],
        },
        "chart": {"metadata": {"name": "morrow", "version": "1"}},
        "manifest": json.dumps(WORLD["manifest"]),
        "config": {},
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(told).encode())))
    name = f"sh.helm.release.v1.shop.v{line['revision']}"
    labels = {"owner": "helm", "name": "shop"}
    metadata = {"name": name, "labels": labels}
    return {"kind": "Secret", "metadata": metadata, "data": {"release": packed.decode()}}


def keep() -> None:
    """Write the world back and stop."""
    FILE.write_text(json.dumps(WORLD))
    end()


def kubectl(words: list[str], given: str) -> None:
    """Answer as kubectl would."""
    match words:
        case ["version", *_]:
            end(json.dumps({"clientVersion": {"gitVersion": WORLD["kubectl"]}}))
        case ["get", "--raw", "/version"]:
            end(json.dumps(dict(zip(("major", "minor"), WORLD["server"].split("."), strict=True))))
        case ["get", "--raw", path]:
            kinds = WORLD["served"].get(path, "NotFound")
            if isinstance(kinds, str):
                end(f"Error from server ({kinds}): as it says", 1)
            end(json.dumps({"resources": [{"kind": kind} for kind in kinds]}))
        case ["api-resources", *_]:
            print(WORLD["kinds"])
            sys.exit("ServiceUnavailable" in WORLD["served"].values())
        case [("create" | "replace"), "--dry-run=server", *_]:
            end(given)
        case ["create", *_] if "SelfSubjectAccessReview" in given:
            for one in map(json.loads, given.split("\n---\n")):
                asked = one["spec"]["resourceAttributes"]
                name = "/".join(filter(None, (asked["resource"], asked.get("subresource"))))
                print(json.dumps({**one, "status": {"allowed": name not in WORLD["denied"]}}))
            sys.exit()
        case ["create", *_]:
            WORLD["objects"].append(json.loads(given))
            if WORLD["objects"][-1]["kind"] == "ExternalSecret":
                deliver(WORLD["objects"][-1], WORLD.get("operator"))
            keep()
        case ["annotate", kind, name, text, *_]:
            key, _, value = text.partition("=")
            for one in found(kind, name):
                one["metadata"].setdefault("annotations", {})[key] = value
            keep()
        case ["delete", "--raw", path, *_]:
            *_, kind, name = path.split("/")
            gone = found(kind, name)
            WORLD["objects"] = [one for one in WORLD["objects"] if one not in gone]
            keep()
        case ["delete", kind, name, *_]:
            gone = found(kind, name)
            WORLD["objects"] = [one for one in WORLD["objects"] if one not in gone]
            keep()
        case ["logs", *_]:
            end(WORLD["logs"])
        case ["port-forward", *_]:
            forward()
        case ["get", "-f", *_] if WORLD.get("carries"):
            end(given)
        case ["get", "-f", *_]:
            end(json.dumps({"kind": "List", "items": []}))
        case ["get", *rest]:
            get([word for word in rest if not word.startswith("--")])
    end(f"the stand-in does not know {words}", 1)


def deliver(made: Json, told: dict[str, str] | str | None) -> None:
    """Stand in for External Secrets: make the Secret of `told`, or say that as the refusal."""
    if told is None:
        return
    good = isinstance(told, dict)
    made["status"] = {"conditions": [{"type": "Ready", "status": "True" if good else "False"}]}
    if not isinstance(told, dict):
        WORLD["objects"].append({"kind": "Event", "metadata": {"name": "e"}, "message": told})
        return
    labels = {**made["metadata"]["labels"], "reconcile.external-secrets.io/managed": "true"}
    metadata = {"name": made["metadata"]["name"], "labels": labels,
                "creationTimestamp": "2026-01-01T00:00:00Z"}  # fmt: skip
    data = {key: base64.b64encode(value.encode()).decode() for key, value in told.items()}
    secret = {"kind": "Secret", "metadata": metadata, "immutable": True, "data": data}
    WORLD["objects"].append(secret)


def get(words: list[str]) -> None:
    """Answer `get KIND NAME`, `get KIND/NAME …` or `get KINDS`."""
    label = words[words.index("-l") + 1] if "-l" in words else ""
    plain = [w for i, w in enumerate(words) if not w.startswith("-") and words[i - 1][:1] != "-"]
    if "/" in plain[0]:
        items = [one for word in plain for one in found(*word.split("/"))]
        end(json.dumps({"kind": "List", "items": items}) if items else "")
    if len(plain) == 1:
        end(json.dumps({"kind": "List", "items": found(plain[0], None, label)}))
    items = found(plain[0], plain[1])
    end(json.dumps(items[0]) if items else "")


def forward() -> None:
    """Forward a port to a service that answers every question with 200."""

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    print(f"Forwarding from 127.0.0.1:{server.server_port} -> 80", flush=True)
    server.serve_forever()


def helm(words: list[str]) -> None:
    """Answer as helm would."""
    match words:
        case ["version", *_]:
            end(WORLD["helm"])
        case ["template", *_]:
            end(json.dumps(WORLD["manifest"]))
        case ["history", *_]:
            end(json.dumps(WORLD["history"]))
        case ["upgrade", *_]:
            number = 1 + max((line["revision"] for line in WORLD["history"]), default=0)
            told = {"version": number, "info": {"status": "deployed"}, "config": {}}
            told["manifest"] = json.dumps(WORLD["manifest"])
            if "--dry-run=server" not in words:
                for line in WORLD["history"]:
                    line["status"] = "superseded"
                new = {"chart": "morrow-1", "description": "", "updated": "2026-01-01T00:00:00Z"}
                WORLD["history"].append({"revision": number, "status": "deployed", **new})
                FILE.write_text(json.dumps(WORLD))
            end(json.dumps(told))
    end()


def main() -> None:
    """Write down what is asked, then answer it."""
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    while words and words[0] in ("--context", "-n"):
        words = words[2:]
    given = sys.stdin.read() if "-" in words else ""
    with (HERE / "asked.txt").open("a") as told:
        print(name, *words, file=told)
    with (HERE / "given.txt").open("a") as told:
        print(hashlib.sha256(given.encode()).hexdigest()[:12] if given else "", file=told)
    if name == "kubectl":
        kubectl(words, given)
    helm(words)


if __name__ == "__main__":
    main()
