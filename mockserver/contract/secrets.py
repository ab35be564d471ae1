"""Which names carry secrets, and texts without the secrets that are known."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
_SHORTEST = 4
_SECRET_WORDS = re.compile(
    r"secret|passw|passphrase|token|api_?key|auth|bearer|credential|cookie|session|signature"
    r"|private|otp|pin$|^code$|code_verifier|^key$|jwt|csrf|xsrf|client_?id|_sid$|^sid$",
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> str:
    """Write a name in lower case with underscores between its words."""
    return _CAMEL.sub("_", name).lower().replace("-", "_").replace(" ", "_")


def names_secret(name: str) -> bool:
    """Tell whether a header, parameter or member of this name carries a secret."""
    return _SECRET_WORDS.search(words_of(name)) is not None


class Hiding:
    """Takes known secrets out of texts, also where they are encoded."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Know more secrets; those under four characters are none."""
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                self._forms |= {secret, quote(secret, safe=""), quote_plus(secret)}
                self._forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if self._forms else None

    def __call__(self, text: str) -> str:
        return self._pattern.sub(HIDDEN, text) if self._pattern else text
