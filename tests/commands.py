"""Operators' commands, each in a process of its own, which is forked from one that has loaded Django already: to load
it takes longer than any command.

Run as a program, `python -m tests.commands`, in the environment of the installation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Never

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Ended:
    code: int
    output: str
    errors: str


class Commands:
    """One after the other, in the environment `environ`; the process that runs them starts with the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._process: subprocess.Popen[str] | None = None

    def run(self, *args: str, **environ: str) -> Ended:
        """`environ`: variables that the command itself reads, such as passwords; the settings have been read before."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([args, environ]) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "The process that runs commands has ended."
        return Ended(**json.loads(line))

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.commands"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=dict(self._environ), stdin=pipe, stdout=pipe, text=True)


# --- in the process that runs them ----------------------------------------------------------------------------------


def main() -> None:
    import django  # noqa: PLC0415  (the test that imports this module has its own)
    from django.urls import get_resolver  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "boltkeys.settings")
    django.setup(set_prefix=False)
    assert get_resolver().url_patterns  # the checks before each command read them
    for line in sys.stdin:
        args, environ = json.loads(line)
        print(json.dumps(asdict(_run(args, environ))), flush=True)  # noqa: T201  (to the test that has started this)


def _run(args: list[str], environ: dict[str, str]) -> Ended:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _become(args, environ, output, errors)
        _, status = os.waitpid(child, 0)
        return Ended(os.waitstatus_to_exitcode(status), _written(output), _written(errors))


def _become(args: list[str], environ: dict[str, str], output: IO[bytes], errors: IO[bytes]) -> Never:
    from manage import main as manage  # noqa: PLC0415

    os.dup2(output.fileno(), 1)
    os.dup2(errors.fileno(), 2)
    os.environ.update(environ)
    sys.argv = ["manage.py", *args]
    code: object = 1
    try:
        manage()
        code = 0
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  (as the interpreter would)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    main()
