"""Deletes a user at once, and prints what has ended with them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.accounts.queries import user_with_email
from apps.accounts.rules import clean_email
from apps.audit.command import OperatorCommand
from apps.core.actor import OPERATOR
from apps.core.errors import Missing
from apps.keys.users import delete_user


class Command(OperatorCommand):
    help = "Delete a user: signed out and out of all projects, their own keys refused everywhere when this returns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True)

    def run(self, **options: Any) -> dict[str, Any]:
        email = clean_email(options["email"])
        user = user_with_email(email)
        if user is None:
            raise Missing(f"There is no user with the address {email}.")
        gone = delete_user(actor=OPERATOR, user=user)
        return {
            "user_id": gone.user_id,
            "email": gone.email,
            "keys_deleted": gone.keys,
            "projects_left": gone.projects,
        }
