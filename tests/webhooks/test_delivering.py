"""One attempt: claimed, sent, written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from apps.audit.models import Event
from apps.projects import catalogues
from apps.projects.models import Project
from apps.webhooks import delivering, service, upkeep
from apps.webhooks.client import Outcome
from apps.webhooks.models import Attempt, Delivery, Endpoint
from tests import make
from tests.webhooks import make as hooks
from tests.webhooks.receiver import Message, Receiver, answering

pytestmark = pytest.mark.django_db


def attempt(delivery: Delivery) -> Delivery:
    delivering.attempt(delivery.id)
    delivery.refresh_from_db()
    return delivery


def make_due(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())


def verified(secret: str | None, message: Message) -> None:
    Webhook(secret or "").verify(message.body, message.headers)


def test_a_delivery_arrives_signed(project: Project, receiver: Receiver) -> None:
    made = hooks.endpoint(project, receiver.url)
    lead = hooks.lead(project)
    delivery = attempt(Delivery.objects.get())
    assert (delivery.status, delivery.next_attempt_at, delivery.attempt_count) == ("delivered", None, 1)
    message = receiver.messages[0]
    assert message.headers["webhook-id"] == delivery.id
    assert message.headers["content-type"] == "application/json"
    assert abs(int(message.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 5
    assert Webhook(made.secret or "").verify(message.body, message.headers)["data"]["id"] == lead
    row = Attempt.objects.get()
    assert (row.number, row.response_status, row.error, row.address) == (1, 204, "", "127.0.0.1")


def test_a_body_that_was_changed_does_not_verify(project: Project, receiver: Receiver) -> None:
    made = hooks.endpoint(project, receiver.url)
    hooks.lead(project)
    attempt(Delivery.objects.get())
    message = receiver.messages[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret or "").verify(message.body + b" ", message.headers)


def test_after_a_rotation_both_secrets_verify_and_a_day_later_the_new_one_only(
    project: Project, receiver: Receiver
) -> None:
    made = hooks.endpoint(project, receiver.url)
    new = service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)
    hooks.lead(project)
    attempt(Delivery.objects.get())
    both = receiver.messages[0]
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    for secret in (made.secret, new.secret):
        verified(secret, both)
    Endpoint.objects.update(old_secret_until=timezone.now())
    hooks.lead(project)
    attempt(Delivery.objects.get(status="pending"))
    verified(new.secret, receiver.messages[1])
    with pytest.raises(WebhookVerificationError):
        verified(made.secret, receiver.messages[1])


@pytest.mark.parametrize("status", [199, 301, 302, 400, 401, 404, 429, 500, 503])
def test_nothing_but_2xx_is_a_success(project: Project, receiver: Receiver, status: int) -> None:
    receiver.otherwise = answering(status)
    delivery = attempt(hooks.delivery(project, receiver.url))
    assert (delivery.status, delivery.tries) == ("pending", 1)
    assert delivery.next_attempt_at
    seconds = (delivery.next_attempt_at - timezone.now()).total_seconds()
    assert 3 < seconds < 6.1


def test_the_same_message_comes_again_with_a_new_timestamp_and_signature(project: Project, receiver: Receiver) -> None:
    receiver.replies = [answering(500)]
    delivery = attempt(hooks.delivery(project, receiver.url))
    Delivery.objects.update(created_at=timezone.now() - timedelta(hours=1))
    make_due(delivery)
    assert attempt(delivery).status == "delivered"
    first, second = receiver.messages
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert [a.response_status for a in delivery.attempts.all()] == [500, 204]


def test_a_receiver_that_fails_for_an_hour_gets_it_afterwards_under_the_same_id(
    project: Project, receiver: Receiver
) -> None:
    """By the schedule: after 0 and 5 seconds, 5 and 30 minutes; the attempt after two hours is the first one later."""
    delivery, waited = hooks.delivery(project, receiver.url), timedelta()
    receiver.replies = [answering(500)] * 4
    while attempt(delivery).status == "pending":
        assert delivery.next_attempt_at
        waited += delivery.next_attempt_at - timezone.now()
        make_due(delivery)
    assert timedelta(hours=1) < waited < timedelta(hours=4)
    assert [a.response_status for a in delivery.attempts.all()] == [500, 500, 500, 500, 204]
    assert len(receiver.messages) == 5 and len(set(receiver.ids())) == 1


def test_a_receiver_that_asks_for_time_gets_it(project: Project, receiver: Receiver) -> None:
    receiver.otherwise = answering(503, Retry_After="3600")
    delivery = attempt(hooks.delivery(project, receiver.url))
    assert delivery.next_attempt_at
    assert 3590 < (delivery.next_attempt_at - timezone.now()).total_seconds() <= 3600


def test_after_the_last_attempt_of_the_schedule_it_has_failed(project: Project, receiver: Receiver) -> None:
    receiver.otherwise = answering(500)
    delivery = hooks.delivery(project, receiver.url)
    for _ in range(9):
        assert attempt(delivery).status == "pending"
        make_due(delivery)
    assert (attempt(delivery).status, delivery.next_attempt_at, delivery.attempt_count) == ("failed", None, 10)


def test_gone_disables_the_endpoint_and_gives_up_what_waits(project: Project, receiver: Receiver) -> None:
    receiver.otherwise = answering(410)
    delivery = hooks.delivery(project, receiver.url)
    hooks.lead(project)
    assert attempt(delivery).status == "failed"
    endpoint = Endpoint.objects.get()
    assert (endpoint.status, endpoint.is_gone) == ("disabled", True)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"failed"}
    event = Event.objects.get(type="webhook.disabled")
    assert (event.actor_label, event.data) == ("boltkeys", {"reason": "410 Gone"})


def test_what_is_not_due_is_not_sent(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    Delivery.objects.update(next_attempt_at=timezone.now() + timedelta(seconds=30))
    assert delivering.attempt(delivery.id) is None
    assert delivering.attempt("msg_" + "0" * 22) is None
    assert receiver.messages == []


def test_what_somebody_else_is_sending_is_left_alone_until_their_time_is_over(
    project: Project, receiver: Receiver
) -> None:
    delivery = hooks.delivery(project, receiver.url)
    assert delivering._claimed(delivery.id, timezone.now())
    assert delivering.attempt(delivery.id) is None
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert attempt(delivery).status == "delivered"


def test_a_late_failure_takes_nothing_from_who_has_taken_over(project: Project, receiver: Receiver) -> None:
    """A worker that was stopped for long wakes up: the other one's success stays."""
    delivery = hooks.delivery(project, receiver.url)
    late = delivering._claimed(delivery.id, timezone.now())
    assert late
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert attempt(delivery).status == "delivered"
    delivering._write_down(late, Outcome(error="timeout"), timezone.now())
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt_count) == ("delivered", 2)


