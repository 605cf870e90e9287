"""Walks a generated Python client through the life of a key: created, used, revoked, refused. Prints what it saw."""

from __future__ import annotations

import sys

from boltly_client import AuthenticatedClient, Client
from boltly_client.api.api_keys import create_api_key, revoke_api_key
from boltly_client.api.contacts import create_contact, list_contacts
from boltly_client.api.signing_in import login
from boltly_client.models import (
    ApiKey,
    ApiKeyCreate,
    ApiKeyCreateScopesItem,
    Contact,
    ContactCreate,
    ContactList,
    LoginBody,
    NewApiKey,
    Problem,
    RevokeApiKeyBody,
    Tokens,
)


def main(url: str, email: str, password: str) -> None:
    tokens = login.sync(client=Client(base_url=url), body=LoginBody(email=email, password=password))
    assert isinstance(tokens, Tokens), tokens
    administrator = AuthenticatedClient(base_url=url, token=tokens.access_token)

    scopes = [ApiKeyCreateScopesItem.CONTACTSREAD, ApiKeyCreateScopesItem.CONTACTSWRITE]
    new = create_api_key.sync(client=administrator, body=ApiKeyCreate(name="Python client", scopes=scopes))
    assert isinstance(new, NewApiKey) and new.secret_key, new

    key = AuthenticatedClient(base_url=url, token=new.secret_key)
    ann = create_contact.sync(client=key, body=ContactCreate(name="Ann", email="ann@example.com"))
    assert isinstance(ann, Contact) and ann.name == "Ann", ann
    found = list_contacts.sync(client=key, name="Ann", limit=10)
    assert isinstance(found, ContactList) and [each.id for each in found.data] == [ann.id], found

    revoked = revoke_api_key.sync(new.id, client=administrator, body=RevokeApiKeyBody(reason="leaked"))
    assert isinstance(revoked, ApiKey) and revoked.status.value == "revoked", revoked
    refused = list_contacts.sync_detailed(client=key)
    assert isinstance(refused.parsed, Problem), refused
    print(refused.status_code.value, refused.parsed.code)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
