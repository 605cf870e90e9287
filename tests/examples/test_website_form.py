"""docs/examples/website_form: a form on a website makes an opportunity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.examples.conftest import Site, fetch, serving
from tests.server import Answer, Server, free_port

SCRIPT = "website_form/form.py"
TYPED = {
    "title": "A <new> roof",
    "contact": "Maya",
    "email": "maya@example.com",
    "phone": "+4930123456",
    "notes": "Soon",
}


@pytest.fixture(scope="module")
def key(sales: Site) -> str:
    return sales.key("Website form", "opportunities:write")


@pytest.fixture(scope="module")
def reader(sales: Site) -> str:
    return sales.key("Reader", "opportunities:read")


@pytest.fixture(scope="module")
def url(server: Server, key: str) -> Iterator[str]:
    port = free_port()
    with serving(SCRIPT, port, server=server, KEY=key):
        yield f"http://127.0.0.1:{port}/"


def get(url: str, form: dict[str, Any] | None = None) -> Answer:
    answer = fetch(url, form)
    assert answer
    return answer


def once_of(answer: Answer) -> str:
    return str(re.findall(r'name="once" value="([0-9a-f-]{36})"', answer.body.decode())[0])


def opportunities(server: Server, reader: str, **where: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in where.items())
    found: list[dict[str, Any]] = server.call(f"/v1/opportunities?{query}", key=reader).json()["data"]
    return found


def test_what_is_typed_becomes_one_opportunity_however_often_it_is_sent(url: str, server: Server, reader: str) -> None:
    form = TYPED | {"once": once_of(get(url))}
    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda _: get(url, form), range(5)))
    again = get(url, form)
    assert [(each.status, each.headers["Location"]) for each in [*together, again]] == [(303, "/thanks")] * 6
    [made] = opportunities(server, reader, phone="%2B4930123456")
    assert {name: made[name] for name in TYPED} == TYPED
    assert made["source"] == "website"
    assert "Thank you" in get(url + "thanks").body.decode()


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(url: str, server: Server, reader: str) -> None:
    form = TYPED | {"title": "", "email": '"><script>', "notes": "</textarea>", "once": once_of(get(url))}
    answer = get(url, form)
    page = answer.body.decode()
    assert answer.status == 422
    for name in ("title", "email"):
        assert re.search(rf'id="{name}"[^>]* aria-invalid="true"', page)
        assert re.search(rf'<small id="{name}-fault">[^<]{{10,}}</small>', page)
    assert 'id="contact" name="contact" value="Maya"' in page and 'id="contact-fault"></small>' in page
    assert "&quot;&gt;&lt;script&gt;" in page and "<script>" not in page and "&lt;/textarea&gt;" in page
    assert once_of(answer) == form["once"]
    assert get(url, form | {"title": "Mended", "email": "", "notes": ""}).status == 303
    assert len(opportunities(server, reader, title="Mended")) == 1


def test_another_text_in_the_same_form_is_asked_about(url: str, server: Server, reader: str) -> None:
    form = TYPED | {"title": "First", "once": once_of(get(url))}
    get(url, form)
    answer = get(url, form | {"title": "Second"})
    assert answer.status == 409 and "sent this form already" in answer.body.decode()
    assert not opportunities(server, reader, title="Second")
    assert get(url, form | {"title": "Second", "once": once_of(answer)}).status == 303
    assert len(opportunities(server, reader, title="Second")) == 1


def test_browser_never_sees_the_key(url: str, key: str) -> None:
    answers = [get(url), get(url, {"title": ""}), get(url, TYPED), get(url + key[:4])]
    assert all(key not in str(each) for each in answers)


def test_form_that_is_too_long_is_refused(url: str) -> None:
    assert get(url, TYPED | {"notes": "x" * 30_000}).status == 413


def test_what_was_typed_stays_while_boltkeys_is_away(server: Server, key: str) -> None:
    port = free_port()
    with serving(SCRIPT, port, server=server, KEY=key, BOLTKEYS_URL="http://127.0.0.1:9"):
        answer = get(f"http://127.0.0.1:{port}/", TYPED)
    assert answer.status == 502
    assert "Nothing is lost" in answer.body.decode() and "A &lt;new&gt; roof" in answer.body.decode()
