"""Mails about accounts. The worker makes them, so that a page takes as long for an unknown address as for a known."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from django_tasks import task

from apps.accounts import mail
from apps.accounts.models import User

RESET = """Somebody, probably you, asked for a new password for {email} on boltkeys.

Set it here, within {hours} hours:

{link}

If it was not you, ignore this mail: your password stays as it is.
"""

CHANGED = """The password of {email} on boltkeys was changed on {when} UTC. All other sessions have been ended.

If it was not you, set a new password at once:

{link}

and tell {support}.
"""


@task()
def send_password_reset(email: str, attempt: int = 0) -> None:
    """The link by which the owner of the address sets a new password; nothing when nobody has it."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None:
        return
    # The token is made here and is in no row of the queue; Django derives it from the present password and sign-in.
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    body = RESET.format(
        email=user.email,
        hours=settings.PASSWORD_RESET_TIMEOUT // 3600,
        link=f"{settings.BASE_URL}/accounts/password/reset/key/{key}/",
    )
    mail.send_or_retry(
        to=user.email,
        subject="Set a new password for boltkeys",
        body=body,
        attempt=attempt,
        again=lambda wait, n: send_password_reset.using(run_after=timezone.now() + wait).enqueue(email, n),
    )


@task()
def send_password_changed(email: str, attempt: int = 0) -> None:
    """Tells the owner, who may not be the one who did it."""
    body = CHANGED.format(
        email=email,
        when=timezone.now().strftime("%Y-%m-%d %H:%M"),
        link=f"{settings.BASE_URL}/accounts/password/reset/",
        support=settings.SUPPORT_EMAIL,
    )
    mail.send_or_retry(
        to=email,
        subject="Your boltkeys password was changed",
        body=body,
        attempt=attempt,
        again=lambda wait, n: send_password_changed.using(run_after=timezone.now() + wait).enqueue(email, n),
    )
