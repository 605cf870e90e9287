"""What a catalogue says: which action a request needs, which scopes there are, what comes with what."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from apps.core import catalogue
from apps.core.catalogue import Action, Catalogue, CatalogueError, Group, Resource
from apps.core.fields import Field
from tests.core.catalogue_files import HEAD, ORDERS, READ, SHOP, action, load, managing, orders, save

WRITE = """
[actions.write]
label = "Write"
description = "Create and change."
methods = ["POST", "PATCH"]
operations = ["ship"]
implies = ["read"]
"""


def resource(*actions: Action, slug: str = "orders", kind: str = "records") -> Resource:
    return Resource(slug, "Orders", "order", "What was bought.", "", kind, actions, (), dynamic=False)


def doing(slug: str, methods: str = "", operations: str = "", implies: str = "") -> Action:
    return Action(
        slug, slug, slug, frozenset(methods.split()), frozenset(operations.split()), frozenset(implies.split())
    )


def made(*resources: Resource) -> Catalogue:
    return Catalogue("shop", "Shop", "A shop.", "sk", False, 60, (), {r.slug: r for r in resources})


# --- Which action a request needs ----------------------------------------------------------------------------------

READING = doing("read", "GET HEAD", "metrics")
WRITING = doing("write", "POST PATCH", "send retry")


@pytest.mark.parametrize(
    ("method", "operation", "expected"),
    [
        ("GET", None, READING),
        ("HEAD", None, READING),
        ("POST", None, WRITING),
        ("PATCH", None, WRITING),
        ("DELETE", None, None),
        ("PUT", None, None),
        ("OPTIONS", None, None),
        ("get", None, None),
        ("", None, None),
        ("GET", "metrics", READING),
        ("POST", "metrics", READING),
        ("GET", "send", WRITING),
        ("POST", "retry", WRITING),
        ("PUT", "send", WRITING),
        ("POST", "cancel", None),
        ("POST", "", None),
        ("POST", "Send", None),
        ("GET", "GET", None),
        ("send", None, None),
    ],
)
def test_a_request_needs_the_action_that_covers_its_operation_or_else_its_method(
    method: str, operation: str | None, expected: Action | None
) -> None:
    assert resource(READING, WRITING).action_for(method, operation) is expected


def test_an_action_is_found_by_its_slug() -> None:
    both = resource(READING, WRITING)
    assert both.action("read") is READING
    assert both.action("write") is WRITING
    assert both.action("Read") is None
    assert both.action("") is None


def test_a_resource_knows_all_methods_and_operations_that_its_actions_cover() -> None:
    both = resource(READING, WRITING)
    assert both.methods == {"GET", "HEAD", "POST", "PATCH"}
    assert both.operations == {"metrics", "send", "retry"}
    assert resource().methods == frozenset()
    assert resource().operations == frozenset()


def test_an_action_covers_nothing_unless_it_is_said() -> None:
    nothing = Action("read", "Read", "List.")
    assert (nothing.methods, nothing.operations, nothing.implies) == (frozenset(), frozenset(), frozenset())


# --- Scopes --------------------------------------------------------------------------------------------------------


def test_scopes_come_in_the_order_of_resources_and_actions() -> None:
    shop = made(resource(WRITING, READING), resource(READING, slug="articles"))
    assert shop.scopes == ("orders:write", "orders:read", "articles:read")


def test_a_scope_implies_itself_and_what_is_said_by_way_of_others_too() -> None:
    chain = resource(doing("a", implies="b"), doing("b", implies="c d"), doing("c"), doing("d"), doing("e"))
    shop = made(chain, resource(doing("a"), slug="articles"))
    assert shop.implied("orders:a") == {"orders:a", "orders:b", "orders:c", "orders:d"}
    assert shop.implied("orders:b") == {"orders:b", "orders:c", "orders:d"}
    assert shop.implied("orders:e") == {"orders:e"}
    assert shop.implied("articles:a") == {"articles:a"}


@pytest.mark.parametrize("scope", ["", "orders", "orders:", ":read", "orders:delete", "articles:read", "orders:read:x"])
def test_a_scope_that_the_catalogue_does_not_have_implies_nothing(scope: str) -> None:
    assert made(resource(READING)).implied(scope) == frozenset()


def test_an_operation_of_the_product_is_guarded_by_the_management_resource_that_covers_it() -> None:
    keys = resource(
        doing("read", operations="keys.list"),
        doing("write", operations="keys.create"),
        slug="tokens",
        kind="management",
    )
    shop = made(resource(doing("read", operations="metrics")), keys)
    assert shop.guard("keys.list") is keys
    assert shop.guard("keys.create") is keys
    assert shop.guard("keys.delete") is None
    assert shop.guard("metrics") is None


def test_a_catalogue_does_not_change() -> None:
    shop = made(resource(READING))
    for thing, name in ((shop, "slug"), (shop, "scopes"), (shop.resources["orders"], "actions"), (READING, "methods")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, ())


def test_equal_catalogues_are_equal_and_can_be_members_of_a_set() -> None:
    assert made(resource(READING)) == made(resource(READING))
    assert made(resource(READING)) != made(resource(WRITING))
    assert len({made(resource(READING)), made(resource(READING))}) == 1


def test_what_is_printed_of_a_catalogue_is_what_it_was_made_of() -> None:
    assert "_by_method" not in repr(resource(READING))
    assert "_implied" not in repr(made(resource(READING)))


# --- Reading a file ------------------------------------------------------------------------------------------------


def test_the_smallest_catalogue_has_the_defaults(tmp_path: Path) -> None:
    shop = load(tmp_path, SHOP)
    reading = Action("read", "Read", "List and open.", frozenset({"GET", "HEAD"}))
    expected = Resource("orders", "Orders", "order", "What was bought.", "", "records", (reading,), (), dynamic=False)
    assert shop == Catalogue("shop", "Shop", "Orders of a shop.", "sk", False, 60, (), {"orders": expected})
    assert shop.resources["orders"].dynamic is False
    assert shop.unrestricted is False


def test_a_catalogue_keeps_all_that_is_written(tmp_path: Path) -> None:
    text = (
        HEAD
        + 'key_prefix = "shop2"\nunrestricted = true\nrate_limit = 1_000_000\n'
        + '[[groups]]\nslug = "sales"\nlabel = "Sales"\n[[groups]]\nslug = "more"\nlabel = "More"\n'
        + READ
        + WRITE
        + ORDERS.replace('["read"]', '["write", "read"]')
        + 'group = "sales"\nkind = "records"\ndynamic = true\n'
        + '[[resources.orders.fields]]\nname = "size"\nlabel = "Size"\ntype = "single_choice"\nrequired = true\n'
        + 'options = ["S", "M"]\ndescription = "How large."\n'
        + '[[resources.orders.fields]]\nname = "note"\nlabel = "Note"\ntype = "text"\n'
        + ORDERS.replace("orders", "more").replace("Orders", "More").replace('"order"', '"more"')
        + 'group = "more"\n'
    )
    shop = load(tmp_path, text)
    assert (shop.key_prefix, shop.unrestricted, shop.rate_limit) == ("shop2", True, 1_000_000)
    assert shop.groups == (Group("sales", "Sales"), Group("more", "More"))
    assert list(shop.resources) == ["orders", "more"]
    first = shop.resources["orders"]
    assert (first.group, first.kind, first.dynamic) == ("sales", "records", True)
    assert [a.slug for a in first.actions] == ["write", "read"]
    assert first.actions[0] == Action(
        *("write", "Write", "Create and change."),
        frozenset({"POST", "PATCH"}),
        frozenset({"ship"}),
        frozenset({"read"}),
    )
    assert first.fields == (
        Field("size", "Size", "single_choice", True, ("S", "M"), "How large."),
        Field("note", "Note", "text", False, (), ""),
    )
    assert shop.scopes == ("orders:write", "orders:read", "more:read")


@pytest.mark.parametrize("limit", [1, 60, 1_000_000])
def test_a_rate_limit_is_from_one_to_a_million(tmp_path: Path, limit: int) -> None:
    assert load(tmp_path, HEAD + f"rate_limit = {limit}\n" + READ + ORDERS).rate_limit == limit


@pytest.mark.parametrize("prefix", ["a", "sk", "acme", "a1", "a" * 16])
def test_a_key_prefix_is_a_short_word(tmp_path: Path, prefix: str) -> None:
    assert load(tmp_path, HEAD + f'key_prefix = "{prefix}"\n' + READ + ORDERS).key_prefix == prefix


@pytest.mark.parametrize("slug", ["a", "my_shop2", "a" * 40])
def test_a_slug_has_at_most_40_characters(tmp_path: Path, slug: str) -> None:
    assert load(tmp_path, SHOP.replace('"shop"', f'"{slug}"')).slug == slug


def test_labels_and_descriptions_have_at_most_80_and_300_characters(tmp_path: Path) -> None:
    text = SHOP.replace('"Shop"', '"' + "é" * 80 + '"').replace("Orders of a shop.", "é" * 300)
    shop = load(tmp_path, text)
    assert (shop.label, shop.description) == ("é" * 80, "é" * 300)


def test_an_action_of_the_resource_goes_before_the_shared_one_of_the_same_name(tmp_path: Path) -> None:
    text = SHOP + action("read", 'methods = ["GET"]\noperations = ["metrics"]', label="Look")
    text += ORDERS.replace("orders", "more").replace("Orders", "More").replace('"order"', '"more"')
    shop = load(tmp_path, text)
    assert shop.resources["orders"].actions[0].label == "Look"
    assert shop.resources["more"].actions[0].label == "Read"


@pytest.mark.parametrize("methods", ['["GET"]', '["GET", "HEAD"]', '["HEAD", "GET"]'])
def test_head_goes_where_get_goes(tmp_path: Path, methods: str) -> None:
    assert orders(tmp_path, SHOP.replace('["GET"]', methods)).methods == {"GET", "HEAD"}


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_head_does_not_go_with_another_method(tmp_path: Path, method: str) -> None:
    assert orders(tmp_path, SHOP.replace("GET", method)).methods == {method}


@pytest.mark.parametrize("operation", ["a", "send", "send_now2", "labels.list", "a" * 40 + "." + "b" * 40])
def test_an_operation_is_one_word_or_two(tmp_path: Path, operation: str) -> None:
    read = orders(tmp_path, SHOP.replace('methods = ["GET"]', f'operations = ["{operation}"]')).actions[0]
    assert read.operations == {operation}
    assert read.methods == frozenset()


def test_analytics_are_read_only(tmp_path: Path) -> None:
    assert orders(tmp_path, SHOP + 'kind = "analytics"\n').kind == "analytics"


@pytest.mark.parametrize("operation", catalogue.MANAGEMENT_OPERATIONS)
def test_management_guards_operations_of_the_product(tmp_path: Path, operation: str) -> None:
    shop = load(tmp_path, SHOP + managing("tokens", "token", f'["{operation}"]'))
    assert shop.guard(operation) is shop.resources["tokens"]
    assert shop.resources["tokens"].kind == "management"


def test_records_may_have_an_operation_that_management_has(tmp_path: Path) -> None:
    text = SHOP.replace('["GET"]', '["GET"]\noperations = ["keys.list"]') + managing("tokens", "token", '["keys.list"]')
    shop = load(tmp_path, text)
    assert shop.guard("keys.list") is shop.resources["tokens"]


# --- Reading folders -----------------------------------------------------------------------------------------------


def test_catalogues_of_all_folders_are_read_by_slug_in_order_of_folder_and_file(tmp_path: Path) -> None:
    for folder, name in (("one", "z"), ("one", "b"), ("two", "a")):
        (tmp_path / folder).mkdir(exist_ok=True)
        save(tmp_path / folder, SHOP.replace('"shop"', f'"{name}"'), f"{name}.toml")
    loaded = catalogue.load([tmp_path / "one", tmp_path / "two"])
    assert list(loaded) == ["b", "z", "a"]
    assert [each.slug for each in loaded.values()] == ["b", "z", "a"]


def test_catalogues_cannot_be_exchanged_after_loading(tmp_path: Path) -> None:
    save(tmp_path, SHOP)
    loaded = catalogue.load([tmp_path])
    for mapping in (loaded, loaded["shop"].resources):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]


def test_other_files_and_those_that_editors_leave_behind_are_not_read(tmp_path: Path) -> None:
    save(tmp_path, SHOP)
    for name in (".shop.toml", ".#shop.toml", "shop.toml~", "README.md", "shop.json"):
        save(tmp_path, "no catalogue", name)
    assert list(catalogue.load([tmp_path])) == ["shop"]


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    assert list(catalogue.load([tmp_path])) == ["shop"]


def test_no_folders_have_no_catalogues() -> None:
    assert dict(catalogue.load([])) == {}


@pytest.mark.parametrize("where", ["", "missing"])
def test_a_folder_without_a_catalogue_is_a_fault(tmp_path: Path, where: str) -> None:
    with pytest.raises(CatalogueError) as error:
        catalogue.load([tmp_path / where])
    assert error.value.file == tmp_path / where
    assert (error.value.entry, error.value.fault) == (
        "whole folder",
        "There is no catalogue in it. Put a *.toml file there.",
    )


def test_a_slug_that_two_files_have_is_a_fault_that_names_both(tmp_path: Path) -> None:
    first, second = save(tmp_path, SHOP, "a.toml"), save(tmp_path, SHOP, "b.toml")
    with pytest.raises(CatalogueError) as error:
        catalogue.load([tmp_path])
    assert str(error.value) == f'{second}: slug: "shop" is the slug of {first} already. Choose another.'
    assert (error.value.file, error.value.entry) == (second, "slug")


def test_the_same_folder_twice_is_a_fault(tmp_path: Path) -> None:
    save(tmp_path, SHOP)
    with pytest.raises(CatalogueError, match="is the slug of"):
        catalogue.load([tmp_path, tmp_path])
