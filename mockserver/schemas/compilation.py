"""Compile one self-contained JSON Schema with the validator library `jsonschema_rs`, offline.

`compile_schema` gets a schema and its draft and returns the library's validator, or raises
ValueError if the schema is invalid. Formats are checked. OpenAPI's own keywords must be converted
before (`dialects.py`). Callers: `validators.py`, `shared_definitions.py` and `part_checks.py` for
schemas of documents; `contract/interactions.py` and `contract/answer_comparison.py` for patterns,
`contract/conforming_masks.py` for parts of schemas. `violation_search.py` uses only the type
`Check`: a predicate.
"""

# The library runs offline: it opens no file and no connection; an unknown address is an error.
# Formats are asserted, even in the drafts where they are annotations by default, because documents
# of APIs use them as rules. `byte` (OpenAPI) and, for old drafts, `uuid` are added; unknown formats
# are ignored. Backtracking and size of patterns are bounded, since patterns come from documents.
# Patterns that it reads in another way than ECMA-262 get an engine of their own (`ecma_patterns`).

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from mockserver.base.email_addresses import is_email, is_international_email
from mockserver.base.json import JsonValue
from mockserver.schemas.ecma_patterns import KEYWORD, PatternKeyword, is_pattern

_VALIDATORS: dict[str, type[jsonschema_rs.Validator]] = {
    "4": jsonschema_rs.Draft4Validator,
    "6": jsonschema_rs.Draft6Validator,
    "7": jsonschema_rs.Draft7Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "2020-12": jsonschema_rs.Draft202012Validator,
}
Check = Callable[[JsonValue], bool]
"""Returns True if a value conforms to a schema."""
_WITHOUT_UUID = frozenset(("4", "6", "7"))
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=10_000_000)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "byte": _is_base64,
    "email": is_email,
    "idn-email": is_international_email,
    "regex": is_pattern,
}
"""Formats that the library does not have, or has with another meaning."""


def compile_schema(
    schema: JsonValue,
    draft: str = "2020-12",
    keywords: dict[str, type[Any]] | None = None,
) -> jsonschema_rs.Validator:
    """Return the validator of a self-contained JSON Schema; nothing is ever fetched.

    Args:
        schema: The schema.
        draft: 4, 6, 7, 2019-09 or 2020-12.
        keywords: Classes that check keywords of our own.

    Raises:
        ValueError: If the schema is invalid.
    """
    formats = {**_FORMATS}
    if draft in _WITHOUT_UUID:
        formats["uuid"] = _is_uuid
    return _VALIDATORS[draft](
        schema,
        formats=formats,
        validate_formats=True,
        pattern_options=_PATTERNS,
        offline=True,
        keywords={KEYWORD: PatternKeyword, **(keywords or {})},
    )
