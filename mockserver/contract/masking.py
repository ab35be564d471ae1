"""Mask secrets and personal data in recordings: only what is known to be harmless is kept.

`cli/import_command.py` and `cli/proxy_command.py` make a `Masking`, which `recording.py` asks for
each value. Kept are words of the documents, values that a schema lists, members in `keep`, and
numbers, booleans, instants and opaque ids whose name is not secret or personal; a text with the
name of a secret never is (`names_any_secret`). Members that are not described are dropped. Equal
values get equal masks, for replays, which fit the schemas if possible. Secret, masked and dropped
texts that are not public go to a `Redactor`, by which `recording.py` removes later copies.
"""

import json
import re
from collections.abc import Callable, Iterable

import phonenumbers

from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED, names_any_secret, words_of
from mockserver.contract.conforming_masks import ConformingMasks
from mockserver.contract.schema_parts import DescribedValue
from mockserver.contract.secret_hiding import Redactor
from mockserver.language.functions import e164, is_email

_PERSONAL = re.compile(
    r"name$|^name|e?mail|phone|mobile|fax|street|address|city|zip|post_?code|birth|^dob$|gender"
    r"|photo|avatar|ssn|iban|card|account_?number|passport|comment|author|latitude|longitude|^ip$"
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_WORD = re.compile(r"[^\s\"'`{}\[\](),;<>]+")
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_DIGITS = re.compile(r"\+?[\d\s().-]{6,25}")
_TOKEN = re.compile(
    r"eyJ[\w-]+|(?:sk|pk|ghp|gho|xox[a-z]|AKIA|glpat)[-_][\w-]{8,}|(?i:bearer|basic)\s.+"
)
_RANDOM = re.compile(r"[A-Za-z0-9+/_=.-]{24,}")
_OPAQUE_ID = re.compile(
    r"[0-9a-f]{24}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{1,18}", re.ASCII | re.IGNORECASE
)
_REFERENCE = re.compile(r"(?:^|_)(?:id|uri|url)$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_MIN_PHONE_DIGITS = 6
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(_DATE.pattern + r"(?:[T ][\d:.]{5,18}(?:Z|[+-]\d\d:?\d\d)?)?")
_PHONE_VARIANTS = 1000

Replace = Callable[[str, str, bool], str | None]
"""Takes a name, a text, and whether it is secret; returns a replacement, or None to mask it."""


def redact_secret(_name: str, _value: str, is_secret: bool) -> str | None:  # noqa: FBT001 - see Replace
    """Return the redaction mark for a secret, and None for any other text."""
    return REDACTED if is_secret else None


class Masking:
    """Replaces values with masks, and remembers the mask of each value."""

    def __init__(self, public: str = "", keep: Iterable[str] = ()) -> None:
        """Set the values that are not masked.

        Args:
            public: The text of the documents, whose words are public.
            keep: Names of parameters and members whose values are kept unless they are secret.
        """
        self._keep = frozenset(keep)
        self._public = frozenset(_WORD.findall(public))
        self._masks: dict[str, str] = {}
        self._conforming = ConformingMasks()
        self.redact = Redactor()

    def value(
        self,
        name: str,
        value: JsonValue,
        described: DescribedValue | None,
        replace: Replace = redact_secret,
    ) -> JsonValue:
        """Return a value with masks in place of secrets and personal data.

        Args:
            name: The name of the parameter or member; empty for a whole body.
            value: Any JSON value.
            described: The value's schemas; None if the document does not describe it.
            replace: Returns replacements that take precedence over masks.
        """
        if isinstance(value, dict):
            return self._members(value, described, replace)
        if isinstance(value, list):
            item = described.item() if described else None
            return [self.value(name, one, item, replace) for one in value]
        if isinstance(value, str):
            return self._text(name, value, described, replace)
        return self._scalar(name, value, described)

    def _scalar(self, name: str, value: JsonValue, described: DescribedValue | None) -> JsonValue:
        """Mask a number or a boolean with a sensitive name."""
        is_sensitive = names_any_secret(name) or _PERSONAL.search(words_of(name)) is not None
        if not value or not is_sensitive or (described is not None and described.lists(value)):
            return value
        return self._fitting(type(value)(0), value, described)

    def written(
        self, name: str, text: str, described: DescribedValue, replace: Replace = redact_secret
    ) -> str:
        """Return the text of a parameter or of a form's field, with masks as in `value`.

        A text that stands for a number or a boolean is masked only as those are.
        """
        value = described.read(text)
        if isinstance(value, str) or _is_phone(text) or names_any_secret(name):
            return self._text(name, text, described, replace)
        if (replacement := replace(name, text, False)) is not None:  # noqa: FBT003 - see Replace
            return replacement
        masked = self._scalar(name, value, described)
        return text if masked == value else json.dumps(masked)

    def _fitting(
        self, mask: JsonValue, value: JsonValue, described: DescribedValue | None
    ) -> JsonValue:
        """Return a mask if it fits the schemas of the value, else one that does if there is any."""
        if described is None or mask == value or self._conforming.fits(mask, value, described):
            return mask
        made = self._conforming.mask(value, described)
        return mask if made is None else made

    def _members(
        self, value: dict[str, JsonValue], described: DescribedValue | None, replace: Replace
    ) -> dict[str, JsonValue]:
        """Mask the members of an object, and drop those that the document does not describe."""
        kept: dict[str, JsonValue] = {}
        for name, member in value.items():
            below = described.member(name) if described else None
            if below is None or not _NAME.fullmatch(name):
                self.redact_all(member)
            else:
                kept[name] = self.value(name, member, below, replace)
        return kept

    def redact_all(self, value: JsonValue) -> None:
        """Redact all texts of a dropped value wherever they occur."""
        for text in texts(value):
            if not self.is_public(text):
                self.redact.add(text)

    def _text(
        self, name: str, value: str, described: DescribedValue | None, replace: Replace
    ) -> str:
        is_secret = names_any_secret(name) or _TOKEN.search(value) is not None
        if is_secret:
            self.redact.add(value)
        if (replacement := replace(name, value, is_secret)) is not None:
            return replacement
        is_fixed = described is not None and described.lists(value)
        if not value or is_fixed or name in self._keep or self.is_public(value):
            return value
        mask = self._masked_text(words_of(name), value)
        read = described.read if described is not None else str
        fitting = self._fitting(read(mask), read(value), described)
        return mask if mask == value or fitting == read(mask) else _text_of(fitting)

    def _masked_text(self, words: str, value: str) -> str:
        if is_email(value):
            return self._mask(value, lambda number: f"person{number}@example.com")
        if _is_phone(value):
            return self._mask(value, lambda number: _phone(value, number))
        if _PERSONAL.search(words):
            return self._mask(value, lambda number: f"Person {number}")
        if _URL.fullmatch(value):
            return self._mask(value, lambda number: f"https://masked.example/{number}")
        if _INSTANT.fullmatch(value) or _OPAQUE_ID.fullmatch(value):
            return value
        return _WORD.sub(lambda found: self._word(found[0]), value)

    def _word(self, word: str) -> str:
        if self.is_public(word):
            return word
        return self._mask(word, lambda number: f"masked{number}")

    def is_identifier(self, name: str, value: str) -> bool:
        """Return True if a path parameter is an identifier, which a replay needs unchanged."""
        is_sensitive = names_any_secret(name) or _PERSONAL.search(words_of(name)) is not None
        is_identifier_like = _IDENTIFIER.fullmatch(value) is not None and not _is_phone(value)
        return (
            is_identifier_like
            and not is_sensitive
            and not _RANDOM.match(value)
            and not _TOKEN.search(value)
        )

    def is_reference(self, name: str, value: str) -> bool:
        """Return True if a member refers to an object of the service, such as `order_id`."""
        is_kept = name in self._keep or self.is_public(value) or _OPAQUE_ID.fullmatch(value)
        return _REFERENCE.search(words_of(name)) is not None and not is_kept

    def is_public(self, value: str) -> bool:
        """Return True if all words of a text occur in the documents."""
        return all(word in self._public for word in _WORD.findall(value))

    def _mask(self, value: str, make: Callable[[int], str]) -> str:
        self.redact.add(value)
        if value not in self._masks:
            self._masks[value] = make(len(self._masks) + 1)
        return self._masks[value]


def _text_of(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_phone(value: str) -> bool:
    digits = len(re.sub(r"\D", "", value))
    return bool(_DIGITS.fullmatch(value)) and digits > _MIN_PHONE_DIGITS and not _DATE.match(value)


def _phone(value: str, number: int) -> str:
    """Return a phone number of the same country, which is valid if the original one is."""
    international = value if value.startswith("+") else f"+{value}"
    normal = e164(international) or e164(value, "US")
    if normal is None:
        return f"{value[:1]}000{number:06d}"
    region = phonenumbers.region_code_for_number(phonenumbers.parse(normal)) or "US"
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return str(normal)[:-4] + f"{number:04d}"
    made = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    varied = (
        f"{made[:-3]}{(number + more) % _PHONE_VARIANTS:03d}" for more in range(_PHONE_VARIANTS)
    )
    made = next((one for one in varied if e164(one)), made)
    return made if value.startswith("+") or not e164(international) else made.removeprefix("+")


def texts(value: JsonValue) -> Iterable[str]:
    """Yield all strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
