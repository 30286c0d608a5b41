"""What the worker does. The web process asks for it by name, and needs no worker to run.

python -m morrow worker -- celery -A orders.worker worker --loglevel INFO
"""

import logging

import psycopg
from celery import Celery

from orders.settings import OrdersSettings

logger = logging.getLogger(__name__)
celery = Celery("orders")


def configure(settings: OrdersSettings) -> None:
    """Tell Celery where its jobs and the database are."""
    celery.conf.update(
        broker_url=settings.broker,
        # A job goes back to the broker when its worker is lost, so it may run twice.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        # A broker that does not answer costs a request seconds, not minutes.
        broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 5},
        task_publish_retry_policy={"max_retries": 1},
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
    )
    celery.settings = settings


@celery.task(name="orders.confirm")
def confirm() -> int:
    """Confirm every new order: run twice it does no harm, and it mends what was once missed."""
    settings: OrdersSettings = celery.settings
    with psycopg.connect(settings.database_url.reveal(), connect_timeout=5) as connection:
        done = connection.execute("update orders set state = 'confirmed' where state = 'new'")
    logger.info("confirmed %d orders", done.rowcount)
    return done.rowcount
