"""The threads that send: one endpoint that hangs holds up no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock

import pytest
from django.utils import timezone

from apps.projects.models import Project
from apps.webhooks import delivering, sender, tasks, upkeep
from apps.webhooks.models import Attempt, Delivery
from apps.webhooks.sender import PER_ENDPOINT, WAITING_MAX, Sender
from tests.webhooks import make as hooks
from tests.webhooks.receiver import Receiver, receiving


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


class Sends:
    """What was sent, and how many at the same time; those of an endpoint `slow…` wait for `go`."""

    def __init__(self) -> None:
        self.go, self.lock = Event(), Lock()
        self.done: list[str] = []
        self.at_once = self.most = 0

    def __call__(self, delivery_id: str) -> None:
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        if delivery_id.startswith("slow"):
            self.go.wait(10)
        with self.lock:
            self.at_once -= 1
            self.done.append(delivery_id)


def test_a_hanging_endpoint_keeps_two_threads_and_holds_up_nobody() -> None:
    sends = Sends()
    pool = Sender(sends)
    for n in range(20):
        assert pool.offer("slow", f"slow{n}")
    for n in range(20):
        pool.offer("quick", f"quick{n}")
    until(lambda: len(sends.done) == 20)
    assert {each[:5] for each in sends.done} == {"quick"}
    assert sends.at_once == PER_ENDPOINT
    sends.go.set()
    until(lambda: len(sends.done) == 40)
    assert len(set(sends.done)) == 40


def test_what_is_known_is_not_sent_twice_and_may_come_again_later() -> None:
    sends = Sends()
    pool = Sender(sends)
    for _ in range(5):
        assert pool.offer("slow", "slow1")
    sends.go.set()
    until(lambda: sends.done == ["slow1"])
    until(lambda: not pool._known)
    pool.offer("slow", "slow1")
    until(lambda: sends.done == ["slow1", "slow1"])


def test_an_endpoint_with_enough_waiting_takes_no_more_in_memory() -> None:
    sends = Sends()
    pool = Sender(sends)
    taken = sum(pool.offer("slow", f"slow{n}") for n in range(WAITING_MAX + 20))
    assert WAITING_MAX <= taken <= WAITING_MAX + PER_ENDPOINT
    assert pool.full() == ["slow"]
    assert pool.offer("other", "other")
    sends.go.set()


def test_a_failure_in_a_thread_ends_no_thread() -> None:
    done: list[str] = []

    def send(delivery_id: str) -> None:
        if delivery_id == "bad":
            raise RuntimeError
        done.append(delivery_id)

    pool = Sender(send)
    for each in ("bad", "bad", "good"):
        pool.offer("e", each)
    until(lambda: done == ["good"])


@pytest.mark.django_db(transaction=True)
def test_a_task_of_the_queue_is_sent_by_the_threads(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    tasks.deliver.func(delivery.id, delivery.endpoint_id)
    until(lambda: Delivery.objects.get().status == "delivered")
    assert receiver.ids() == [delivery.id]


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_worker_has_left_is_found(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    assert delivering._claimed(delivery.id, timezone.now())  # and then it was killed
    assert upkeep.offer_due(timezone.now()) == 0
    assert upkeep.offer_due(timezone.now() + delivering.CLAIM + timedelta(seconds=1)) == 1
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    until(lambda: not sender.shared()._known)
    upkeep.offer_due(timezone.now())
    until(lambda: Delivery.objects.get().status == "delivered")


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_hangs_holds_up_no_other(project: Project, receiver: Receiver) -> None:
    go = Event()
    receiver.otherwise = lambda handler: go.wait(12)
    hooks.endpoint(project, receiver.url)
    for _ in range(6):
        hooks.lead(project)
    with receiving() as healthy:
        hooks.endpoint(project, healthy.url)
        hooks.lead(project)
        upkeep.offer_due(timezone.now())
        until(lambda: len(healthy.messages) == 1)
        until(Attempt.objects.exists)
    assert len(receiver.messages) <= PER_ENDPOINT
    Delivery.objects.all().delete()
    go.set()
    until(lambda: not sender.shared()._known, 20)
