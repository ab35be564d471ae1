"""Remove secrets from values and texts that are reported: by name, or by their known values.

`verification.py` calls `without_secrets`, which hides members with the names of secrets. A
`Redactor` holds known secrets and, when called, removes them from a text, in the encodings of JSON,
URLs and JSON Pointers: `cli/verify_command.py`, `cli/contract_options.py` and `masking.py` add to
it, `verification_reports.py` and recordings use it (`take_new` tells what was added). Secrets of
fewer than four characters are not removed. Cut a text off only afterwards: a part is not found.
"""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

from mockserver.base.json import JsonValue, escape
from mockserver.base.secrets import REDACTED, names_any_secret

_MIN_LENGTH = 4


def without_secrets(value: JsonValue) -> JsonValue:
    """Return a JSON value in which members with the names of secrets are redacted."""
    if isinstance(value, Mapping):
        return {
            key: REDACTED if names_any_secret(key) and member else without_secrets(member)
            for key, member in value.items()
        }
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


class Redactor:
    """Replaces known secrets in texts, also as JSON, URLs and JSON Pointers encode them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._encodings: set[str] = set()
        self._new: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Add secrets; texts shorter than four characters are ignored."""
        for secret in secrets:
            if len(secret) >= _MIN_LENGTH:
                added = _encodings(secret) - self._encodings
                self._encodings |= added
                self._new += added
                self._pattern = None

    def take_new(self) -> list[str]:
        """Return the encodings of the secrets that were added since the last call."""
        new, self._new = self._new, []
        return new

    def __call__(self, text: str) -> str:
        """Return a text in which all known secrets are redacted."""
        if not self._encodings:
            return text
        if self._pattern is None:  # compiled lazily, because many secrets are added one by one
            longest_first = sorted(self._encodings, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self._pattern.sub(REDACTED, text)


def _encodings(secret: str) -> set[str]:
    """Return a secret in all encodings in which a text may contain it."""
    plain, ascii_only = (json.dumps(secret, ensure_ascii=flag)[1:-1] for flag in (False, True))
    in_url = (quote(secret, safe=""), quote(secret), quote_plus(secret))
    return {secret, *in_url, plain, ascii_only, escape(secret)}
