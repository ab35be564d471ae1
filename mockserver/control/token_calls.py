"""Declare and answer the call that lists credentials and tokens, with owner and lifetime.

`control_app.py` adds its `CALLS`. It reads the records of principals of all APIs, and the built-in
collections of refresh tokens and authorization codes, used and expired ones included. Values are
shown as they are. `is_over` says that one has expired at the time of the sandbox, or was used. The
owner is the first of five known fields, such as `user_id`, or null. Nothing is changed.
"""

from collections.abc import Iterator

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, format_instant, recorded_instant
from mockserver.control.declarations import Call, ControlRequest, PageQuery
from mockserver.engine.builtin_collections import OAUTH_CODES, OAUTH_REFRESH_TOKENS
from mockserver.engine.sandbox import Store
from mockserver.model.api import Api
from mockserver.model.scope import Record

TAG = "Tokens"
_ISSUED = (("refresh_token", OAUTH_REFRESH_TOKENS), ("authorization_code", OAUTH_CODES))
_OWNERS = ("user_id", "account", "organisation", "marketplace", "customer")


class Token(TypedDict):
    """A credential or token of a client."""

    api: str
    kind: str
    """apiKey, basic, bearer, oauth2, refresh_token or authorization_code."""
    value: JsonValue
    owner: JsonValue
    description: JsonValue
    scopes: JsonValue
    created_at: str | None
    expires_at: str | None
    """Null if it does not expire."""
    is_over: bool
    """True if it has expired, or was used and is valid only once."""


class Tokens(TypedDict):
    """Tokens of a sandbox."""

    total: int
    tokens: list[Token]


def list_tokens(request: ControlRequest[PageQuery, None]) -> Tokens:
    """List the credentials and tokens of all APIs, as they are at the time of the sandbox."""
    sandbox = request.sandbox()
    now = request.now(sandbox)
    found = [
        token
        for api in request.engine.apis.values()
        for token in _tokens(api, sandbox.store(api.name), now)
    ]
    return {"total": len(found), "tokens": request.query.page(found)}


def _tokens(api: Api, store: Store, now: Instant) -> Iterator[Token]:
    for scheme in api.schemes.values():
        if (owners := scheme.principals) is not None:
            for record in store.collection(owners.collection):
                yield _token(api, scheme.kind, owners.field, record, now)
    for kind, spec in _ISSUED:
        for record in store.collection(spec.name):
            yield _token(api, kind, spec.key, record, now)


def _token(api: Api, kind: str, field: str, record: Record, now: Instant) -> Token:
    created, expires = (
        recorded_instant(record.get("created_at")),
        recorded_instant(record.get("expires_at")),
    )
    return {
        "api": api.name,
        "kind": kind,
        "value": record.get(field),
        "owner": next((record[name] for name in _OWNERS if record.get(name)), None),
        "description": record.get("description"),
        "scopes": record.get("scopes", record.get("scope")),
        "created_at": None if created is None else format_instant(created),
        "expires_at": None if expires is None else format_instant(expires),
        "is_over": bool(record.get("used")) or (expires is not None and now >= expires),
    }


CALLS = (
    Call(
        "GET",
        "/tokens",
        "listTokens",
        TAG,
        "List credentials and tokens with their lifetime",
        list_tokens,
        PageQuery,
        result=Tokens,
        result_example={
            "total": 1,
            "tokens": [
                {
                    "api": "partoo",
                    "kind": "apiKey",
                    "value": "demo-partoo-key",
                    "owner": "demo-org",
                    "description": "WRITE on three businesses, READ on a fourth",
                    "scopes": None,
                    "created_at": None,
                    "expires_at": None,
                    "is_over": False,
                }
            ],
        },
    ),
)
