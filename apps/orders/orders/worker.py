"""Where `celery -A orders.worker` finds the application, configured."""

from orders.jobs import celery, configure
from orders.settings import OrdersSettings

configure(OrdersSettings.load())
app = celery
