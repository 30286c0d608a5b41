"""The web process.

python -m morrow orders.app:service
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field

import morrow
from morrow import Service
from orders.jobs import configure, confirm
from orders.settings import OrdersSettings
from orders.store import Order, Store

logger = logging.getLogger(__name__)


class NewOrder(BaseModel):
    """What a customer asks for."""

    item: str = Field(min_length=1, max_length=200)
    quantity: int = Field(ge=1, le=1000)


def create_app(settings: OrdersSettings) -> FastAPI:
    """Build the application. Everything it needs comes as an argument."""
    configure(settings)
    store = Store(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await store.open()
        stores.append(store)
        yield
        stores.remove(store)
        await store.close()

    app = FastAPI(title="orders", lifespan=lifespan)

    @app.post("/orders", status_code=201)
    async def add(new: NewOrder) -> Order:
        order = await store.add(new.item, new.quantity)
        morrow.bind(order=order.id)
        try:
            await run_in_threadpool(confirm.delay)
        except OperationalError:
            # The order is kept; the next one that is sent confirms it as well.
            logger.exception("the broker takes no job")
        return order

    @app.get("/orders")
    async def latest(count: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Order]:
        return await store.latest(count)

    @app.get("/orders/{number}")
    async def get(number: int) -> Order:
        order = await store.get(number)
        if order is None:
            raise HTTPException(404, f"there is no order {number}")
        return order

    @app.get("/")
    async def index(request: Request) -> dict[str, str]:
        return {"orders": str(request.url_for("latest"))}

    return app


service = Service(create_app, OrdersSettings)
stores: list[Store] = []
"""Those that are open: one while the application runs."""


@service.check("database", every=5, timeout=2, failures=2, critical=True, worker=True)
async def database(settings: OrdersSettings) -> None:
    """Be ready only while the database answers; beside the worker no store is open."""
    for store in stores:
        await store.ping()
    if not stores:
        store = Store(settings)
        await store.open()
        try:
            await store.ping()
        finally:
            await store.close()


@service.pool("database")
def connections() -> tuple[int, int]:
    """Tell how full the pool is: none is open before the start and after the end."""
    told = [store.connections() for store in stores]
    return sum(used for used, _ in told), sum(most for _, most in told)
