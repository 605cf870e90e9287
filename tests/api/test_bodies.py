"""What may come as a body, and what may not: each fault has its answer, and none changes anything."""

from __future__ import annotations

import json
import time
from typing import cast

import pytest
from django.http import HttpResponse
from django.test.client import FakePayload, RequestFactory

from apps.projects.models import Project
from apps.records.models import Record
from boltkeys.handler import Utf8Handler, Utf8Request
from tests.api import direct
from tests.api.call import call, data, pointers, problem, secret_for

MEGABYTE = 1024 * 1024
ADDRESSES = [("POST", "/v1/leads"), ("PATCH", "/v1/leads/{id}")]


@pytest.fixture
def key(project: Project) -> str:
    return secret_for(project, "leads:read", "leads:write")


@pytest.fixture
def lead(key: str) -> str:
    return str(data(call("POST", "/v1/leads", key, body={"name": "Ann", "notes": "as it was"}))["id"])


NOT_JSON = {
    "nothing": b"",
    "blank": b" \r\n\t ",
    "word": b"hello",
    "form": b"name=Ann",
    "cut off": b'{"name": "Ann"',
    "single quotes": b"{'name': 'Ann'}",
    "trailing comma": b'{"name": "Ann",}',
    "comment": b'{"name": "Ann"} // Ann',
    "two objects": b'{"name": "Ann"}{"name": "Eve"}',
    "raw line break": b'{"name": "An\nn"}',
    "raw NUL": b'{"name": "An\x00n"}',
    "bad escape": b'{"name": "\\x41"}',
    "NaN": b'{"value": NaN}',
    "Infinity": b'{"value": Infinity}',
    "minus Infinity": b'{"value": -Infinity}',
    "double name": b'{"name": "Ann", "name": "Eve"}',
    "double name inside": b'{"name": "Ann", "other": {"a": 1, "a": 2}}',
    "double name escaped": b'{"name": "Ann", "n\\u0061me": "Eve"}',
    "latin-1": '{"name": "André"}'.encode("latin-1"),
    "utf-16": '{"name": "Ann"}'.encode("utf-16"),
    "utf-32": '{"name": "Ann"}'.encode("utf-32"),
    "byte order mark": b'\xef\xbb\xbf{"name": "Ann"}',
    "overlong": b'{"name": "\xc0\x80"}',
    "half a pair in utf-8": b'{"name": "\xed\xa0\x80"}',
    "deep lists": b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "deep and open": b"[" * 100_000,
    "33 deep": b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
    "leading zero": b'{"value": 007}',
    "hexadecimal": b'{"value": 0x10}',
    "plus": b'{"value": +1}',
    "just a quote": b'"',
    "escape at the end": b'{"name": "\\',
    "null byte name": b'{"na\x00me": "Ann"}',
}


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_400(body: bytes, method: str, path: str, key: str, lead: str) -> None:
    problem(call(method, path.format(id=lead), key, body=body), 400, "invalid_json")
    assert_unchanged(key, lead)


