"""Creates a project and prints it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.accounts import service as accounts
from apps.audit.command import OperatorCommand, password_from
from apps.core.actor import OPERATOR
from apps.projects import rules, service
from apps.projects.models import Environment


class Command(OperatorCommand):
    help = "Create a project with its first administrator, whose account is made if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--catalogue", required=True, help="what its keys can be allowed to do")
        parser.add_argument("--admin", required=True, metavar="EMAIL")
        parser.add_argument(
            "--password-env", metavar="VAR", help="environment variable with the password of a new user"
        )
        parser.add_argument("--environment", choices=Environment.values, default=Environment.LIVE.value)

    def run(self, **options: Any) -> dict[str, Any]:
        # First all that can be wrong: a refused command leaves no user behind.
        rules.clean_name(options["name"])
        rules.clean_catalogue(options["catalogue"])
        password = password_from(options["password_env"])
        admin, made = accounts.find_or_create_user(actor=OPERATOR, email=options["admin"], password=password)
        if password and not made:
            self.stderr.write(f"{admin.email} has an account already; its password stays as it is.")
        project = service.create_project(
            actor=OPERATOR,
            name=options["name"],
            catalogue=options["catalogue"],
            admin=admin,
            environment=options["environment"],
        )
        return {
            "project_id": project.id,
            "slug": project.slug,
            "catalogue": project.catalogue,
            "admin": admin.email,
        }
