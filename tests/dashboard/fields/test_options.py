"""Options that records hold do not go unasked."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.audit.models import Event
from apps.projects.models import Project
from apps.records import schema, service
from tests import make
from tests.dashboard.fields.forms import CONTACTS, OPPORTUNITIES, PAGE, add, key_of, save, typed
from tests.dashboard.html import read
from tests.pages import text

pytestmark = pytest.mark.django_db


def deal(sales: Project, **data: object) -> None:
    service.create_record(
        actor=make.TESTER, project_id=sales.id, resource=OPPORTUNITIES, data={"title": "Roof", **data}
    )


STAGE = f"{PAGE}opportunities/stage/edit/"
FEWER = "new\nqualified\nnegotiation\nlost"


def options(sales: Project) -> tuple[str, ...]:
    return next(f.options for f in schema.fields_of(sales.id, OPPORTUNITIES) if f.key == "stage")


def test_option_that_records_hold_goes_only_when_it_is_agreed(browser: Client, sales: Project) -> None:
    for stage in ("proposal", "proposal", "won", "new", None):
        deal(sales, stage=stage)
    form = typed(read(browser.get(STAGE))) | {"options": FEWER, "label": "Phase"}
    answer = browser.post(STAGE, form)
    page = read(answer)
    assert answer.status_code == 200 and options(sales) == OPPORTUNITIES.fields[1].options
    held = page.one("div", role="alert")
    assert [each.text for each in held.all("li")] == ["2 records hold “proposal”", "1 record holds “won”"]
    assert "in the column Stage removed" in held.text
    assert typed(page) == form, "what was typed stays"
    agreed = held.one("button", name_="gone").attributes["value"]
    assert browser.post(STAGE, typed(page) | {"gone": agreed.replace("\n", "\r\n")}).status_code == 302
    assert options(sales) == tuple(FEWER.split())
    assert Event.objects.filter(type="field.changed").count() == 1


def test_one_option_that_was_agreed_to_is_not_another(browser: Client, sales: Project) -> None:
    deal(sales, stage="proposal")
    deal(sales, stage="won")
    form = typed(read(browser.get(STAGE))) | {"options": FEWER, "gone": "proposal"}
    assert "1 record holds “won”" in text(browser.post(STAGE, form))
    assert options(sales) == OPPORTUNITIES.fields[1].options


def test_option_that_nobody_holds_goes_at_once(browser: Client, sales: Project) -> None:
    deal(sales, stage="new")
    deal(make.project("Other", catalogue="bolten"), stage="won")
    assert browser.post(STAGE, typed(read(browser.get(STAGE))) | {"options": FEWER}).status_code == 302
    assert options(sales) == tuple(FEWER.split())


def test_options_of_a_multiple_choice_are_asked_about_one_by_one(browser: Client, sales: Project) -> None:
    data = {"name": "Ann", "interests": ["product", "service"]}
    service.create_record(actor=make.TESTER, project_id=sales.id, resource=CONTACTS, data=data)
    page = read(save(browser, "interests", options="partnership"))
    held = [each.text for each in page.one("div", role="alert").all("li")]
    assert held == ["1 record holds “product”", "1 record holds “service”"]
    assert "column" not in page.one("div", role="alert").text


def test_fault_in_the_form_and_an_older_revision_are_told_of(browser: Client, sales: Project) -> None:
    deal(sales, stage="won")
    form = typed(read(browser.get(STAGE))) | {"options": FEWER}
    assert browser.post(STAGE, form | {"label": "", "gone": "won"}).status_code == 422
    assert browser.post(STAGE, form | {"revision": "7"}).status_code == 409
    assert options(sales) == OPPORTUNITIES.fields[1].options


def test_choice_that_becomes_text_asks_nothing(browser: Client, sales: Project) -> None:
    add(browser, name="tier", label="Tier", type="single_choice", options="gold\nsilver")
    key = key_of(sales, "tier")
    data = {"name": "Ann", "tier": "gold"}
    service.create_record(actor=make.TESTER, project_id=sales.id, resource=CONTACTS, data=data)
    assert save(browser, key, type="text", options="").status_code == 302
