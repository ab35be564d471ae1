"""Share names, headers and checks among the OAuth verbs, find expired tokens, and revoke tokens.

Callers: `oauth_authorize.py`, `oauth_token.py` and `oauth_revoke.py`; `engine/rendering.py` uses
`error_description`, which returns only characters that RFC 6749 permits. The built-in collections
of codes and refresh tokens are named here; access tokens are in a collection of the document, whose
name the steps have. `repeated_name` returns the first parameter that is given twice, or None.
`revoke_family` removes all access and refresh tokens that come from one code. Nothing here issues a
code or a token.
"""

import re
from collections import Counter
from collections.abc import Iterable

from mockserver.model.scope import Record
from mockserver.verbs.verb import World

CODES = "oauth_codes"
REFRESH_TOKENS = "oauth_refresh_tokens"
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""The headers of an answer with a code or a token (RFC 6749, section 5.1)."""


PKCE_TEXT = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""The form of a code verifier and a code challenge (RFC 7636, sections 4.1 and 4.2)."""
_NOT_DESCRIBING = re.compile(r"[^\x20-\x7e]")
_REPLACED = str.maketrans({'"': "'", "\\": "/"})


def error_description(text: str) -> str:
    r"""Return a text with only the characters that an `error_description` may have.

    RFC 6749, sections 4.1.2.1 and 5.2, permits printable ASCII without `"` and `\\`.
    """
    spaced = " ".join(text.translate(_REPLACED).splitlines())
    return _NOT_DESCRIBING.sub("?", spaced)


def repeated_name(parameters: Iterable[tuple[str, str]], names: Iterable[str]) -> str | None:
    """Return the first of these parameters that occurs twice (RFC 6749, 3.1 and 3.2), or None."""
    counts = Counter(name for name, _ in parameters)
    return next((name for name in names if counts[name] > 1), None)


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
