"""What the worker's queue runs."""

from __future__ import annotations

from django_tasks import task

from apps.webhooks import sender


@task()
def deliver(delivery_id: str, endpoint_id: str) -> None:
    """Hands the delivery to the sender's threads: a receiver that hangs holds up nothing else in the queue.

    When the sender has enough to do, nothing happens: the delivery stays due, and is found by `upkeep.offer_due`.
    """
    sender.shared().offer(endpoint_id, delivery_id)
