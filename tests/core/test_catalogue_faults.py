"""A faulty catalogue stops the start with a message that names file, entry and fault, and says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core import catalogue
from apps.core.catalogue import CatalogueError
from tests.core.catalogue_files import (
    HEAD,
    MISSING_TEXT,
    NO_SLUG,
    ORDERS,
    PRINTABLE_300,
    READ,
    SHOP,
    fault,
    managing,
    save,
)

TEXT = "Write text in quotes."
PRINTABLE_80 = "Write 1 to 80 printable characters, without spaces around them."
WORD = "Write a word: 1 to 40 of a-z, 0-9 and _, starting with a letter."
GROUPS = '[[groups]]\nslug = "sales"\nlabel = "Sales"\n'
FIELD = '[[resources.orders.fields]]\nname = "size"\nlabel = "Size"\ntype = "text"\n'
MORE = ORDERS.replace("orders", "more").replace("Orders", "More").replace('"order"', '"more"')


def test_a_fault_is_a_message_that_names_file_entry_and_what_to_do(tmp_path: Path) -> None:
    file = save(tmp_path, SHOP.replace('label = "Orders"', 'lable = "Orders"'))
    with pytest.raises(CatalogueError) as error:
        catalogue.load([tmp_path])
    known = "label, singular, description, group, kind, dynamic, board, actions, action, fields"
    assert str(error.value) == f"{file}: resources.orders.lable: There is no such setting. Use: {known}."


# --- The file ------------------------------------------------------------------------------------------------------


def whole_file_fault(folder: Path, content: bytes) -> str:
    (folder / "shop.toml").write_bytes(content)
    with pytest.raises(CatalogueError) as error:
        catalogue.load([folder])
    assert (error.value.file, error.value.entry) == (folder / "shop.toml", "whole file")
    return error.value.fault


def test_a_file_that_is_no_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    fault = whole_file_fault(tmp_path, b'slug = "shop"\nlabel = \n')
    assert fault == "It is not TOML 1.0. Invalid value (at line 2, column 9)."


def test_a_number_too_long_to_read_is_refused(tmp_path: Path) -> None:
    assert whole_file_fault(tmp_path, b"rate_limit = " + b"9" * 5_000).startswith("It is not TOML 1.0. ")


def test_a_file_that_is_not_utf_8_is_refused_with_the_byte(tmp_path: Path) -> None:
    assert whole_file_fault(tmp_path, b'slug = "caf\xe9"') == "It is not UTF-8 (byte 11). Save it as UTF-8."


def test_a_file_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    assert whole_file_fault(tmp_path, b"a = " + b"[" * 100_000) == "It is nested too deep."


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").mkdir()
    with pytest.raises(CatalogueError) as error:
        catalogue.load([tmp_path])
    assert str(error.value) == f"{tmp_path / 'shop.toml'}: whole file: It cannot be read: Is a directory."
    assert error.value.file == tmp_path / "shop.toml"


# --- Settings ------------------------------------------------------------------------------------------------------

TOP = "slug, label, description, key_prefix, unrestricted, rate_limit, groups, actions, resources"


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        ("", "slug", MISSING_TEXT),
        ('colour = "red"\n' + SHOP, "colour", f"There is no such setting. Use: {TOP}."),
        (SHOP.replace('slug = "shop"', ""), "slug", MISSING_TEXT),
        (SHOP.replace('slug = "shop"', "slug = 5"), "slug", TEXT),
        (SHOP.replace('slug = "shop"', 'slug = ""'), "slug", WORD),
        (SHOP.replace('slug = "shop"', 'slug = "Shop"'), "slug", WORD),
        (SHOP.replace('slug = "shop"', 'slug = "my-shop"'), "slug", WORD),
        (SHOP.replace('slug = "shop"', 'slug = "2shop"'), "slug", WORD),
        (SHOP.replace('slug = "shop"', 'slug = "_shop"'), "slug", WORD),
        (SHOP.replace('slug = "shop"', 'slug = "shop\\n"'), "slug", WORD),
        (SHOP.replace('slug = "shop"', f'slug = "{"a" * 41}"'), "slug", WORD),
        (SHOP.replace('label = "Shop"', ""), "label", MISSING_TEXT),
        (SHOP.replace('label = "Shop"', "label = true"), "label", TEXT),
        (SHOP.replace('label = "Shop"', 'label = ""'), "label", PRINTABLE_80),
        (SHOP.replace('label = "Shop"', 'label = " Shop"'), "label", PRINTABLE_80),
        (SHOP.replace('label = "Shop"', 'label = "Shop "'), "label", PRINTABLE_80),
        (SHOP.replace('label = "Shop"', 'label = "Sh\\nop"'), "label", PRINTABLE_80),
        (SHOP.replace('label = "Shop"', 'label = "Sh\\u202eop"'), "label", PRINTABLE_80),
        (SHOP.replace('label = "Shop"', f'label = "{"a" * 81}"'), "label", PRINTABLE_80),
        (SHOP.replace("Orders of a shop.", ""), "description", PRINTABLE_300),
        (SHOP.replace("Orders of a shop.", "a" * 301), "description", PRINTABLE_300),
        (SHOP.replace('description = "Orders of a shop."', ""), "description", MISSING_TEXT),
        ("unrestricted = 1\n" + SHOP, "unrestricted", "Write true or false."),
        ('unrestricted = "yes"\n' + SHOP, "unrestricted", "Write true or false."),
        ("rate_limit = 0\n" + SHOP, "rate_limit", "Write a whole number from 1 to 1,000,000."),
        ("rate_limit = 1_000_001\n" + SHOP, "rate_limit", "Write a whole number from 1 to 1,000,000."),
        ("rate_limit = true\n" + SHOP, "rate_limit", "Write a whole number from 1 to 1,000,000."),
        ("rate_limit = 60.0\n" + SHOP, "rate_limit", "Write a whole number."),
        ('rate_limit = "60"\n' + SHOP, "rate_limit", "Write a whole number."),
        ("key_prefix = 1\n" + SHOP, "key_prefix", TEXT),
        *(
            (
                f'key_prefix = "{prefix}"\n' + SHOP,
                "key_prefix",
                "Write 1 to 16 of a-z and 0-9, and start with a letter.",
            )
            for prefix in ("SK", "1k", "s_k", "s-k", "skä", "s k")
        ),
        *(
            (
                f'key_prefix = "{prefix}"\n' + SHOP,
                "key_prefix",
                "Write 1 to 16 printable characters, without spaces around them.",
            )
            for prefix in ("", "a" * 17, "sk\\n")
        ),
    ],
)
def test_a_setting_of_the_catalogue_that_cannot_be_is_refused(
    tmp_path: Path, text: str, entry: str, message: str
) -> None:
    assert fault(tmp_path, text) == (entry, message)


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        ('groups = "sales"\n' + SHOP, "groups", "Write tables such as [[groups]]."),
        ('groups = ["sales"]\n' + SHOP, "groups", "Write tables, [[groups]]."),
        (
            HEAD + GROUPS + 'name = "x"\n' + READ + ORDERS,
            "groups[1].name",
            "There is no such setting. Use: slug, label.",
        ),
        (HEAD + '[[groups]]\nlabel = "Sales"\n' + READ + ORDERS, "groups[1].slug", MISSING_TEXT),
        (HEAD + '[[groups]]\nslug = "Sales"\nlabel = "Sales"\n' + READ + ORDERS, "groups[1].slug", WORD),
        (HEAD + '[[groups]]\nslug = "sales"\n' + READ + ORDERS, "groups[1].label", MISSING_TEXT),
        (
            HEAD + GROUPS + GROUPS.replace("Sales", "More") + READ + ORDERS,
            "groups[2].slug",
            '"sales" is there already, at groups[1].',
        ),
        (
            HEAD + GROUPS + GROUPS.replace("sales", "more") + READ + ORDERS,
            "groups[2].label",
            '"Sales" is there already, at groups[1].',
        ),
        (HEAD + GROUPS + READ + ORDERS, "groups[1]", 'No resource uses "sales". Use it in one, or remove it.'),
        (
            HEAD + GROUPS + READ + ORDERS + 'group = "sale"\n',
            "resources.orders.group",
            'There is no "sale". There is: sales.',
        ),
        (SHOP + 'group = "sales"\n', "resources.orders.group", 'There is no "sales". There is: none.'),
        (SHOP + 'group = ""\n', "resources.orders.group", 'There is no "". There is: none.'),
        (SHOP + "group = 1\n", "resources.orders.group", TEXT),
    ],
)
def test_a_group_that_cannot_be_is_refused(tmp_path: Path, text: str, entry: str, message: str) -> None:
    assert fault(tmp_path, text) == (entry, message)


# --- Resources -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        (HEAD + READ, "resources", "There are none. Write at least one table, [resources.NAME]."),
        (HEAD + READ + "[resources]\n", "resources", "There are none. Write at least one table, [resources.NAME]."),
        ("resources = 1\n" + HEAD + READ, "resources", "Write tables such as [resources.NAME]."),
        (HEAD + READ + "[resources]\norders = 1\n", "resources", "Write a table, [resources.orders]."),
        (SHOP.replace("resources.orders", 'resources."my-orders"'), "resources", f'"my-orders" {NO_SLUG}'),
        (SHOP.replace("resources.orders", "resources.Orders"), "resources", f'"Orders" {NO_SLUG}'),
        (SHOP.replace("resources.orders", f"resources.{'a' * 41}"), "resources", f'"{"a" * 41}" {NO_SLUG}'),
        (SHOP.replace("resources.orders", 'resources."openapi.json"'), "resources", f'"openapi.json" {NO_SLUG}'),
        (SHOP.replace("resources.orders", "resources.developer-access"), "resources", f'"developer-access" {NO_SLUG}'),
        *(
            (
                SHOP.replace("resources.orders", f"resources.{slug}"),
                f"resources.{slug}",
                f"/v1/{slug} is a path of boltkeys itself. Choose another name.",
            )
            for slug in ("auth", "docs", "me", "openapi", "schema", "verify")
        ),
        (SHOP.replace('label = "Orders"', ""), "resources.orders.label", MISSING_TEXT),
        (SHOP.replace('singular = "order"', ""), "resources.orders.singular", MISSING_TEXT),
        (SHOP.replace('singular = "order"', 'singular = "an order"'), "resources.orders.singular", WORD),
        (
            SHOP.replace('singular = "order"', 'singular = "key"'),
            "resources.orders.singular",
            "Events such as key.created are of boltkeys itself. Choose another word.",
        ),
        (SHOP.replace('description = "What was bought."', ""), "resources.orders.description", MISSING_TEXT),
        (
            SHOP + 'kind = "record"\n',
            "resources.orders.kind",
            'There is no "record". There is: records, analytics, management.',
        ),
        (SHOP + 'dynamic = "no"\n', "resources.orders.dynamic", "Write true or false."),
        (
            SHOP + MORE.replace('"More"', '"Orders"'),
            "resources.more.label",
            '"Orders" is there already, at resources.orders.',
        ),
        (
            SHOP + MORE.replace('singular = "more"', 'singular = "order"'),
            "resources.more.singular",
            '"order" is there already, at resources.orders.',
        ),
    ],
)
def test_a_resource_that_cannot_be_is_refused(tmp_path: Path, text: str, entry: str, message: str) -> None:
    assert fault(tmp_path, text) == (entry, message)


MANAGEMENT = managing("tokens", "token", '["keys.list"]')
KNOWN = ", ".join(catalogue.MANAGEMENT_OPERATIONS)


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        (
            SHOP + 'kind = "analytics"\ndynamic = true\n',
            "resources.orders.dynamic",
            'Only records have fields that change. Remove it, or the kind "analytics".',
        ),
        (
            SHOP + MANAGEMENT.replace("actions =", "dynamic = true\nactions ="),
            "resources.tokens.dynamic",
            'Only records have fields that change. Remove it, or the kind "management".',
        ),
        *(
            (
                SHOP.replace('methods = ["GET"]', covered) + 'kind = "analytics"\n',
                "resources.orders.actions",
                "Analytics are computed: their actions cover GET and nothing else.",
            )
            for covered in (
                'methods = ["GET", "POST"]',
                'methods = ["DELETE"]',
                'methods = ["GET"]\noperations = ["metrics"]',
            )
        ),
        (
            SHOP + MANAGEMENT + FIELD.replace("orders", "tokens"),
            "resources.tokens.fields",
            "Management has no records, so that it has no fields. Remove them.",
        ),
        (
            SHOP + MANAGEMENT + 'methods = ["GET"]\n',
            "resources.tokens.actions",
            "Management has no records: its actions have operations, but no methods.",
        ),
        (
            SHOP + managing("tokens", "token", '["keys.list", "keys.steal", "keys.borrow"]'),
            "resources.tokens.actions",
            f'boltkeys has no operation "keys.borrow". Use: {KNOWN}.',
        ),
        (
            SHOP + MANAGEMENT + managing("secrets", "secret", '["scopes.list", "keys.list"]'),
            "resources.secrets.actions",
            '"keys.list" is covered by resources.tokens already. Remove it from one of the two.',
        ),
    ],
)
def test_what_the_kind_of_a_resource_rules_out_is_refused(tmp_path: Path, text: str, entry: str, message: str) -> None:
    assert fault(tmp_path, text) == (entry, message)


STAGED = (
    SHOP.replace('methods = ["GET"]', 'methods = ["GET", "PATCH"]')
    + 'board = "stage"\nfields = [{ name = "stage", label = "Stage", type = "single_choice", options = ["new"] }]\n'
)


def test_a_board_is_by_a_single_choice_of_records(tmp_path: Path) -> None:
    save(tmp_path, STAGED)
    [shop] = catalogue.load([tmp_path]).values()
    assert shop.resources["orders"].board == "stage"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            STAGED.replace('board = "stage"', 'board = "state"'),
            '"state" is no single choice among the fields. There is: stage.',
        ),
        (
            STAGED.replace("single_choice", "multiple_choice"),
            '"stage" is no single choice among the fields. There is: none.',
        ),
        (STAGED.replace('board = "stage"', "board = true"), "Write text in quotes."),
        (
            STAGED.replace(', "PATCH"', ""),
            "Cards are listed by GET and moved by PATCH: an action has to cover each.",
        ),
        (
            STAGED.replace(', "PATCH"', "").replace("board =", 'kind = "analytics"\nboard ='),
            'Only records are cards. Remove it, or the kind "analytics".',
        ),
        (
            STAGED.replace("resources.orders", "resources.team"),
            "The dashboard has another page called team. Choose another slug.",
        ),
    ],
)
def test_a_board_that_cannot_be_is_refused(tmp_path: Path, text: str, message: str) -> None:
    entry, said = fault(tmp_path, text)
    assert (entry.partition(".")[0], entry.rpartition(".")[2], said) == ("resources", "board", message)
