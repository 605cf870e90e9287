"""Adds somebody to a project, or sets their role and grants anew, and prints the membership."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.accounts import service as accounts
from apps.audit.command import OperatorCommand, password_from
from apps.core.actor import OPERATOR
from apps.projects import queries, rules, service
from apps.projects.models import Role


class Command(OperatorCommand):
    help = "Add somebody to a project, or set role and grants of a member anew. A new user is made if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--grant", nargs="+", action="extend", default=[], metavar="RESOURCE:ACTION")
        parser.add_argument(
            "--password-env", metavar="VAR", help="environment variable with the password of a new user"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        # First all that can be wrong: a refused command leaves no user behind.
        project = queries.project_with_slug(options["project"])
        rules.clean_grants(project, options["grant"])
        password = password_from(options["password_env"])
        user, made = accounts.find_or_create_user(actor=OPERATOR, email=options["email"], password=password)
        if password and not made:
            self.stderr.write(f"{user.email} has an account already; its password stays as it is.")
        membership = service.add_member(
            actor=OPERATOR, project=project, user=user, role=options["role"], grants=options["grant"]
        )
        return {"membership_id": membership.id, "user_id": str(user.pk), "role": membership.role}
