"""The request that a proxy asks about: what its path names, and which action it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core import catalogue, original
from apps.core.original import Original

BOLTLY = catalogue.load([Path(__file__).parents[2] / "boltkeys" / "catalogues"])["boltly"]


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("/leads", Original("leads")),
        ("/leads/", Original("leads")),
        ("/leads?limit=2", Original("leads")),
        ("/leads/?../../admin", Original("leads")),
        ("/leads/42", Original("leads", ("42",))),
        ("/leads/rec_4fT", Original("leads", ("rec_4fT",))),
        ("/leads/a.b-c~d@e+f", Original("leads", ("a.b-c~d@e+f",))),
        ("/leads/42/notes", Original("leads", ("42", "notes"))),
        ("/leads/42/notes/", Original("leads", ("42", "notes"))),
        ("/LEADS", Original("LEADS")),
        ("/leads.json", Original("leads.json")),
    ],
)
def test_a_plain_path_names_a_resource_and_what_is_below_it(uri: str, named: Original) -> None:
    assert original.read(uri) == named


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/",
        "//",
        "?",
        "leads",
        "*",
        "http://other/leads",
        "//leads",
        "/leads//42",
        "/leads//",
        "/leads/42//",
        "/leads/..",
        "/leads/../contacts",
        "/leads/./42",
        "/leads/.hidden",
        "/leads/..%2fcontacts",
        "/leads%2f42",
        "/leads/%2e%2e/contacts",
        "/%6ceads",
        "/leads%00",
        "/leads;x=1",
        "/leads/;/contacts",
        "/leads/42;x/notes",
        "/leads\\..\\contacts",
        "/leads/42,/contacts",
        "/leads,/contacts",
        "/leads#contacts",
        "/leads/42:purge",
        "/leads/4 2",
        "/leads\n",
        "/leads/\x0042",
        "/leäds",
        "/leads/٤٢",
        "/leads/42/notes/7",
        "/leads/" + "4" * 201,
        "/" + "a/" * 2000,
    ],
)
def test_a_path_that_can_be_read_in_two_ways_names_nothing(uri: str) -> None:
    assert original.read(uri) is None


def test_the_prefix_is_cut_off_and_has_to_be_there() -> None:
    assert original.read("/api/v2/leads/42", "/api/v2") == Original("leads", ("42",))
    assert original.read("/api/v2/a/b/c", "/api/v2") == Original("a", ("b", "c"))
    for uri in (
        "/leads",
        "/api/v2",
        "/api/v2/",
        "/api/v2x/leads",
        "/api/v2//leads",
        "/API/v2/leads",
        "/x/api/v2/leads",
    ):
        assert original.read(uri, "/api/v2") is None, uri


READ, WRITE, MANAGE, CREATE, SEND = "read", "write", "manage", "create", "send"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        # by method
        ("GET", "/contacts", READ),
        ("HEAD", "/contacts", READ),
        ("POST", "/contacts", WRITE),
        ("GET", "/contacts/42", READ),
        ("PATCH", "/contacts/42", WRITE),
        ("DELETE", "/contacts/42", MANAGE),
        ("DELETE", "/broadcasts/42", None),
        ("PUT", "/contacts/42", None),
        ("get", "/contacts", None),
        ("OPTIONS", "/contacts", None),
        ("", "/contacts", None),
        # more than a method needs a name
        ("POST", "/contacts/42", None),
        ("POST", "/contacts/import", None),
        # operations on one record
        ("POST", "/broadcasts/42/send", SEND),
        ("PUT", "/broadcasts/42/send", SEND),
        ("POST", "/broadcasts/42/schedule", CREATE),
        ("GET", "/broadcasts/42/metrics", READ),
        ("DELETE", "/contacts/42/tags", MANAGE),
        ("GET", "/contacts/42/tags", MANAGE),
        ("OPTIONS", "/broadcasts/42/send", None),
        ("send", "/broadcasts/42/send", None),
        ("GET", "/contacts/42/secrets", None),
        ("DELETE", "/contacts/42/everything", None),
        ("POST", "/contacts/42/Tags", None),
        # reading has an operation of its own
        ("GET", "/inbox/42/messages", READ),
        ("HEAD", "/inbox/42/messages", READ),
        ("POST", "/inbox/42/messages", WRITE),
        ("POST", "/inbox/42/messages.list", None),
        ("GET", "/inbox/42/messages.list", None),
        # operations on the whole
        ("POST", "/templates/sync", MANAGE),
        ("POST", "/broadcasts/send", SEND),
        ("GET", "/broadcasts/metrics", READ),
        ("DELETE", "/contacts/tags", MANAGE),
        # or a record of that name: both readings need the same action
        ("GET", "/broadcasts/send", None),
        ("PATCH", "/broadcasts/send", None),
        ("PUT", "/templates/sync", None),
        ("DELETE", "/broadcasts/send", None),
        ("GET", "/contacts/tags", None),
        # or what a router takes for that name: with a format, in any case, with a dot at the end
        ("GET", "/templates/sync.json", None),
        ("PATCH", "/templates/SYNC", None),
        ("PATCH", "/templates/Sync.JSON", None),
        ("GET", "/templates/sync.", None),
        ("GET", "/broadcasts/Report.v1.csv", None),
        ("DELETE", "/contacts/tags.json", MANAGE),
        ("GET", "/broadcasts/Metrics.csv", READ),
        ("GET", "/inbox/messages.list", READ),
        ("PATCH", "/inbox/Messages.json", WRITE),
        ("POST", "/templates/sync.json", None),
        ("POST", "/templates/SYNC", None),
        ("POST", "/broadcasts/42/SEND", None),
        ("POST", "/broadcasts/42/send.json", None),
        # other names are those of records, dots or not
        ("GET", "/templates/42.json", READ),
        ("PATCH", "/templates/syncs.v2", CREATE),
        ("GET", "/templates/v2.sync", READ),
        ("GET", "/contacts/maya@tags.example", READ),
        ("PATCH", "/templates/sync~", CREATE),
    ],
)
def test_method_and_path_need_one_action(method: str, path: str, action: str | None) -> None:
    named = original.read(path)
    assert named is not None
    found = original.action_for(BOLTLY.resources[named.resource], method, named.below)
    assert (found.slug if found else None) == action
