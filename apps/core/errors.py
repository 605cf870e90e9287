"""What can be wrong with a request to change something. The surfaces turn these into pages and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in what was sent: `pointer` is a JSON pointer (RFC 6901) such as `/name`, `code` a stable word."""

    pointer: str
    detail: str
    code: str


ERRORS_MAX = 20
"""Nobody mends more at a time; and what is sent to be refused must not have an answer many times as long."""


class BoltkeysError(Exception):
    """A refusal with a sentence for the reader and a stable `code` for the machine."""

    code = "error"

    def __init__(self, detail: str, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code


class Invalid(BoltkeysError):
    """What was sent breaks a rule: `errors` names each fault once, the first `ERRORS_MAX` of them."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors[:ERRORS_MAX])
        super().__init__("; ".join(error.detail for error in self.errors))


class Missing(BoltkeysError):
    """There is no such thing, or none that the actor may know of."""

    code = "not_found"


class Refused(BoltkeysError):
    """The actor may know of it, and may not do this."""

    code = "forbidden"


class Conflict(BoltkeysError):
    """It cannot be done in the present state, whoever asks."""

    code = "conflict"


class Unavailable(BoltkeysError):
    """A dependency did not answer; the same request may work in a moment."""

    code = "unavailable"


class UnknownCatalogue(Unavailable):
    """This process has no catalogue of the name that a project has. Another may: one that was started later, or with
    other files.
    """

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"This server does not know the catalogue {slug} of the project. Try again in a moment; if that does not "
            "help, tell the operator: each server needs the files of all catalogues (BOLTKEYS_CATALOGUES), and a "
            "restart to read them."
        )


def invalid(pointer: str, detail: str, code: str) -> Invalid:
    """An `Invalid` with one fault."""
    return Invalid([FieldError(pointer, detail, code)])
