"""Every way in which the API refuses, and the words that explain it: in the answer itself, and at /docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """One `code` of a problem (RFC 9457): `cause` says when it comes, `cure` what the caller does about it."""

    status: int
    title: str
    cause: str
    cure: str


KINDS: Mapping[str, Kind] = {
    "bad_request": Kind(
        400,
        "Bad request",
        "The request could not be read: a header or the length of the body is wrong.",
        "Mend what detail names, and send it again.",
    ),
    "invalid_json": Kind(
        400,
        "The body is not valid JSON",
        "The body is empty, cut off, not UTF-8, names a member twice, or is no JSON object. detail says where.",
        "Send one JSON object, written by a JSON library; an empty one is {}.",
    ),
    "two_keys": Kind(
        400,
        "More than one key",
        "Authorization and X-API-Key came together, or one of them came twice: nobody can say which one counts.",
        "Send one of the two headers, once. A proxy in between may be adding the other.",
    ),
    "ambiguous_project": Kind(
        400,
        "The project is not clear",
        "The key belongs to a user, or an access token was sent, and its owner is in more than one project.",
        "Name the project in X-Project, by its ID or slug. choices lists the slugs, the first 20 of them.",
    ),
    "invalid_idempotency_key": Kind(
        400,
        "The idempotency key is not valid",
        "The Idempotency-Key is empty, longer than 255 characters, or has spaces or characters beyond ASCII.",
        "Send a new UUID for each thing that you want done.",
    ),
    "unauthenticated": Kind(
        401,
        "No key",
        "No key came in a header that counts. A key in the URL or in the body is not looked at.",
        "Send Authorization: Bearer sk_… or X-API-Key: sk_….",
    ),
    "malformed": Kind(
        401,
        "Not an API key or access token",
        "What was sent is not built like a key: its last six characters are a checksum, and it does not fit. So it is "
        "mistyped or cut off, or something else was sent, such as the text of a placeholder.",
        "Copy the whole key again, from sk_ to its end. Look for quotes or blanks that came with it.",
    ),
    "unknown": Kind(
        401,
        "Unknown API key or token",
        "It is built like a key, and this installation has never made it, or knows it no more.",
        "Check that you call the right installation, and live or test as you mean it. Else create a new key.",
    ),
    "revoked": Kind(
        401,
        "The key or token has been revoked",
        "Somebody has revoked the key, or what an access or refresh token came from has ended: by a sign-out, a change "
        "of password, an account that was disabled, or a refresh token that came a second time.",
        "Revoking cannot be undone. Create a new key, or sign in again.",
    ),
    "deleted": Kind(
        401,
        "The key has been deleted",
        "An administrator, or the owner of the key, has deleted it.",
        "Create a new key.",
    ),
    "expired": Kind(
        401,
        "The key or token has expired",
        "The time of the key or token is over. detail names the second at which a key has ended.",
        "Create a new key, and rotate it in time from now on. Of an access token: refresh it, or sign in again.",
    ),
    "sign_in_failed": Kind(
        401,
        "The sign-in failed",
        "The e-mail address or the password is not right, or the account is disabled: the answer is the same.",
        "Try again, or set a new password on the sign-in page.",
    ),
    "suspended": Kind(
        403,
        "Suspended",
        "The project is suspended, or the owner of the key is disabled.",
        "Ask an administrator of the project; for a suspended project, the operator of this installation.",
    ),
    "ip_denied": Kind(
        403,
        "The address is not allowed",
        "The key may be used from some addresses only, and the request came from another one.",
        "Call from an address on the key's list, or create a key with the right list.",
    ),
    "missing_scope": Kind(
        403,
        "The key lacks a permission",
        "The key is good and may not do this. required_scope is what it needs, granted_scopes what it has here.",
        "Create a key with that permission: those of a key never change. Of a user key or an access token: an "
        "administrator can give its owner the permission, on the Team page.",
    ),
    "exceeds_own": Kind(
        403,
        "More than the key has itself",
        "A key tried to make a key with a permission, a limit, an end or addresses beyond its own, or to give a person "
        "what it does not have; or to make, change or remove an administrator.",
        "Ask for no more than the key has, or let an administrator do it.",
    ),
    "forbidden": Kind(
        403,
        "Forbidden",
        "Who asks may not do this here, such as to manage keys without being an administrator.",
        "Ask an administrator of the project.",
    ),
    "not_found": Kind(
        404,
        "Not found",
        "There is nothing at this address, or nothing that this key may know of: what belongs to another project is "
        "answered like what does not exist. No path ends in a slash.",
        "Check the path and the ID.",
    ),
    "unknown_project": Kind(
        404,
        "Unknown project",
        "X-Project names no project that the owner of the key is in.",
        "GET /v1/me says who you are. Check the ID or slug in X-Project, or leave it out if you have one project.",
    ),
    "unknown_resource": Kind(
        404,
        "Unknown resource",
        "The project's catalogue has no resource of this name.",
        "GET /v1/developer-access/scopes lists what there is.",
    ),
    "method_not_allowed": Kind(
        405,
        "Method not allowed",
        "The address exists and knows no such method: records are changed by PATCH, not by PUT, and a catalogue may "
        "leave out methods altogether.",
        "Use one of the methods in the header Allow.",
    ),
    "conflict": Kind(
        409,
        "Conflict",
        "It cannot be done in the present state, whoever asks. detail says why.",
        "Read the thing again, and decide anew.",
    ),
    "taken": Kind(
        409,
        "The name is taken",
        "Another one has this name already: of the keys in use, no two have the same. errors points to the name.",
        "Choose another name, or end what has it.",
    ),
    "already_rotated": Kind(
        409,
        "The key has been rotated before",
        "A key is rotated once, and this one has a successor.",
        "rotated_to of the key is the successor: rotate that one.",
    ),
    "already_created": Kind(
        409,
        "The key has been created already",
        "The same request has made the key before, and its secret was shown then, once.",
        "If the secret is lost, delete the key and create another one.",
    ),
    "key_ended": Kind(
        409,
        "The key has ended",
        "The key has expired, or was revoked or deleted: nothing about it can be changed any more.",
        "Create a new key.",
    ),
    "illegal_step": Kind(
        409,
        "Not possible in this state",
        "The state that the record is in rules out the operation, or the change of its content.",
        "state says where the record is, possible_operations where it can go from there.",
    ),
    "too_many_webhooks": Kind(
        409,
        "The project has as many webhooks as it may",
        "A project has a limit on its webhooks, and this one has reached it.",
        "Delete a webhook that nobody needs, or let one receiver hand the events on.",
    ),
    "webhook_disabled": Kind(
        409,
        "The webhook is disabled",
        "Nothing is sent to a webhook that is disabled, neither a test nor a delivery from before.",
        "Enable the webhook first.",
    ),
    "changed_meanwhile": Kind(
        409,
        "Somebody else has changed it meanwhile",
        "What was to be changed is not what it was when you read it.",
        "Read it again, and decide anew.",
    ),
    "already_member": Kind(
        409,
        "Already in the project",
        "This person is in the project.",
        "Change the role of the member that there is.",
    ),
    "not_accepted": Kind(
        409,
        "The invitation has not been accepted",
        "The ID is of an invitation, and only a member can be changed.",
        "Invite the same address again, with the role and grants that it should have.",
    ),
    "accepted": Kind(
        409,
        "The invitation has been accepted",
        "Somebody has accepted the invitation while it was to be withdrawn.",
        "Find the member in the list, and remove that.",
    ),
    "last_administrator": Kind(
        409,
        "The last administrator",
        "A project without an administrator could not be helped any more.",
        "Make somebody else administrator first.",
    ),
    "user_disabled": Kind(
        409,
        "The account is disabled",
        "The account of this person is disabled, so that it can be given nothing.",
        "Ask the operator of this installation.",
    ),
    "idempotency_running": Kind(
        409,
        "The first request is still running",
        "A request with this Idempotency-Key is under way and has no answer yet.",
        "Wait as Retry-After says and send the same again: you get the answer of the first one.",
    ),
    "too_large": Kind(
        413,
        "The body is too large",
        "A body may have at most 1 MB.",
        "Send less at once.",
    ),
    "unsupported_media_type": Kind(
        415,
        "Unsupported media type",
        "The body is not declared as JSON, or it is compressed.",
        "Send Content-Type: application/json, and no Content-Encoding.",
    ),
    "invalid": Kind(
        422,
        "The request is not valid",
        "A value has the wrong type or is not allowed, or something is missing. errors has a pointer to each fault, a "
        "sentence about it, and a code.",
        "Mend what errors lists. /schema of a resource says which fields there are and what they take.",
    ),
    "idempotency_reused": Kind(
        422,
        "The idempotency key was used before",
        "This Idempotency-Key came to this address within the last 24 hours with another body.",
        "Take a new one for each thing that you want done.",
    ),
    "rate_limited": Kind(
        429,
        "Too many requests",
        "The key has made all requests that it may make in any 60 seconds; or too many sign-ins have failed; or too "
        "many unknown keys have come from this address.",
        "Wait retry_after seconds, as the header Retry-After says too. That long is enough.",
    ),
    "internal_error": Kind(
        500,
        "Internal error",
        "Something went wrong on our side.",
        "Try again later. Quote the request_id when you ask for help.",
    ),
    "unavailable": Kind(
        503,
        "Temporarily unavailable",
        "The database, or another part that is needed for the answer, does not answer at the moment.",
        "Send the same again after Retry-After seconds; a POST with the same Idempotency-Key.",
    ),
}
"""By code. A code, once published, keeps its meaning."""

CLASSES: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Nobody is let in by this",
    403: "Known, and not allowed",
    404: "Nothing there",
    405: "Not this method",
    409: "Not in the present state",
    413: "Too much",
    415: "Not JSON",
    422: "Wrong values",
    429: "Too often",
    500: "Our fault",
    503: "Away for a moment",
}
"""What all codes of one status have in common."""


def by_status() -> Iterator[tuple[int, str, list[tuple[str, Kind]]]]:
    """Status, what it means, and its codes: in the order of the statuses."""
    for status, meaning in CLASSES.items():
        yield status, meaning, [(code, kind) for code, kind in KINDS.items() if kind.status == status]
