"""The forms of the page of fields, as administrators fill them in."""

from __future__ import annotations

from typing import Any

from django.test import Client

from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import schema
from tests.dashboard.html import Element, read
from tests.pages import Answer

PAGE = "/projects/sales/fields/"
CONTACTS = catalogues.get("bolten").resources["contacts"]
OPPORTUNITIES = catalogues.get("bolten").resources["opportunities"]


def add(browser: Client, **over: Any) -> Answer:
    sent = {"name": "budget", "label": "Budget", "type": "number", **over}
    return browser.post(f"{PAGE}contacts/add/", sent)


def save(browser: Client, key: str, **over: Any) -> Answer:
    """The edit form as it stands, with what is in `over` typed into it."""
    page = read(browser.get(f"{PAGE}contacts/{key}/edit/"))
    return browser.post(f"{PAGE}contacts/{key}/edit/", typed(page) | over)


def typed(page: Element) -> dict[str, str]:
    """What a browser would send of the form on the page."""
    form = page.all("form", data_field_form="")[0]
    inputs = {i["name"]: i.get("value", "") for e in form.all("input", type="text") if "name" in (i := e.attributes)}
    hidden = dict(form.hidden())
    options = form.all("option")
    chosen = next((o for o in options if "selected" in o.attributes), None)
    type_ = {"type": chosen.attributes["value"]} if chosen else {}
    lines = "".join(str(child) for child in form.one("textarea").children).removeprefix("\n")
    required = "checked" in form.one("input", type="checkbox").attributes
    ticked = {"required": "on"} if required else {}
    return inputs | hidden | type_ | {"options": lines} | ticked


def names(project: Project) -> list[str]:
    return [field.name for field in schema.fields_of(project.id, CONTACTS)]


def key_of(project: Project, name: str) -> str:
    return next(f.field.key for f in schema.all_fields(project.id, CONTACTS) if f.field.name == name)


def described(page: Element, name: str) -> str:
    """The text that the control of the form is described by."""
    (control,) = [e for tag in ("input", "select", "textarea") for e in page.all(tag, name_=name)]
    ids = control.attributes["aria-describedby"].split()
    return " ".join(e.text for each in ids for e in page.all("div", id=each))