NOT_DATA = {
    "array": (b'[{"name": "Ann"}]', {"": "type"}),
    "empty array": (b"[]", {"": "type"}),
    "text": (b'"Ann"', {"": "type"}),
    "number": (b"1", {"": "type"}),
    "null": (b"null", {"": "type"}),
    "true": (b"true", {"": "type"}),
    "NUL": (b'{"name": "An\\u0000n"}', {"/name": "text"}),
    "half a pair": (b'{"name": "\\ud800"}', {"/name": "text"}),
    "other half": (b'{"name": "\\udc00\\ud800"}', {"/name": "text"}),
    "NUL in an unknown field": (b'{"name": "Ann", "x": ["a", {"y/z": "\\u0000"}]}', {"/x/1/y~1z": "text"}),
    "NUL in a name": (b'{"name": "Ann", "x\\u0000": 1}', {"": "text"}),
    "half a pair in a name": (b'{"name": "Ann", "x": {"\\udfff": 1}}', {"/x": "text"}),
    "1e400": (b'{"name": "Ann", "value": 1e400}', {"/value": "range"}),
    "-1e400": (b'{"name": "Ann", "value": -1e400}', {"/value": "range"}),
    "1e400 in an unknown field": (b'{"name": "Ann", "x": [1e400]}', {"/x/0": "range"}),
    "long integer": (b'{"name": "Ann", "value": ' + b"9" * 5000 + b"}", {"/value": "range"}),
    "long fraction": (b'{"name": "Ann", "value": 0.' + b"9" * 5000 + b"}", {"/value": "range"}),
    "beyond 2**53": (b'{"name": "Ann", "value": 9007199254740993}', {"/value": "range"}),
    "text for a number": (b'{"name": "Ann", "value": "12"}', {"/value": "type"}),
    "true for a number": (b'{"name": "Ann", "value": true}', {"/value": "type"}),
    "number for text": (b'{"name": 12}', {"/name": "type"}),
    "object for text": (b'{"name": {"$ne": null}}', {"/name": "type"}),
    "list for text": (b'{"name": ["Ann"]}', {"/name": "type"}),
    "null for what is required": (b'{"name": null}', {"/name": "null"}),
    "empty for what is required": (b'{"name": " "}', {"/name": "required"}),
    "no choice": (b'{"name": "Ann", "status": "best"}', {"/status": "choice"}),
    "no e-mail": (b'{"name": "Ann", "email": "ann"}', {"/email": "format"}),
    "no zone": (b'{"name": "Ann", "callback_at": "2026-01-01T10:00:00"}', {"/callback_at": "format"}),
    "year 9999 and on": (b'{"name": "Ann", "callback_at": "9999-12-31T23:59:59-01:00"}', {"/callback_at": "format"}),
    "too long": (json.dumps({"name": "x" * 10_000}).encode(), {"/name": "too_long"}),
    "several": (b'{"name": 1, "email": "x", "value": "y"}', {"/name": "type", "/email": "format", "/value": "type"}),
}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(("body", "expected"), NOT_DATA.values(), ids=NOT_DATA)
def test_what_breaks_a_rule_is_422_and_names_the_place(
    body: bytes, expected: dict[str, str], address: tuple[str, str], key: str, lead: str
) -> None:
    method, path = address
    assert pointers(call(method, path.format(id=lead), key, body=body)) == expected
    assert_unchanged(key, lead)


def test_required_field_that_is_missing_is_named(key: str) -> None:
    assert pointers(call("POST", "/v1/leads", key, body={"email": "ann@example.com"})) == {"/name": "required"}
    assert pointers(call("POST", "/v1/leads", key, body={"Name": "Ann"})) == {"/name": "required"}


def test_nesting_up_to_the_limit_is_read(key: str) -> None:
    body = b'{"name": "Ann", "x":' + b"[" * 31 + b"]" * 31 + b"}"
    assert call("POST", "/v1/leads", key, body=body).status_code == 201


def test_brackets_in_text_are_no_nesting(key: str) -> None:
    name = '[{"\\' * 100
    assert data(call("POST", "/v1/leads", key, body={"name": name}))["name"] == name


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=bz2_codec",
        "application/json; charset=rot13",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json, text/plain",
        "application/jsonp",
        "application/json" + ";" * 8000,
        "application/json;" + '"' * 8000,
        "*/*",
        "json",
        "é",
    ],
)
def test_other_media_types_are_415(content_type: str, key: str, lead: str) -> None:
    started = time.thread_time()
    for method, path in ADDRESSES:
        response = call_raw(method, path.format(id=lead), key, content_type)
        problem(response, 415, "unsupported_media_type")
        assert response["Accept"] == "application/json"
    assert time.thread_time() - started < 0.5
    assert_unchanged(key, lead)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_in_utf_8_is_read(content_type: str, key: str) -> None:
    response = call("POST", "/v1/leads", key, body='{"name": "André 😀"}'.encode(), Content_Type=content_type)
    assert data(response)["name"] == "André 😀"


def test_body_without_a_media_type_is_415(key: str, lead: str) -> None:
    problem(call_raw("POST", "/v1/leads", key, ""), 415, "unsupported_media_type")


