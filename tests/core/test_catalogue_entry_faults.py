"""Actions and fields that a catalogue cannot have: which entry is named, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.catalogue_files import HEAD, MISSING_TEXT, NO_SLUG, ORDERS, PRINTABLE_300, READ, SHOP, action, fault

FIELD = '[[resources.orders.fields]]\nname = "size"\nlabel = "Size"\ntype = "text"\n'

# --- Actions -------------------------------------------------------------------------------------------------------

TWO = ORDERS.replace('["read"]', '["read", "write"]')
ACTION = "label, description, methods, operations, implies"
READ_GETS = 'methods = ["GET"]'


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        (
            SHOP.replace('actions = ["read"]', ""),
            "resources.orders.actions",
            'It needs at least one, such as actions = ["read"].',
        ),
        (
            SHOP.replace('["read"]', "[]"),
            "resources.orders.actions",
            'It needs at least one, such as actions = ["read"].',
        ),
        (SHOP.replace('["read"]', '"read"'), "resources.orders.actions", "Write a list."),
        (
            SHOP.replace('["read"]', "[1]"),
            "resources.orders.actions",
            'Write a list of text, such as ["read", "write"].',
        ),
        (
            SHOP.replace('["read"]', '["read", "read"]'),
            "resources.orders.actions",
            '"read" is there more than once. Remove one.',
        ),
        (
            SHOP.replace('["read"]', '["read", "write"]'),
            "resources.orders.actions",
            'There is no action "write". Define [actions.write], or use one of: read.',
        ),
        (
            HEAD + READ + TWO.replace('"write"', '"write", "open"') + action("write", 'methods = ["POST"]'),
            "resources.orders.actions",
            'There is no action "open". Define [actions.open], or use one of: read, write.',
        ),
        (
            HEAD + ORDERS,
            "resources.orders.actions",
            'There is no action "read". Define [actions.read], or use one of: none.',
        ),
        (
            SHOP + READ.replace("read", "look").replace("Read", "Look"),
            "actions.look",
            'No resource uses "look". Use it in one, or remove it.',
        ),
        (
            SHOP + action("write", 'methods = ["POST"]'),
            "resources.orders.action.write",
            'No resource uses "write". Use it in one, or remove it.',
        ),
        (
            SHOP + "[resources.orders.action]\nread = 1\n",
            "resources.orders.action",
            "Write a table, [resources.orders.action.read].",
        ),
        (SHOP.replace("actions.read", 'actions."Read"'), "actions", f'"Read" {NO_SLUG}'),
        (
            SHOP.replace(READ_GETS, READ_GETS + "\nname = 1"),
            "actions.read.name",
            f"There is no such setting. Use: {ACTION}.",
        ),
        (SHOP.replace('label = "Read"', ""), "actions.read.label", MISSING_TEXT),
        (SHOP.replace('description = "List and open."', ""), "actions.read.description", MISSING_TEXT),
        (
            SHOP.replace(READ_GETS, ""),
            "actions.read",
            'It covers nothing. Write methods = ["GET"], operations = ["send"], or both.',
        ),
        (
            SHOP.replace(READ_GETS, "methods = []"),
            "actions.read",
            'It covers nothing. Write methods = ["GET"], operations = ["send"], or both.',
        ),
        (SHOP.replace(READ_GETS, 'methods = "GET"'), "actions.read.methods", "Write a list."),
        (
            SHOP.replace('["GET"]', '["PUT"]'),
            "actions.read.methods",
            "Records are changed by PATCH. Where PUT does something else, name an operation.",
        ),
        *(
            (
                SHOP.replace('["GET"]', f'["GET", "{method}"]'),
                "actions.read.methods",
                f'There is no "{method}". Use: GET, HEAD, POST, PATCH, DELETE.',
            )
            for method in ("get", "OPTIONS", "TRACE", "")
        ),
        (
            SHOP.replace('["GET"]', '["HEAD", "POST"]'),
            "actions.read.methods",
            "HEAD is GET without a body. Write GET, which covers both.",
        ),
        *(
            (
                SHOP.replace(READ_GETS, f'operations = ["{operation}"]'),
                "actions.read.operations",
                f'"{operation}" is no name. Write a word such as send, or two: keys.list.',
            )
            for operation in (
                "",
                "Send",
                "a.b.c",
                ".a",
                "a.",
                "send now",
                "1a",
                "a.1",
                "a-b",
                "a" * 41,
                "a." + "b" * 41,
                "GET",
            )
        ),
        (
            HEAD + READ + TWO + action("write", 'methods = ["POST", "GET"]'),
            "resources.orders.actions",
            '"read" and "write" both cover GET. Leave it to one of them.',
        ),
        (
            HEAD
            + READ.replace(READ_GETS, 'operations = ["send"]')
            + TWO
            + action("write", 'operations = ["retry", "send"]'),
            "resources.orders.actions",
            '"read" and "write" both cover send. Leave it to one of them.',
        ),
        (
            HEAD + READ + TWO + action("write", 'methods = ["POST"]', label="Read"),
            "resources.orders.action.write.label",
            '"Read" is there already, at actions.read.',
        ),
        (SHOP.replace(READ_GETS, READ_GETS + "\nimplies = true"), "actions.read.implies", "Write a list."),
        (
            SHOP.replace(READ_GETS, READ_GETS + '\nimplies = ["write", "open"]'),
            "resources.orders.actions",
            '"read" implies "open", which this resource does not have. List it, or remove it.',
        ),
        (
            SHOP.replace(READ_GETS, READ_GETS + '\nimplies = ["read"]'),
            "resources.orders.actions",
            '"read" implies itself, directly or by way of others. Remove one implies.',
        ),
        (
            HEAD
            + READ.replace(READ_GETS, READ_GETS + '\nimplies = ["write"]')
            + ORDERS.replace('["read"]', '["first", "read", "write"]')
            + action("first", 'methods = ["DELETE"]\nimplies = ["read"]')
            + action("write", 'methods = ["POST"]\nimplies = ["read"]'),
            "resources.orders.actions",
            '"read" implies itself, directly or by way of others. Remove one implies.',
        ),
    ],
)
def test_an_action_that_cannot_be_is_refused(tmp_path: Path, text: str, entry: str, message: str) -> None:
    assert fault(tmp_path, text) == (entry, message)


# --- Fields --------------------------------------------------------------------------------------------------------

NAME_RULE = "A name has 1 to 63 of a-z, 0-9 and _, starts with a letter and has no __."


@pytest.mark.parametrize(
    ("text", "entry", "message"),
    [
        (SHOP + 'fields = "size"\n', "fields", "Write tables such as [[resources.orders.fields]]."),
        (SHOP + 'fields = ["size"]\n', "fields", "Write tables, [[resources.orders.fields]]."),
        (
            SHOP + FIELD + "max = 5\n",
            "fields[1].max",
            "There is no such setting. Use: name, label, type, required, options, description.",
        ),
        (SHOP + FIELD.replace('name = "size"', ""), "fields[1].name", MISSING_TEXT),
        (
            SHOP + FIELD.replace('"size"', '""'),
            "fields[1].name",
            "Write 1 to 1000 printable characters, without spaces around them.",
        ),
        (SHOP + FIELD.replace('"size"', '"Size"'), "fields[1].name", NAME_RULE),
        (SHOP + FIELD.replace('"size"', '"a__b"'), "fields[1].name", NAME_RULE),
        (
            SHOP + FIELD.replace('"size"', '"id"'),
            "fields[1].name",
            "Every list and record of the API uses id already. Choose another name.",
        ),
        (SHOP + FIELD.replace('label = "Size"', ""), "fields[1].label", MISSING_TEXT),
        (SHOP + FIELD.replace('type = "text"', ""), "fields[1].type", MISSING_TEXT),
        (
            SHOP + FIELD.replace('"text"', '"' + "x" * 1001 + '"'),
            "fields[1].type",
            "Write 1 to 1000 printable characters, without spaces around them.",
        ),
        (SHOP + FIELD + "required = 1\n", "fields[1].required", "Write true or false."),
        (SHOP + FIELD + 'options = "a"\n', "fields[1].options", "Write a list."),
        (
            SHOP + FIELD + 'options = ["a"]\n',
            "fields[1].options",
            "Only a choice has options. Remove them, or change the type.",
        ),
        (
            SHOP + FIELD.replace('"text"', '"single_choice"'),
            "fields[1].options",
            "A choice needs 1 to 100 options.",
        ),
        (
            SHOP + FIELD.replace('"text"', '"single_choice"\noptions = ["a", ""]'),
            "fields[1].options",
            "Give it a value of 1 to 80 characters.",
        ),
        (SHOP + FIELD + 'description = ""\n', "fields[1].description", PRINTABLE_300),
        (SHOP + FIELD + f'description = "{"a" * 301}"\n', "fields[1].description", PRINTABLE_300),
        (
            SHOP + FIELD + FIELD.replace("Size", "More"),
            "fields[2].name",
            '"size" is there already, at resources.orders.fields[1].',
        ),
        (
            SHOP + FIELD + FIELD.replace("size", "more"),
            "fields[2].label",
            '"Size" is there already, at resources.orders.fields[1].',
        ),
    ],
)
def test_a_field_that_cannot_be_is_refused(tmp_path: Path, text: str, entry: str, message: str) -> None:
    assert fault(tmp_path, text) == (f"resources.orders.{entry}", message)


def test_an_unknown_type_of_a_field_is_refused_with_those_there_are(tmp_path: Path) -> None:
    entry, message = fault(tmp_path, SHOP + FIELD.replace('"text"', '"string"'))
    assert entry == "resources.orders.fields[1].type"
    assert message.startswith("There is no such type. Use one of: text, long_text, ")
