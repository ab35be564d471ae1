"""Name the collections and headers of the OAuth verbs, find expired tokens, and revoke tokens.

Callers: `oauth_authorize.py`, `oauth_token.py` and `oauth_revoke.py`. The built-in collections of
codes and refresh tokens are named here; access tokens are in a collection of the document, which
the steps name. `revoke_family` removes all tokens that come from one code. Nothing here issues a
code or a token.
"""

from mockserver.model.scope import Record
from mockserver.verbs.verb import World

CODES = "oauth_codes"
REFRESH_TOKENS = "oauth_refresh_tokens"
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""The headers of an answer with a code or a token (RFC 6749, section 5.1)."""


def is_expired(token: Record, now: int) -> bool:
    """Return True if a token has expired."""
    return token["expires_at"] is not None and now >= token["expires_at"]


def revoke_family(tokens: str, world: World, family: str) -> None:
    """Remove the access tokens and refresh tokens that were issued for one code.

    Args:
        tokens: The collection of access tokens.
        world: The request and its sandbox.
        family: The id that all tokens of one code have in common.
    """
    for name in (tokens, REFRESH_TOKENS):
        records = world.records(name)
        for record in records.matching({"family": family}):
            world.remove(records, str(record[records.spec.key]))