def test_an_endpoint_disabled_meanwhile_gets_nothing(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    Endpoint.objects.update(status="disabled")
    assert attempt(delivery).status == "failed"
    assert receiver.messages == []


def switch(delivery: Delivery, status: str) -> Endpoint:
    return service.update_endpoint(
        actor=make.TESTER,
        project_id=delivery.endpoint.project_id,
        catalogue=catalogues.get("boltcall"),
        endpoint_id=delivery.endpoint_id,
        status=status,
    )


def test_what_was_being_tried_when_its_endpoint_was_disabled_goes_on_where_it_was(
    project: Project, receiver: Receiver
) -> None:
    receiver.replies = [answering(500)]
    delivery = hooks.delivery(project, receiver.url)
    claimed = delivering._claimed(delivery.id, timezone.now())
    assert claimed
    until = switch(delivery, "disabled").paused_until
    delivering._write_down(claimed, Outcome(status=500), timezone.now())
    make_due(delivery)  # as its schedule has it, which knows nothing of the pause
    paused = attempt(delivery)
    assert (paused.status, paused.next_attempt_at, paused.claimed_until) == ("pending", until, None)
    switch(delivery, "active")
    receiver.replies = []
    assert (attempt(delivery).status, delivery.attempt_count, delivery.tries) == ("delivered", 2, 1)
    assert receiver.ids() == [delivery.id]


def test_what_was_queued_as_its_endpoint_was_disabled_is_kept_too(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    until = switch(delivery, "disabled").paused_until
    make_due(delivery)
    assert (attempt(delivery).status, delivery.next_attempt_at) == ("pending", until)
    assert receiver.messages == []


def test_when_a_pause_is_over_what_waited_is_given_up(project: Project, receiver: Receiver) -> None:
    delivery = hooks.delivery(project, receiver.url)
    switch(delivery, "disabled")
    Endpoint.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    make_due(delivery)
    assert (attempt(delivery).status, delivery.next_attempt_at) == ("failed", None)
    switch(delivery, "active")
    assert attempt(delivery).status == "failed"
    assert receiver.messages == []


def test_a_host_that_the_operator_has_struck_off_gets_nothing(
    project: Project, receiver: Receiver, settings: LazySettings
) -> None:
    delivery = hooks.delivery(project, receiver.url)
    settings.WEBHOOK_ALLOWED_HOSTS = []
    assert attempt(delivery).status == "pending"
    assert Attempt.objects.get().error == "url"
    assert receiver.messages == []


def test_nothing_is_signed_with_a_secret_that_cannot_be_read(
    project: Project, receiver: Receiver, settings: LazySettings
) -> None:
    delivery = hooks.delivery(project, receiver.url)
    settings.SECRET_KEY = "another" * 10
    attempt(delivery)
    assert Attempt.objects.get().error == "secret"
    assert receiver.messages == []
    service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=delivery.endpoint_id)
    Endpoint.objects.update(old_secret="", old_secret_until=None)
    make_due(delivery)
    assert attempt(delivery).status == "delivered"


def test_sent_again_it_has_the_same_id_and_a_whole_schedule(project: Project, receiver: Receiver) -> None:
    delivery = attempt(hooks.delivery(project, receiver.url))
    again = service.send_again(
        actor=make.TESTER, project_id=project.id, endpoint_id=delivery.endpoint_id, delivery_id=delivery.id
    )
    assert (again.id, again.status, again.tries) == (delivery.id, "pending", 0)
    assert attempt(delivery).attempt_count == 2
    assert receiver.ids() == [delivery.id] * 2


def test_a_test_is_sent_like_every_other(project: Project, receiver: Receiver) -> None:
    made = hooks.endpoint(project, receiver.url)
    delivery = service.send_test(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)
    assert attempt(delivery).status == "delivered"
    verified(made.secret, receiver.messages[0])
    assert b'"webhook.test"' in receiver.messages[0].body


# --- Upkeep


def test_deliveries_and_deleted_endpoints_are_kept_for_thirty_days(project: Project, receiver: Receiver) -> None:
    old, waiting = hooks.delivery(project, receiver.url), hooks.delivery(project, receiver.url)
    attempt(old)
    service.delete_endpoint(actor=make.TESTER, project_id=project.id, endpoint_id=old.endpoint_id)
    long_ago = timezone.now() - timedelta(days=31)
    Delivery.objects.update(created_at=long_ago)
    assert upkeep.prune(timezone.now()) > 0
    assert not Delivery.objects.filter(pk=old.pk).exists()
    assert Delivery.objects.filter(pk=waiting.pk, status="pending").exists()
    assert Endpoint.objects.filter(pk=old.endpoint_id).exists()
    Endpoint.objects.filter(pk=old.endpoint_id).update(deleted_at=long_ago)
    upkeep.prune(timezone.now())
    assert not Endpoint.objects.filter(pk=old.endpoint_id).exists()


def test_secrets_are_sealed_anew_after_the_encryption_key_has_changed(
    project: Project, receiver: Receiver, settings: LazySettings
) -> None:
    made = hooks.endpoint(project, receiver.url)
    service.rotate_secret(actor=make.TESTER, project_id=project.id, endpoint_id=made.endpoint.id)
    assert upkeep.seal_again(timezone.now()) == 0
    settings.WEBHOOK_ENCRYPTION_KEYS = ["new" * 20]
    assert upkeep.seal_again(timezone.now()) == 1
    settings.SECRET_KEY = "another" * 10
    hooks.lead(project)
    attempt(Delivery.objects.get())
    verified(made.secret, receiver.messages[0])
