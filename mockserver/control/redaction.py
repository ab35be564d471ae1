"""Secrets in headers, queries and bodies, replaced by `[redacted]` before they are shown.

What is a secret is decided by names: those of `base/secrets.py`, and those of the parameters that
the security schemes of an API name. The stored exchange never changes.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus

from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret, names_secret_number
from mockserver.model.exchange import Exchange
from mockserver.model.refusal import Refusal
from mockserver.wire.media import parse_json

_MAX_TEXT_BYTES = 100_000


def secret_parameters(exchange: Exchange) -> frozenset[str]:
    """Return the names, in lower case, of parameters and headers with a credential of the API."""
    schemes = exchange.api.schemes.values() if exchange.api else ()
    return frozenset(scheme.parameter.lower() for scheme in schemes)


def redacted_headers(
    headers: Iterable[tuple[str, str]], secrets: frozenset[str]
) -> list[tuple[str, str]]:
    """Replace the values of headers that carry secrets."""
    return [(name, _redacted_header(name.lower(), value, secrets)) for name, value in headers]


def _redacted_header(name: str, value: str, secrets: frozenset[str]) -> str:
    if is_secret(name, secrets):
        return REDACTED
    if name == "location":  # an authorization code is sent in a redirect
        address, mark, query = value.partition("?")
        return address + mark + redacted_query(query, secrets)
    return value


def redacted_query(query: str, secrets: frozenset[str]) -> str:
    """Replace the values of parameters that carry secrets; the rest stays as it was sent."""
    parts = [part.partition("=") for part in query.split("&")] if query else []
    return "&".join(
        f"{name}={REDACTED}" if is_secret(unquote_plus(name), secrets) else f"{name}{mark}{value}"
        for name, mark, value in parts
    )


def is_secret(name: str, secrets: frozenset[str]) -> bool:
    """Return True if a parameter or member of this name carries a secret."""
    return name.lower() in secrets or names_secret(name)


def redacted_body(body: bytes) -> JsonValue:
    """Return a body to show: a JSON value, or a text of at most 100,000 bytes.

    Secrets in JSON and in URL-encoded forms are replaced; other text is shown as it is.
    """
    try:
        return redacted(parse_json(body))
    except Refusal:
        text = body[:_MAX_TEXT_BYTES].decode("utf-8", "replace")
        is_form = "=" in text and "\n" not in text and " " not in text
        return redacted_query(text, frozenset()) if is_form else text


def redacted(value: JsonValue) -> JsonValue:
    """Replace the secret members of a JSON value."""
    if isinstance(value, Mapping):
        return {key: _redacted_member(key, member) for key, member in value.items()}
    return [redacted(item) for item in value] if isinstance(value, list) else value


def _redacted_member(key: str, member: JsonValue) -> JsonValue:
    if isinstance(member, list) and names_secret(key):
        return [_redacted_member(key, item) for item in member]
    if (isinstance(member, str) and names_secret(key)) or (
        isinstance(member, int) and names_secret_number(key)
    ):
        return REDACTED
    return redacted(member)
