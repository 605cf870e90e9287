"""A cursor comes back as it was written, or not at all."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from apps.core.errors import Invalid
from apps.records import cursor as cursors
from apps.records.cursor import Cursor

ID = "rec_0123456789abcdefABCDEF"


@pytest.mark.parametrize("order", cursors.ORDERS)
@pytest.mark.parametrize(
    "moment",
    [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 3, 31, 12, 0, 0, 1, UTC), datetime(9999, 12, 31, tzinfo=UTC)],
)
def test_cursor_comes_back_as_written(order: str, moment: datetime) -> None:
    cursor = Cursor(order, moment, ID)
    text = cursors.encode(cursor)
    assert cursors.decode(text) == cursor
    assert text.isascii() and set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def signed(text: str) -> str:
    return base64.urlsafe_b64encode(f"{text}|{cursors._checksum(text)}".encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "=",
        "é",
        "\x00",
        "A" * 10_000,
        signed(f"name|0|{ID}"),
        signed(f"created_at|-1|{ID}"),
        signed(f"created_at|{'9' * 18}|{ID}"),
        signed("created_at|0|rec_short"),
        signed("created_at|0|keys_0123456789abcdefABCDEF"),
        signed(f"created_at|0|{ID}|more"),
        signed(f"created_at|٠|{ID}"[:11] + f"0|{ID}\n"),
        base64.urlsafe_b64encode(f"created_at|0|{ID}".encode()).decode(),
        base64.urlsafe_b64encode(f"created_at|0|{ID}|00000000".encode()).decode(),
        cursors.encode(Cursor("created_at", datetime(2026, 1, 1, tzinfo=UTC), ID))[:-1],
        cursors.encode(Cursor("created_at", datetime(2026, 1, 1, tzinfo=UTC), ID)) + "AAAA",
        " " + cursors.encode(Cursor("created_at", datetime(2026, 1, 1, tzinfo=UTC), ID)),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursors.decode(text)
    assert [(e.pointer, e.code) for e in caught.value.errors] == [("?cursor", "cursor")]
