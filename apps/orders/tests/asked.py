"""Ask orders as a server would, in the environment of orders; print JSON.

Run by test_orders.py. Without a word everything is asked; `ready` and `sent` ask only that.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from fastapi import FastAPI

from orders.app import create_app, database
from orders.jobs import confirm
from orders.settings import OrdersSettings


async def ask(app: FastAPI, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send one request by ASGI; return the status and the JSON."""
    sent = b"" if body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
             "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
             "query_string": query.encode(), "headers": [(b"content-type", b"application/json")],
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}  # fmt: skip
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    await app(scope, receive, send)
    return answered[0]["status"], json.loads(b"".join(one.get("body", b"") for one in answered))


async def main(word: str) -> dict[str, object]:
    """Return what was answered."""
    settings = OrdersSettings.load()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        try:
            await database(settings)
        except Exception as error:
            return {"ready": type(error).__name__}
        if word == "ready":
            return {"ready": "ok"}
        status, created = await ask(app, "POST", "/orders", {"item": "tea", "quantity": 2})
        if word == "sent":
            return {"sent": status == 201}
        statuses = {
            "created": status,
            "zero": (await ask(app, "POST", "/orders", {"item": "tea", "quantity": 0}))[0],
            "missing": (await ask(app, "GET", "/orders/999"))[0],
            "listed": (await ask(app, "GET", "/orders?count=5"))[0],
        }
        confirm()
        _, order = await ask(app, "GET", f"/orders/{created['id']}")
    return {
        "created": created,
        "statuses": statuses,
        "confirmed": order["state"],
        "ready": "ok",
    }


print(json.dumps(asyncio.run(main("".join(sys.argv[1:])))))
