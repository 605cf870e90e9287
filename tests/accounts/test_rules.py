"""What an e-mail address and a password must be like."""

from __future__ import annotations

import pytest

from apps.accounts.models import User
from apps.accounts.passwords import PASSWORD_MAX
from apps.accounts.rules import clean_email, clean_password
from apps.core.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("alice@example.com", "alice@example.com"),
        ("  Alice@Example.COM ", "alice@example.com"),
        ("alice+keys@example.com", "alice+keys@example.com"),
        ("alice@bücher.example", "alice@xn--bcher-kva.example"),
        ("ALICE@BÜCHER.example", "alice@xn--bcher-kva.example"),
    ],
)
def test_one_mailbox_has_one_spelling(typed: str, stored: str) -> None:
    assert clean_email(typed) == stored


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        (None, "type"),
        (7, "type"),
        ("alice", "format"),
        ("alice@", "format"),
        ("@example.com", "format"),
        ("alice@example", "format"),
        ("alice@@example.com", "format"),
        ("al ice@example.com", "format"),
        ("alice@example.com\nBcc: all@example.com", "format"),
        ("alice@example.com\r\nBcc: all@example.com", "format"),
        ('"alice\x01"@example.com', "format"),
        ("alice\x00@example.com", "format"),
        ("alice@exam\u202eple.com", "format"),
        ("\u212aate@example.com", "kate@example.com"),
        ("älice@example.com", "format"),
        ("alice@" + "a" * 64 + ".com", "format"),
        ("a" * 250 + "@example.com", "too_long"),
        ("a" * 10_000, "too_long"),
        ("\ud800@example.com", "format"),
        ("alice@\ud800.com", "format"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: object, code: str) -> None:
    if "@" in code:  # a letter that Unicode folds to ASCII is stored as what it folds to, never beside it
        assert clean_email(typed) == code
        return
    with pytest.raises(Invalid) as refused:
        clean_email(typed)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/email", code)]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("short pass", "password_too_short"),
        ("123123123123", "password_too_common"),
        ("alice.liddell@example.com", "password_too_similar"),
        ("x" * (PASSWORD_MAX + 1), "password_too_long"),
        ("correct horse\x00 battery", "password_characters"),
    ],
)
def test_weak_passwords_are_refused_with_a_reason(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_password(password, user=User(email="alice.liddell@example.com"))
    assert code in [e.code for e in refused.value.errors]
    assert {e.pointer for e in refused.value.errors} == {"/password"}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "aaaaaaaaaaab",
        "日本語のパスワードです、はい",
        " spaces at both ends ",
        "x" * PASSWORD_MAX,
    ],
)
def test_any_characters_make_a_password(password: str) -> None:
    assert clean_password(password) == password
