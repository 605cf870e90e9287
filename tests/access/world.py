"""A project with one of everything that has an ID, and its neighbour, who knows all of these IDs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.apps import apps
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.keys.models import Key
from apps.projects import catalogues
from apps.projects.models import Invitation, Project
from apps.records import fields, operations, service
from apps.webhooks.models import Delivery
from tests import make
from tests.api.call import secret_for
from tests.api.people import access_of
from tests.pages import signed_in
from tests.webhooks import make as hooks

SAMPLES: Mapping[str, dict[str, str]] = {
    "contacts": {"name": "Ann"},
    "inbox": {"contact": "Ann"},
    "broadcasts": {"name": "News"},
    "templates": {"name": "Hello"},
    "opportunities": {"title": "Wedding"},
}
NOTHING: Mapping[str, str] = {
    "slug": "no-such-project",
    "key_id": "key_" + "0" * 22,
    "member_id": "mem_" + "0" * 22,
    "invitation_id": "inv_" + "0" * 22,
    "webhook_id": "whk_" + "0" * 22,
    "delivery_id": "msg_" + "0" * 22,
    "record_id": "rec_" + "0" * 22,
    "key": "fld_" + "0" * 22,
}
"""IDs that have the right shape, and belong to nothing."""

FIXED: Mapping[str, str] = {"resource": "opportunities", "tag": "vip"}
"""What else stands in addresses, and names nothing of a project."""

# What a refused request may write: that it was refused. All else stays as it was, to the last column.
COUNTED = {"usage", "sessions", "contenttypes", "auth", "django_tasks_database"}


@dataclass(frozen=True)
class Side:
    """A project as its own people see it. `ids`: argument of a route → the ID of something here; `records` by slug."""

    project: Project
    admin: User
    key: str
    token: str
    browser: Client
    ids: Mapping[str, str]
    records: Mapping[str, str]
    own_key: str

    @property
    def known(self) -> list[str]:
        """All that has an ID here."""
        return [self.project.id, self.own_key, str(self.admin.pk), *self.ids.values(), *self.records.values()]


def side(name: str, catalogue: str, email: str) -> Side:
    admin = make.user(email)
    project = make.project(name, catalogue=catalogue, administrator=admin)
    member = make.member(project, make.user(f"member-of-{email}"), "member")
    entry = catalogues.get(catalogue)
    key = secret_for(project, *entry.scopes, name="Everything")
    endpoint = hooks.endpoint(project, "https://8.8.8.8/hooks", "contact.created").endpoint
    records = {slug: _record(project, slug) for slug in entry.resources if slug in SAMPLES}
    if "inbox" in records:
        _message(project, records["inbox"])
    ids = {
        "slug": project.slug,
        "key_id": Key.objects.get(project=project).pk,
        "member_id": member.pk,
        "invitation_id": _invitation(project).pk,
        "webhook_id": endpoint.pk,
        "delivery_id": Delivery.objects.get(endpoint=endpoint).pk,
        "record_id": records.get("opportunities", records["contacts"]),
        "key": _field(project),
    }
    own_key = make.key(None, "Own", owner=admin).pk
    return Side(project, admin, key, access_of(admin), signed_in(admin), ids, records, own_key)


def state() -> dict[str, list[dict[str, object]]]:
    """Every row of every table but those that count requests."""
    return {model._meta.label: _rows(model) for model in apps.get_models() if model._meta.app_label not in COUNTED}


def _rows(model: type[Model]) -> list[dict[str, object]]:
    return list(model._default_manager.order_by("pk").values())


def _record(project: Project, slug: str) -> str:
    resource = catalogues.get(project.catalogue).resources[slug]
    return service.create_record(
        actor=make.TESTER, project_id=project.id, resource=resource, data=SAMPLES[slug]
    ).record.id


def _field(project: Project) -> str:
    """The key of a field of its own, where there are such."""
    resource = catalogues.get(project.catalogue).resources.get("opportunities")
    if resource is None:
        return NOTHING["key"]
    definition = fields.Definition(name="budget", label="Budget", type="number")
    return fields.add_field(actor=make.TESTER, project_id=project.id, resource=resource, definition=definition).key


def _message(project: Project, record_id: str) -> None:
    resource = catalogues.get(project.catalogue).resources["inbox"]
    operations.add_message(
        actor=make.TESTER, project_id=project.id, resource=resource, record_id=record_id, data={"text": "Hello"}
    )


def _invitation(project: Project) -> Invitation:
    return Invitation.objects.create(
        project=project, email=f"dave-{project.slug}@example.com", role="member", digest=project.id.encode()[:32],
        invited_by="tester", expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
