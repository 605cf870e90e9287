"""The mail that invites somebody to a project."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from apps.accounts import mail
from apps.core.ids import random_text
from apps.projects.models import Invitation

TOKEN_LENGTH = 43
"""Base62 characters: 256 bits."""

INVITATION = """{by} invites you to the project “{project}” on boltkeys, as {role}.

Accept it here until {until} UTC:

{link}

The link works once, and for {email} only. If you do not know what this is about, ignore this mail.
"""


def digest(token: str) -> bytes:
    """SHA-256 of an invitation's token: the only form that is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@task()
def send_invitation(invitation_id: str, attempt: int = 0) -> None:
    """Sends the link, and ends that of an earlier mail; does nothing when the invitation has been closed."""
    with transaction.atomic(durable=True):
        invitation = Invitation.objects.select_for_update(of=("self",)).select_related("project").get(pk=invitation_id)
        if invitation.closed_at:
            return
        # Made here, so that no row of the queue holds it.
        token = random_text(TOKEN_LENGTH)
        invitation.digest = digest(token)
        invitation.save(update_fields=["digest"])
    sent = mail.send_or_retry(
        to=invitation.email,
        subject=f"Invitation to {invitation.project.name}",
        body=_body(invitation, token),
        attempt=attempt,
        again=lambda wait, n: send_invitation.using(run_after=timezone.now() + wait).enqueue(invitation_id, n),
    )
    if sent:
        Invitation.objects.filter(pk=invitation_id).update(sent_at=timezone.now())


def _body(invitation: Invitation, token: str) -> str:
    return INVITATION.format(
        by=invitation.invited_by,
        project=invitation.project.name,
        role=invitation.role,
        until=invitation.expires_at.strftime("%Y-%m-%d %H:%M"),
        link=f"{settings.BASE_URL}/invitations/{token}/",
        email=invitation.email,
    )