def call_raw(method: str, path: str, key: str, content_type: str) -> HttpResponse:
    """Past Django's test client, which reads the media type itself."""
    body = b'{"name": "Eve"}'
    environ = RequestFactory().generic(method, path, headers={"Authorization": f"Bearer {key}"}).META
    environ |= {"CONTENT_TYPE": content_type.encode().decode("latin-1"), "CONTENT_LENGTH": str(len(body))}
    environ["wsgi.input"] = FakePayload(body)
    return cast(HttpResponse, Utf8Handler().get_response(Utf8Request(environ)))


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity", "x"])
def test_compressed_bodies_are_415(coding: str, key: str) -> None:
    response = call("POST", "/v1/leads", key, body={"name": "Ann"}, Content_Encoding=coding)
    problem(response, 415, "unsupported_media_type")
    assert call("POST", "/v1/leads", key, body={"name": "Ann"}, Content_Encoding="identity").status_code == 201


@pytest.mark.parametrize(("size", "status"), [(MEGABYTE, 201), (MEGABYTE + 1, 413), (10 * MEGABYTE, 413)])
def test_body_has_at_most_a_megabyte(size: int, status: int, key: str) -> None:
    head, tail = b'{"name": "Ann", "x": "', b'"}'
    response = call("POST", "/v1/leads", key, body=head + b"x" * (size - len(head) - len(tail)) + tail)
    assert response.status_code == status
    if status == 413:
        problem(response, 413, "too_large")


def test_large_body_without_a_key_is_not_read(project: Project) -> None:
    problem(call("POST", "/v1/leads", body=b"x" * (2 * MEGABYTE)), 401, "unauthenticated")


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' + b"9" * 1_000_000 + b"}",
        b'{"a":0.' + b"9" * 1_000_000 + b"}",
        b'{"a":"' + b"\\u0041" * 170_000 + b'"}',
        b"{" + b",".join(b'"%d":1' % i for i in range(90_000)) + b"}",
        b"{" + b",".join([b'"a":1'] * 170_000) + b"}",
        b'{"a":[' + b",".join([b"[]"] * 300_000) + b"]}",
        b'{"a":"' + b"\\" * 1_000_000,
        b'"' * 1_000_000,
        b'{"a":[' + b",".join([b'"\\u0000"'] * 100_000) + b"]}",
    ],
    ids=lambda body: body[:12].decode(),
)
def test_no_body_takes_long_to_read(body: bytes, key: str) -> None:
    started = time.thread_time()
    response = call("POST", "/v1/leads", key, body=body)
    assert 400 <= response.status_code < 500
    assert len(response.content) < 10_000
    assert time.thread_time() - started < 1.5


def test_body_of_a_read_or_a_delete_is_not_looked_at(key: str, lead: str) -> None:
    for method in ("GET", "DELETE"):
        assert call(method, f"/v1/leads/{lead}", key, body=b"\xff", Content_Encoding="gzip").status_code in (200, 204)


def assert_unchanged(key: str, lead: str) -> None:
    assert Record.objects.count() == 1
    assert data(call("GET", f"/v1/leads/{lead}", key))["notes"] == "as it was"


SECRET = "sk_live_" + "x" * 38
TOLD_TO = {
    "unknown": f'{{"{SECRET}": 1}}',
    "below": f'{{"a": {{"{SECRET}": "\\u0000"}}}}',
    "double": f'{{"{SECRET}": 1, "{SECRET}": 2}}',
    "double and long": f'{{"{"y" * 60}{SECRET}": 1, "{"y" * 60}{SECRET}": 2}}',
    "deep": f'{{"{"y" * 60}{SECRET}": {"[" * 40}{"]" * 40}}}',
}


@pytest.mark.parametrize("case", TOLD_TO)
@pytest.mark.parametrize("path", ["/v1/leads", "/v1/verify"])
def test_secret_in_place_of_a_name_is_not_repeated(path: str, case: str, key: str) -> None:
    send = direct.ask if path == "/v1/verify" else call
    response = send("POST", path, key, body=TOLD_TO[case].encode(), Prefer="handling=strict")
    assert response.status_code in (400, 422)
    assert "xxx" not in response.content.decode() and "sk_live_" in response.content.decode()
