"""The receiver in docs/examples/webhooks, run as its docstring says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from apps.projects.models import Project
from apps.webhooks import delivering, service
from apps.webhooks.models import Delivery
from tests import make
from tests.server import free_port
from tests.webhooks import make as hooks

RECEIVER = Path(__file__).parent.parent.parent / "docs" / "examples" / "webhooks" / "receiver.py"

pytestmark = pytest.mark.django_db


def _listens(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def test_the_example_takes_what_is_signed_and_once(project: Project, settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    made = hooks.endpoint(project, url)
    command = [sys.executable, str(RECEIVER), str(port)]
    environ = {**os.environ, "WEBHOOK_SECRET": made.secret or ""}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            until = time.monotonic() + 20
            while not _listens(url):
                assert time.monotonic() < until
                time.sleep(0.05)
            lead = hooks.lead(project)
            delivery = Delivery.objects.get()
            where: Any = {"actor": make.TESTER, "project_id": project.id, "endpoint_id": made.endpoint.id}
            for _ in range(2):
                outcome = delivering.attempt(delivery.id)
                assert outcome
                assert outcome.status == 204
                service.send_again(**where, delivery_id=delivery.id)
            service.rotate_secret(**where)
            service.rotate_secret(**where)  # and now the example knows neither of the two
            forged = delivering.attempt(delivery.id)
            assert forged
            assert (forged.status, forged.response) == (401, "No matching signature found")
            assert running.stdout
            assert running.stdout.readline() == f"lead.created {lead}\n"
        finally:
            running.kill()
        assert running.stdout.read() == ""
