"""Creates a key and prints it with its secret, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.accounts.models import User
from apps.audit.command import OperatorCommand
from apps.core.actor import OPERATOR
from apps.core.errors import Missing
from apps.core.times import parse_moment
from apps.keys import service
from apps.keys.shapes import key_json
from apps.projects.models import Project


class Command(OperatorCommand):
    help = "Create an API key. The printed secret_key is shown once and stored nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="SLUG", help="the project; leave out with --owner for a user key")
        parser.add_argument("--name", required=True)
        parser.add_argument("--grant", nargs="+", action="extend", default=[], metavar="RESOURCE:ACTION")
        parser.add_argument("--unrestricted", action="store_true", help="where the catalogue allows it")
        parser.add_argument("--expires", metavar="ISO", help="date, time and zone: 2027-01-31T12:00:00Z")
        parser.add_argument("--rate-limit", type=int, metavar="N", help="requests in any 60 seconds")
        parser.add_argument("--allowed-ip", nargs="+", action="extend", default=[], metavar="CIDR")
        parser.add_argument("--owner", metavar="EMAIL", help="a key of this user, never able to do more than they can")

    def run(self, **options: Any) -> dict[str, Any]:
        expires = options["expires"]
        made = service.create_key(
            actor=OPERATOR,
            project=_project(options["project"], options["owner"]),
            name=options["name"],
            scopes=options["grant"],
            unrestricted=options["unrestricted"],
            expires_at=None if expires is None else parse_moment(expires, pointer="/expires_at"),
            rate_limit=options["rate_limit"],
            allowed_ips=options["allowed_ip"],
            owner=_owner(options["owner"]),
        )
        return {**key_json(made.key), "secret_key": made.secret}


def _project(slug: str | None, owner: str | None) -> Project | None:
    if slug is None:
        if owner is None:
            raise Missing("Name the --project of the key, or the --owner of a user key.")
        return None
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise Missing(f"There is no project with the slug {slug!r}.")
    return project


def _owner(email: str | None) -> User | None:
    if email is None:
        return None
    owner = User.objects.filter(email=email.strip().lower()).first()
    if owner is None:
        raise Missing(f"There is no user with the e-mail address {email!r}.")
    return owner
