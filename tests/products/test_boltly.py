"""boltly, from signing in by the API to a broadcast that was sent: contacts, conversations, broadcasts, templates."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, expect
from standardwebhooks import Webhook

from tests.browser.conftest import PASSWORD
from tests.products.story import SECRET, at_desk, cell, found, row, said
from tests.server import Answer, Server
from tests.waiting import eventually
from tests.webhooks.receiver import Handler, Receiver, receiving

KEYS, HOOKS = "/v1/developer-access/api-keys", "/v1/developer-access/webhooks"
PAGES = "/projects/messages/"
EMAIL = "lena@example.com"
NEW_PASSWORD = "another long passphrase"


def test_boltly_from_signing_in_by_the_api_to_a_broadcast_that_was_sent(browser: Browser, server: Server) -> None:
    found(server, "Messages", "boltly", EMAIL)
    token = signed_in_by_the_api(server)
    key, key_id = key_made_by_the_api(server, token)
    with at_desk(browser, server, EMAIL) as lena, receiving() as receiver:
        key_is_seen_and_its_secret_is_not(lena, key)
        each_scope_opens_what_it_names(server, token)
        contacts_have_tags(server, key)
        conversations_have_messages(server, key)
        subscriber = subscribed(lena, server, key, receiver)
        broadcast_goes_from_draft_to_sent(lena, server, key, subscriber)
        template_is_approved(server, key, subscriber)
        key_makes_none_that_can_do_more(server, key, token)
        rotated_key_and_its_successor_both_work_for_a_while(lena, server, token, key, key_id)
        sign_in_ends(lena, server)


# --- people and their tokens -----------------------------------------------------------------------------------------


def sign_in(server: Server, password: str = PASSWORD) -> Answer:
    return server.call("/v1/auth/login", method="POST", body={"email": EMAIL, "password": password})


def with_refresh_token(server: Server, path: str, token: str) -> Answer:
    return server.call(f"/v1/auth/{path}", method="POST", body={"refresh_token": token})


def signed_in_by_the_api(server: Server) -> str:
    """A refresh token is good for one use: its second use ends the sign-in, for whoever holds it."""
    said(sign_in(server, "a wrong password"), 401, "sign_in_failed")
    first = said(sign_in(server), 200)
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 900)
    me = said(server.call("/v1/me", key=first["access_token"]), 200)
    assert (me["type"], me["user"]["email"], me["project"]["slug"]) == ("user", EMAIL, "messages")
    second = said(with_refresh_token(server, "refresh", first["refresh_token"]), 200)
    said(with_refresh_token(server, "refresh", first["refresh_token"]), 401, "revoked")
    said(with_refresh_token(server, "refresh", second["refresh_token"]), 401, "revoked")
    said(server.call("/v1/me", key=second["access_token"]), 401, "revoked")
    return str(said(sign_in(server), 200)["access_token"])


def sign_in_ends(lena: Page, server: Server) -> None:
    """Logging out ends one sign-in; a new password, set in the browser, ends all of them at the next request."""
    left, kept = said(sign_in(server), 200), said(sign_in(server), 200)
    said(with_refresh_token(server, "logout", left["refresh_token"]), 204)
    said(server.call("/v1/me", key=left["access_token"]), 401, "revoked")
    said(server.call("/v1/me", key=kept["access_token"]), 200)
    lena.goto("/accounts/password/change/")
    lena.get_by_label("Present password").fill(PASSWORD)
    lena.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    lena.get_by_label("New password, again").fill(NEW_PASSWORD)
    lena.get_by_role("button", name="Change password").click()
    lena.wait_for_url("**/")
    said(server.call("/v1/me", key=kept["access_token"]), 401, "revoked")
    said(with_refresh_token(server, "refresh", kept["refresh_token"]), 401, "revoked")
    said(sign_in(server), 401, "sign_in_failed")
    said(sign_in(server, NEW_PASSWORD), 200)


# --- keys by the API -------------------------------------------------------------------------------------------------

ALL = (
    "contacts:read", "contacts:write", "contacts:manage", "inbox:read", "inbox:write", "broadcasts:read",
    "broadcasts:create", "broadcasts:send", "templates:read", "templates:create", "templates:manage", "tokens:read",
    "tokens:create",
)  # fmt: skip


def make_key(server: Server, by: str, name: str, **more: Any) -> Answer:
    return server.call(KEYS, key=by, method="POST", body={"name": name, **more})


def key_made_by_the_api(server: Server, token: str) -> tuple[str, str]:
    made = said(make_key(server, token, "Campaigns", scopes=ALL, rate_limit_per_minute=500), 201)
    assert SECRET.fullmatch(made["secret_key"])
    assert (made["scopes"], made["rate_limit_per_minute"], made["restricted"]) == (sorted(ALL), 500, True)
    read = said(server.call(f"{KEYS}/{made['id']}", key=token), 200)
    listed = said(server.call(f"{KEYS}?q=Campaigns", key=token), 200)["data"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert "secret_key" not in read and "secret_key" not in listed[0]
    offered = said(server.call("/v1/developer-access/scopes", key=token), 200)["data"]
    assert {each["scope"] for each in offered} == set(ALL)
    me = said(server.call("/v1/me", X_API_Key=made["secret_key"]), 200)
    assert (me["key"]["id"], set(me["scopes"])) == (made["id"], set(ALL))
    return made["secret_key"], made["id"]


def key_is_seen_and_its_secret_is_not(lena: Page, key: str) -> None:
    lena.goto(f"{PAGES}api-keys/")
    assert cell(lena, "Campaigns", "Key") == f"sk_live_…{key[-4:]}"
    assert key not in lena.content()


class Door(NamedTuple):
    """A request that is let in to by one scope. It is about a record that is not there, so that nothing happens."""

    scope: str
    method: str
    path: str


DOORS = [
    Door("contacts:read", "GET", "/v1/contacts"),
    Door("contacts:read", "GET", "/v1/contacts/schema"),
    Door("contacts:write", "POST", "/v1/contacts"),
    Door("contacts:write", "PATCH", "/v1/contacts/x"),
    Door("contacts:manage", "DELETE", "/v1/contacts/x"),
    Door("contacts:manage", "PUT", "/v1/contacts/x/tags/vip"),
    Door("contacts:manage", "DELETE", "/v1/contacts/x/tags/vip"),
    Door("inbox:read", "GET", "/v1/inbox"),
    Door("inbox:read", "GET", "/v1/inbox/x/messages"),
    Door("inbox:write", "POST", "/v1/inbox"),
    Door("inbox:write", "PATCH", "/v1/inbox/x"),
    Door("inbox:write", "POST", "/v1/inbox/x/messages"),
    Door("broadcasts:read", "GET", "/v1/broadcasts"),
    Door("broadcasts:read", "GET", "/v1/broadcasts/x/metrics"),
    Door("broadcasts:create", "POST", "/v1/broadcasts"),
    Door("broadcasts:create", "PATCH", "/v1/broadcasts/x"),
    Door("broadcasts:create", "POST", "/v1/broadcasts/x/schedule"),
    Door("broadcasts:create", "POST", "/v1/broadcasts/x/unschedule"),
    Door("broadcasts:send", "POST", "/v1/broadcasts/x/send"),
    Door("broadcasts:send", "POST", "/v1/broadcasts/x/retry"),
    Door("templates:read", "GET", "/v1/templates"),
    Door("templates:create", "POST", "/v1/templates"),
    Door("templates:create", "PATCH", "/v1/templates/x"),
    Door("templates:create", "POST", "/v1/templates/x/submit"),
    Door("templates:manage", "DELETE", "/v1/templates/x"),
    Door("templates:manage", "POST", "/v1/templates/sync"),
    Door("tokens:read", "GET", KEYS),
    Door("tokens:read", "GET", HOOKS),
    Door("tokens:create", "POST", KEYS),
    Door("tokens:create", "POST", f"{KEYS}/x/revoke"),
    Door("tokens:create", "POST", HOOKS),
]


def each_scope_opens_what_it_names(server: Server, token: str) -> None:
    for scope in ALL:
        key = said(make_key(server, token, scope.replace(":", " "), scopes=[scope]), 201)["secret_key"]
        answers = {door: server.call(door.path, key=key, method=door.method, body=body(door)) for door in DOORS}
        opened = {door for door, answer in answers.items() if answer.status != 403}
        assert opened == {door for door in DOORS if door.scope == scope}
        assert {answers[door].status for door in opened} <= {200, 202, 404, 422}


def body(door: Door) -> object:
    return {} if door.method in ("POST", "PATCH") else None


def key_makes_none_that_can_do_more(server: Server, key: str, token: str) -> None:
    """Not more permissions, no higher limit, no later end; and nobody changes limit or permissions afterwards."""
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    parent = said(
        make_key(server, token, "Parent", scopes=["contacts:read", "tokens:create"], rate_limit_per_minute=30,
                 expires_at=end), 201
    )  # fmt: skip
    by = parent["secret_key"]
    child = said(make_key(server, by, "Child", scopes=["contacts:read"]), 201)
    assert (child["rate_limit_per_minute"], child["expires_at"]) == (30, parent["expires_at"])
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    for more in (
        {"scopes": ["contacts:write"]},
        {"scopes": ["contacts:read"], "rate_limit_per_minute": 31},
        {"scopes": ["contacts:read"], "expires_at": later},
    ):
        said(make_key(server, by, "Too much", **more), 403, "exceeds_own")
    for method in ("PATCH", "PUT"):
        change = {"rate_limit_per_minute": 1000, "scopes": list(ALL)}
        said(server.call(f"{KEYS}/{child['id']}", key=key, method=method, body=change), 405, "method_not_allowed")


def rotated_key_and_its_successor_both_work_for_a_while(
    lena: Page, server: Server, token: str, key: str, key_id: str
) -> None:
    rotation = {"grace_seconds": 4}
    successor = said(server.call(f"{KEYS}/{key_id}/rotate", key=token, method="POST", body=rotation), 201)
    ends = time.monotonic() + 4
    assert [server.call("/v1/contacts", key=each).status for each in (key, successor["secret_key"])] == [200, 200]
    assert (successor["name"], successor["scopes"], successor["rate_limit_per_minute"]) == (
        "Campaigns", sorted(ALL), 500,
    )  # fmt: skip
    again = server.call(f"{KEYS}/{key_id}/rotate", key=token, method="POST", body=rotation)
    said(again, 409, "already_rotated")
    time.sleep(max(0, ends - time.monotonic()))
    said(server.call("/v1/contacts", key=key), 401, "expired")
    said(server.call("/v1/contacts", key=successor["secret_key"]), 200)
    old = said(server.call(f"{KEYS}/{key_id}", key=token), 200)
    assert (old["rotated_to"], old["usage"]["24h"] > 20) == (successor["id"], True)
    lena.goto(f"{PAGES}api-keys/revoked/")
    assert "Its successor" in cell(lena, "Campaigns", "By")
    row(lena, "Campaigns").get_by_role("link", name="Its successor").click()
    expect(lena.get_by_role("main")).to_contain_text(key_id)
    reason = {"reason": "The campaign is over"}
    said(server.call(f"{KEYS}/{successor['id']}/revoke", key=token, method="POST", body=reason), 200)
    said(server.call("/v1/contacts", key=successor["secret_key"]), 401, "revoked")


# --- what the product is for -----------------------------------------------------------------------------------------


def contacts_have_tags(server: Server, key: str) -> None:
    contact = said(server.call("/v1/contacts", key=key, method="POST", body={"name": "Ann"}), 201)
    path = f"/v1/contacts/{contact['id']}"
    said(server.call(f"{path}/tags/vip", key=key, method="PUT"), 200)
    tagged = said(server.call(f"{path}/tags/spring%20sale", key=key, method="PUT"), 200)
    assert tagged["tags"] == ["spring sale", "vip"]
    said(server.call(f"{path}/tags/vip", key=key, method="DELETE"), 204)
    assert said(server.call(path, X_API_Key=key), 200)["tags"] == ["spring sale"]
    said(server.call(path, key=key, method="DELETE"), 204)
    said(server.call(path, key=key), 404, "not_found")


def conversations_have_messages(server: Server, key: str) -> None:
    talk = said(server.call("/v1/inbox", key=key, method="POST", body={"contact": "Ann", "status": "open"}), 201)
    messages = f"/v1/inbox/{talk['id']}/messages"
    for text, direction in (("Are you open?", "inbound"), ("Until six.", "outbound")):
        said(server.call(messages, key=key, method="POST", body={"text": text, "direction": direction}), 201)
    listed = said(server.call(f"{messages}?order=created_at", key=key), 200)["data"]
    assert [(each["direction"], each["text"]) for each in listed] == [
        ("inbound", "Are you open?"), ("outbound", "Until six."),
    ]  # fmt: skip
    closed = server.call(f"/v1/inbox/{talk['id']}", key=key, method="PATCH", body={"status": "closed"})
    assert said(closed, 200)["status"] == "closed"


class Subscriber:
    """A messaging service: it hears of each step, does the work, and reports what came of it."""

    def __init__(self, server: Server, key: str, secret: str, receiver: Receiver) -> None:
        self.server, self.key, self.webhook, self.receiver = server, key, Webhook(secret), receiver
        self.told: list[str] = []
        self.work: dict[str, Callable[[str], Answer]] = {}

    def __call__(self, handler: Handler) -> None:
        message = next(m for m in self.receiver.messages if m.headers["webhook-id"] == handler.headers["webhook-id"])
        event: Any = self.webhook.verify(message.body, message.headers)
        self.told.append(event["type"])
        if work := self.work.get(event["type"]):
            assert work(event["data"]["id"]).status == 200
        handler.send_response(204)
        handler.end_headers()

    def post(self, path: str, sent: object = None) -> Answer:
        return self.server.call(path, key=self.key, method="POST", body=sent)


def subscribed(lena: Page, server: Server, key: str, receiver: Receiver) -> Subscriber:
    """Lena subscribes on the page, and gives the secret, which is shown once, to the service."""
    lena.goto(f"{PAGES}webhooks/new/")
    lena.get_by_label("URL", exact=True).fill(receiver.url)
    for event in ("scheduled", "sending", "sent"):
        lena.get_by_label(f"Broadcasts: {event}", exact=True).check()
    for event in ("submitted", "approved"):
        lena.get_by_label(f"Templates: {event}", exact=True).check()
    lena.get_by_role("button", name="Create webhook").click()
    secret = lena.get_by_test_id("secret").inner_text().strip()
    assert secret.startswith("whsec_")
    subscriber = Subscriber(server, key, secret, receiver)
    receiver.otherwise = subscriber
    return subscriber


def broadcast_goes_from_draft_to_sent(lena: Page, server: Server, key: str, subscriber: Subscriber) -> None:
    report = {"status": "sent", "recipients": 3, "delivered": 2, "undelivered": 1}
    subscriber.work = {
        "broadcast.scheduled": lambda found: subscriber.post(f"/v1/broadcasts/{found}/send"),
        "broadcast.sending": lambda found: subscriber.post(f"/v1/broadcasts/{found}/report", report),
    }
    made = said(server.call("/v1/broadcasts", key=key, method="POST", body={"name": "News", "status": "sent"}), 201)
    assert made["status"] == "draft"
    path = f"/v1/broadcasts/{made['id']}"
    illegal = said(server.call(f"{path}/retry", key=key, method="POST"), 409, "illegal_step")
    assert (illegal["state"], illegal["possible_operations"]) == ("draft", ["schedule", "send"])
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    scheduled = server.call(f"{path}/schedule", key=key, method="POST", body={"scheduled_at": at})
    assert said(scheduled, 200)["status"] == "scheduled"
    steps = ["broadcast.scheduled", "broadcast.sending", "broadcast.sent"]
    eventually(lambda: subscriber.told == steps)
    assert said(server.call(path, key=key), 200)["status"] == "sent"
    metrics = said(server.call(f"{path}/metrics", key=key), 200)
    assert (metrics["recipients"], metrics["delivered"], metrics["opened"]) == (3, 2, None)
    said(server.call(f"{path}/send", key=key, method="POST"), 409, "illegal_step")
    deliveries_are_shown(lena, steps)


def deliveries_are_shown(lena: Page, steps: list[str]) -> None:
    lena.goto(f"{PAGES}webhooks/")
    lena.get_by_role("link", name="http://127.0.0.1").first.click()
    table = lena.get_by_role("region", name="Deliveries, table")
    eventually(lambda: lena.reload() and table.get_by_text("Delivered").count() == len(steps))
    for event in steps:
        expect(table.get_by_text(event, exact=True)).to_be_visible()


def template_is_approved(server: Server, key: str, subscriber: Subscriber) -> None:
    report = {"status": "approved"}
    subscriber.work = {"template.submitted": lambda found: subscriber.post(f"/v1/templates/{found}/report", report)}
    made = said(server.call("/v1/templates", key=key, method="POST", body={"name": "Hello", "body": "Hi!"}), 201)
    path = f"/v1/templates/{made['id']}"
    assert (made["status"], said(server.call(f"{path}/submit", key=key, method="POST"), 200)["status"]) == (
        "draft", "submitted",
    )  # fmt: skip
    eventually(lambda: subscriber.told[-2:] == ["template.submitted", "template.approved"])
    assert said(server.call(path, key=key), 200)["status"] == "approved"
    assert said(server.call("/v1/templates/sync", key=key, method="POST"), 202)["submitted"] == 0
    said(server.call(path, key=key, method="DELETE"), 204)
