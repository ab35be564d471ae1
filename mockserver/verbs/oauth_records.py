"""The built-in collections of an OAuth server, and what its endpoints do alike."""

from mockserver.model.scope import Record
from mockserver.verbs.verb import World

CODES = "oauth_codes"
REFRESH_TOKENS = "oauth_refresh_tokens"
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""Headers of every answer with a code or a token (RFC 6749, section 5.1)."""


def is_expired(token: Record, now: int) -> bool:
    """Return True if a token has expired."""
    return token["expires_at"] is not None and now >= token["expires_at"]


def revoke_family(tokens: str, world: World, family: str) -> None:
    """Remove all tokens that were issued for one code."""
    for name in (tokens, REFRESH_TOKENS):
        records = world.records(name)
        for record in records.matching({"family": family}):
            world.remove(records, str(record[records.spec.key]))
