"""Replace secrets in headers, queries and JSON values by `[redacted]` before they are shown.

- In: parts of an exchange. Out: copies; the stored exchange never changes.
- Callers: `exchange_views.py`, `har.py`, `body_redaction.py`, `verify_calls.py`, and
  `server/request_log.py` (queries).
- Names decide what is a secret: those of `base/secrets.py`, and in headers and queries also those
  of the parameters of the API's security schemes (`secret_parameters`). In URLs within other
  headers, secret parameters and user names with passwords are replaced. A plain text is not.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus

from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_secret, names_secret_number
from mockserver.model.exchange import Exchange

_IN_URL = re.compile(r"(?<=[?&#;])([^=&#;\s\"<>]{1,200})=([^&#;\s\"<>]*)")
_USER = re.compile(r"(?<=://)[^/?#@\s\"<>]{1,500}(?=@)")


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
    return redacted_urls(value, secrets)


def redacted_urls(text: str, secrets: frozenset[str]) -> str:
    """Replace secrets in the URLs of a text: in query, fragment and user information."""
    if "=" in text:
        text = _IN_URL.sub(
            lambda found: (
                f"{found[1]}={REDACTED}" if is_secret(unquote_plus(found[1]), secrets) else found[0]
            ),
            text,
        )
    return _USER.sub(REDACTED, text) if "@" in text else text


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


def redacted(value: JsonValue) -> JsonValue:
    """Replace the secret members of a JSON value."""
    if isinstance(value, Mapping):
        return {key: _redacted_member(key, member) for key, member in value.items()}
    return [redacted(item) for item in value] if isinstance(value, list) else value


def _redacted_member(key: str, member: JsonValue) -> JsonValue:
    if names_secret(key):
        return _hidden(key, member)
    if isinstance(member, int) and names_secret_number(key):
        return REDACTED
    return redacted(member)


def _hidden(key: str, member: JsonValue) -> JsonValue:
    """Replace all texts below a secret name; and its numbers, if the name is one of numbers."""
    if isinstance(member, Mapping):
        return {
            name: _hidden(name if names_secret_number(name) else key, item)
            for name, item in member.items()
        }
    if isinstance(member, list):
        return [_hidden(key, item) for item in member]
    if isinstance(member, str):
        return REDACTED
    return REDACTED if isinstance(member, int) and names_secret_number(key) else member
