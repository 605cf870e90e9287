"""A project of boltly, and what its operations are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import LazySettings
from django.http import HttpResponse
from django.test import override_settings

from apps.audit.models import Event
from apps.projects import catalogues
from apps.projects.models import Project
from apps.records import service
from apps.records.models import Record
from tests import make
from tests.api.call import call

BOLTLY = catalogues.get("boltly")
ALL = [scope for scope in BOLTLY.scopes if not scope.startswith("tokens:")]
SAMPLES = {"broadcasts": {"name": "News"}, "templates": {"name": "Hello"}, "inbox": {"contact": "Ann"}}


def new(project: Project, slug: str, **fields: Any) -> str:
    """The path of a new record."""
    written = service.create_record(
        actor=make.TESTER,
        project_id=project.id,
        resource=BOLTLY.resources[slug],
        data={**SAMPLES.get(slug, {"name": "Ann"}), **fields},
    )
    return f"/v1/{slug}/{written.record.id}"


def in_state(project: Project, slug: str, status: str) -> str:
    """The path of a record that is in the state, past the steps that lead there."""
    path = new(project, slug)
    record = Record.objects.get(pk=path.split("/")[3])
    Record.objects.filter(pk=record.pk).update(data=record.data | {"status": status})
    return path


def do(key: str, path: str, operation: str, body: object = None, **headers: str) -> HttpResponse:
    return call("POST", f"{path}/{operation}", key, body=body, **headers)


@contextmanager
def adopted(settings: LazySettings, folder: Path, *changes: tuple[str, str]) -> Iterator[None]:
    """The catalogue `own` of an adopter: that of boltly, but for what is written otherwise."""
    text = (Path(settings.CATALOGUE_FOLDERS[0]) / "boltly.toml").read_text()
    for before, after in (('slug = "boltly"', 'slug = "own"'), *changes):
        assert text.count(before) == 1
        text = text.replace(before, after)
    (folder / "own.toml").write_text(text)
    catalogues.load.cache_clear()
    try:
        with override_settings(CATALOGUE_FOLDERS=[*settings.CATALOGUE_FOLDERS, folder]):
            yield
    finally:
        catalogues.load.cache_clear()


def events() -> list[str]:
    found = Event.objects.filter(type__startswith="record.").order_by("at")
    return [f"{event.target_label}.{event.type.split('.')[1]}" for event in found]
