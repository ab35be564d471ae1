"""Decide by its name whether a header, parameter or member holds a secret; never look at the value.

`names_secret` is for values of any type but numbers, `names_secret_number` for numbers (most of
them, as in `max_tokens`, are counts), `names_any_secret` for both; `words_of` makes names
comparable. `control/redaction.py`, `control/body_redaction.py`, `control/verify_calls.py`,
`contract/masking.py`, `contract/secret_hiding.py` and `contract/verification_reports.py` put
`REDACTED` for the value.
`engine/security.py`, `engine/refusal_line.py` and `engine/refusal_advice.py` omit such values.
"""

import re

REDACTED = "[redacted]"
"""Replaces a secret in the journal, in reports and in recordings."""

_SECRET_WORDS = re.compile(
    r"secret|passw|passphrase|token(?!_type)|api_?key|auth(?!or(?!iz)|_type|enticate$)|bearer|credential|cookie"
    r"|session|signature|private|jwt|csrf|xsrf|code_verifier|code_challenge$|^code$|^key$|^otp$"
    r"|^pin$|^sid$|^sig$"
)
_SECRET_NUMBERS = re.compile(r"passw|passcode|^otp$|^pin$|^cv[cv]$")
"""Names whose numeric values are secret; most numbers, as in `max_tokens`, are counts."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> str:
    """Write a name in lower case with underscores between its words."""
    return _CAMEL.sub("_", name).lower().replace("-", "_").replace(" ", "_")


def names_secret(name: str) -> bool:
    """Return True if a header, parameter or member of this name contains a secret."""
    return _SECRET_WORDS.search(words_of(name)) is not None


def names_secret_number(name: str) -> bool:
    """Return True if a numeric value of this name is a secret."""
    return _SECRET_NUMBERS.search(words_of(name)) is not None


def names_any_secret(name: str) -> bool:
    """Return True if a text or a number of this name is a secret."""
    return names_secret(name) or names_secret_number(name)
