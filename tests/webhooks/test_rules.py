"""What makes an endpoint's URL and events valid."""

from __future__ import annotations

import pytest

from apps.core.errors import Invalid
from apps.projects import catalogues
from apps.webhooks import events, rules

BAD = {
    "": "required",
    "   ": "required",
    "example.com/hook": "format",
    "/hook": "format",
    "https://": "format",
    "https:///hook": "format",
    "ftp://example.com/": "format",
    "javascript:alert(1)": "format",
    "https://example.com:99999/": "format",
    "https://example.com:x/": "format",
    "https://[::1/": "format",
    "http://example.com/": "https",
    "https://user@example.com/": "userinfo",
    "https://user:password@example.com/": "userinfo",
    "https://example.com@127.0.0.1/": "userinfo",
    "https://example.com/#part": "fragment",
    "https://example.com/a b": "characters",
    "https://example.com/\n": "characters",
    "https://example.com\\@127.0.0.1/": "characters",
    "https://exämple.com/": "characters",
    "https://example.com/\x00": "characters",
    "https://exa%6dple.com/": "host",
    "https://a..b/": "host",
    "https://[v1.a]/": "host",
    "https://-/": "host",
    "https://[fe80::1%25lo]/": "host",
    "https://example.com:25/": "port",
    "https://example.com:80/": "port",
    "https://example.com:0/": "port",
    "https://example.com/" + "x" * 2000: "too_long",
}


@pytest.mark.parametrize("url", BAD)
def test_a_url_that_cannot_be_is_refused_with_its_reason(url: str) -> None:
    with pytest.raises(Invalid) as fault:
        rules.target(url, [])
    assert [(e.pointer, e.code) for e in fault.value.errors] == [("/url", BAD[url])]


@pytest.mark.parametrize("url", [None, 1, ["https://example.com"], {}])
def test_a_url_is_text(url: object) -> None:
    with pytest.raises(Invalid):
        rules.target(url, [])


def test_a_url_is_taken_apart_once() -> None:
    target = rules.target("https://Hooks.Example.com.:8443/a?b=c", [])
    assert (target.scheme, target.host, target.port, target.path) == ("https", "hooks.example.com", 8443, "/a?b=c")
    assert target.host_header == "hooks.example.com:8443"


@pytest.mark.parametrize(
    ("url", "path"), [("https://a.io", "/"), ("https://a.io?x=1", "/?x=1"), ("https://a.io/x/?", "/x/")]
)
def test_what_is_asked_for_always_has_a_path(url: str, path: str) -> None:
    assert rules.target(url, []).path == path


@pytest.mark.parametrize("allowed", ["erp.internal", "ERP.internal", "erp.internal:81", " erp.internal "])
def test_a_named_host_may_be_asked_in_clear_and_on_any_port(allowed: str) -> None:
    target = rules.target("http://erp.internal:81/", [allowed])
    assert (target.is_allowed, target.host_header) == (True, "erp.internal:81")


@pytest.mark.parametrize("allowed", ["erp.internal:82", "internal", "other.erp.internal", ""])
def test_only_the_host_that_was_named_is_allowed(allowed: str) -> None:
    with pytest.raises(Invalid):
        rules.target("http://erp.internal:81/", [allowed])


def test_an_ipv6_host_keeps_its_brackets_in_the_header() -> None:
    assert rules.target("http://[::1]:9000/", ["[::1]"]).host_header == "[::1]:9000"


BOLTCALL = catalogues.get("boltcall")


def test_events_come_in_the_order_in_which_they_are_offered_and_once() -> None:
    cleaned = rules.clean_events(BOLTCALL, ["key.revoked", "lead.created", "key.revoked"])
    assert cleaned == ["lead.created", "key.revoked"]


OF_OPERATIONS = {
    "boltly": {
        *("contact.tagged", "contact.untagged", "conversation.messaged"),
        *("broadcast.drafted", "broadcast.scheduled", "broadcast.sending", "broadcast.sent", "broadcast.failed"),
        *(
            "template.drafted",
            "template.submitted",
            "template.approved",
            "template.rejected",
            "template.sync_requested",
        ),
    },
}


VERBS = {"POST": "created", "PATCH": "updated", "DELETE": "deleted"}
NEVER_DELETED = {"conversation.deleted", "broadcast.deleted", "opportunity.deleted"}


@pytest.mark.parametrize("catalogue", ["boltcall", "boltly", "voice", "bolten"])
def test_events_are_those_that_the_catalogue_can_cause(catalogue: str) -> None:
    entry = catalogues.get(catalogue)
    names = events.names(entry)
    stored = [r for r in entry.resources.values() if r.kind == "records"]
    lives = {f"{r.singular}.{verb}" for r in stored for method, verb in VERBS.items() if method in r.methods}
    assert lives | OF_OPERATIONS.get(catalogue, set()) == {name for name in names if not name.startswith("key.")}
    assert {"key.created", "key.revoked", "key.expiring", "key.expired", "key.rotated", "key.used_after_end"} < {*names}
    assert not NEVER_DELETED & {*names}


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        (None, "/events", "type"),
        ("lead.created", "/events", "type"),
        ({"lead.created": 1}, "/events", "type"),
        ([], "/events", "required"),
        (["lead.created", "lead.exploded"], "/events/1", "unknown_event"),
        ([1], "/events/0", "unknown_event"),
        ([["lead.created"]], "/events/0", "unknown_event"),
        ([{}], "/events/0", "unknown_event"),
        (["analytic.created"], "/events/0", "unknown_event"),
        (["webhook.test"], "/events/0", "unknown_event"),
        (["*"], "/events/0", "unknown_event"),
        (["lead.created"] * 1000, "/events", "too_many"),
    ],
)
def test_events_that_cannot_be_are_refused_one_by_one(given: object, pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as fault:
        rules.clean_events(BOLTCALL, given)
    assert [(e.pointer, e.code) for e in fault.value.errors] == [(pointer, code)]
