"""docs/examples: whoever answers in place of boltkeys gets no key, and is not believed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.answering import answering
from tests.examples.conftest import EXAMPLES

ASKING = {
    "bi_sync": "import sync; sync._get('/v1/leads')",
    "erp_bridge": "import bridge\ntry: bridge.ask('GET', '/v1/opportunities/rec_1')\nexcept OSError: sys.exit(1)",
    "website_form": "import form; sys.exit(form.create({'title': 'A'}, 'once')[0] != 201)",
}
ANSWERS = {
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n",
    "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{}",
}
PATIENCE = "import time; time.sleep = lambda seconds: None"


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("example", ASKING)
def test_key_goes_nowhere_else_and_half_an_answer_is_none(example: str, answer: str) -> None:
    yes = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
    with (
        answering(yes) as (there, asked_there),
        answering(ANSWERS[answer].replace(b"{there}", there.encode())) as (url, _),
    ):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; {PATIENCE}\n{ASKING[example]}"],
            cwd=EXAMPLES / example,
            env={**os.environ, "BOLTKEYS_URL": url, "KEY": "sk_live_x", "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjU"},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert asked_there == []
