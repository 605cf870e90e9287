"""The four catalogues that ship: exactly the actions that the products have, and fields that one can work with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from apps.core import catalogue, values
from apps.core.catalogue import Catalogue, Resource
from tests.core.catalogue_files import SHIPPED

CATALOGUES: Mapping[str, Catalogue] = catalogue.load([SHIPPED])

READ = {"read": "GET HEAD"}
READ_WRITE = {"read": "GET HEAD", "write": "POST PATCH DELETE"}
WEBHOOK_READS = "webhooks.list webhooks.read webhooks.deliveries"
WEBHOOK_WRITES = "webhooks.create webhooks.update webhooks.delete webhooks.test webhooks.rotate"
KEY_READS = "keys.list keys.read keys.usage scopes.list"
KEY_WRITES = "keys.create keys.delete keys.revoke keys.rotate"

COVERED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "boltcall": {
        "calls": READ_WRITE,
        "leads": READ_WRITE,
        "agents": READ_WRITE,
        "contacts": READ_WRITE,
        "knowledge_base": READ_WRITE,
        "integrations": READ_WRITE,
        "analytics": READ,
    },
    "boltly": {
        "contacts": {"read": "GET HEAD", "write": "POST PATCH", "manage": "DELETE tags"},
        "inbox": {"read": "GET HEAD messages.list", "write": "POST PATCH messages"},
        "broadcasts": {
            "read": "GET HEAD metrics",
            "create": "POST PATCH schedule unschedule",
            "send": "send retry report",
        },
        "templates": {"read": "GET HEAD", "create": "POST PATCH submit", "manage": "DELETE sync report"},
        "tokens": {"read": f"{KEY_READS} {WEBHOOK_READS}", "create": f"{KEY_WRITES} {WEBHOOK_WRITES}"},
    },
    "voice": {
        "calls": READ_WRITE,
        "messages": READ_WRITE,
        "transcriptions": READ_WRITE,
        "recordings": READ_WRITE,
        "agents": READ_WRITE,
        "conversational_paths": READ_WRITE,
        "knowledge_bases": READ_WRITE,
        "tools": READ_WRITE,
        "voices": READ_WRITE,
        "integrations": READ_WRITE,
        "webhooks": {"read": WEBHOOK_READS, "write": WEBHOOK_WRITES},
        "contacts": READ_WRITE,
        "statistics": READ,
        "verifications": READ_WRITE,
        "phones": READ_WRITE,
        "members": {"read": "members.list members.read", "write": "members.create members.update members.delete"},
        "billing": READ_WRITE,
        "api_keys": {"read": KEY_READS, "write": KEY_WRITES},
        "notifications": READ_WRITE,
    },
    "bolten": {
        "opportunities": {"read": "GET HEAD", "write": "POST PATCH"},
        "contacts": {"read": "GET HEAD", "write": "POST PATCH"},
    },
}
"""What each action covers, methods and operations."""

GROUPS = {
    "Communication": ["calls", "messages", "transcriptions", "recordings"],
    "Agent configuration": [
        *("agents", "conversational_paths", "knowledge_bases", "tools", "voices", "integrations", "webhooks"),
    ],
    "Contacts and data": ["contacts", "statistics", "verifications"],
    "Administration": ["phones", "members", "billing", "api_keys", "notifications"],
}


def resources() -> Iterator[tuple[str, Resource]]:
    for each in CATALOGUES.values():
        for resource in each.resources.values():
            yield f"{each.slug} {resource.slug}", resource


EVERY = dict(resources())


def test_four_catalogues_ship() -> None:
    assert CATALOGUES.keys() == COVERED.keys()


@pytest.mark.parametrize("slug", COVERED)
def test_resources_and_actions_come_in_the_order_of_the_product(slug: str) -> None:
    expected = [f"{resource}:{action}" for resource, actions in COVERED[slug].items() for action in actions]
    assert list(CATALOGUES[slug].scopes) == expected


@pytest.mark.parametrize("slug", COVERED)
def test_each_action_covers_what_the_product_says_and_nothing_else(slug: str) -> None:
    for resource in CATALOGUES[slug].resources.values():
        for action in resource.actions:
            assert action.methods | action.operations == set(COVERED[slug][resource.slug][action.slug].split()), action


@pytest.mark.parametrize("slug", ["boltcall", "boltly", "bolten"])
def test_no_action_implies_another(slug: str) -> None:
    shop = CATALOGUES[slug]
    assert all(shop.implied(scope) == {scope} for scope in shop.scopes)


def test_in_voice_write_includes_read() -> None:
    voice = CATALOGUES["voice"]
    for resource in voice.resources:
        assert voice.implied(f"{resource}:read") == {f"{resource}:read"}
        written = {f"{resource}:read", f"{resource}:write"} if resource != "statistics" else set()
        assert voice.implied(f"{resource}:write") == written


@pytest.mark.parametrize(
    ("slug", "allowed"), [("boltcall", False), ("boltly", False), ("voice", True), ("bolten", True)]
)
def test_unrestricted_keys_are_allowed_where_the_product_has_them(slug: str, *, allowed: bool) -> None:
    assert CATALOGUES[slug].unrestricted is allowed


@pytest.mark.parametrize("slug", COVERED)
def test_keys_start_with_sk_and_have_sixty_requests_a_minute(slug: str) -> None:
    assert (CATALOGUES[slug].key_prefix, CATALOGUES[slug].rate_limit) == ("sk", 60)


def test_voice_has_its_resources_in_four_groups() -> None:
    voice = CATALOGUES["voice"]
    found = {g.label: [r.slug for r in voice.resources.values() if r.group == g.slug] for g in voice.groups}
    assert found == GROUPS


def test_only_opportunities_and_contacts_of_bolten_have_fields_that_change() -> None:
    assert [name for name, resource in EVERY.items() if resource.dynamic] == ["bolten opportunities", "bolten contacts"]


def test_figures_are_analytics_and_the_product_itself_is_management() -> None:
    kinds = {kind: [name for name, r in EVERY.items() if r.kind == kind] for kind in ("analytics", "management")}
    assert kinds["analytics"] == ["boltcall analytics", "voice statistics"]
    assert kinds["management"] == ["boltly tokens", "voice webhooks", "voice members", "voice api_keys"]


@pytest.mark.parametrize(
    ("slug", "operation", "guard"),
    [
        *(
            ("boltly", operation, "tokens")
            for operation in catalogue.MANAGEMENT_OPERATIONS
            if "members" not in operation
        ),
        *(("boltly", operation, None) for operation in catalogue.MANAGEMENT_OPERATIONS if "members" in operation),
        *(("voice", operation, "api_keys") for operation in f"{KEY_READS} {KEY_WRITES}".split()),
        *(("voice", operation, "webhooks") for operation in f"{WEBHOOK_READS} {WEBHOOK_WRITES}".split()),
        *(("voice", operation, "members") for operation in catalogue.MANAGEMENT_OPERATIONS if "members" in operation),
        *((slug, operation, None) for slug in ("boltcall", "bolten") for operation in catalogue.MANAGEMENT_OPERATIONS),
    ],
)
def test_keys_are_let_in_to_management_by_one_resource_or_not_at_all(
    slug: str, operation: str, guard: str | None
) -> None:
    found = CATALOGUES[slug].guard(operation)
    assert (found.slug if found else None) == guard


@pytest.mark.parametrize("name", [name for name, resource in EVERY.items() if resource.kind == "records"])
def test_records_have_five_to_ten_fields_and_need_one_of_them(name: str) -> None:
    resource = EVERY[name]
    assert 5 <= len(resource.fields) <= 10
    assert sum(field.required for field in resource.fields) == 1


@pytest.mark.parametrize("name", [name for name, resource in EVERY.items() if resource.kind == "analytics"])
def test_a_row_of_analytics_says_what_was_counted_when_by_what_and_how_many(name: str) -> None:
    assert [field.name for field in EVERY[name].fields] == ["metric", "period", "key", "value"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("boltcall calls", {"direction", "from", "to", "started_at", "duration_seconds", "status", "recording_url"}),
        ("boltcall leads", {"name", "email", "phone", "source", "status", "notes"}),
        ("bolten opportunities", {"title", "stage", "value", "contact"}),
        ("boltly broadcasts", {"name", "template", "status", "scheduled_at"}),
    ],
)
def test_main_resources_have_the_fields_that_people_expect(name: str, expected: set[str]) -> None:
    assert expected <= {field.name for field in EVERY[name].fields}


@pytest.mark.parametrize("name", EVERY)
def test_a_record_can_be_made_of_its_required_field_alone(name: str) -> None:
    example = {"phone": "+442079460018", "text": "Ann"}
    some = EVERY[name].fields
    data = {field.name: example[field.type] for field in some if field.required}
    assert values.clean(some, data, partial=False).values == data
