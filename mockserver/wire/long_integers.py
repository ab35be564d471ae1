"""Read and write JSON texts with integers beyond 64 bits, without loss.

orjson rounds such integers when it reads them, and refuses to write them. The standard library does
neither, but is slower, and accepts texts that are not JSON. Callers: `media.py` for bodies; in
`contract/`, `exchange_imports.py` and `pact.py`; `contract/request_writing.py` and
`cli/verify_command.py` only write. Texts without long numbers go through orjson alone. `read_json`
raises orjson.JSONDecodeError or, for more than 4,300 digits, TooLongIntegerError; depth is not
limited here.
"""

import re

import orjson

from mockserver.base.json import JsonValue

MOST_DIGITS = 4_300
"""The digits of the longest integer that Python reads."""
LONG_NUMBER = b"0" * 19
"""A number of as many digits may need more than 64 bits."""
DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_INTEGERS = re.compile(
    rb'"(?:[^"\\]|\\.)*+"|(?<![\w.+-])-?[1-9][0-9]{18,}+(?![.eE])', re.DOTALL
)
"""Strings, and integers of as many digits outside of them."""


class TooLongIntegerError(Exception):
    """A JSON text has an integer that is too long to be read."""


def read_json(text: bytes) -> JsonValue:
    """Return the value of a JSON text in UTF-8, with every integer as it is.

    Raises:
        orjson.JSONDecodeError: If it is not JSON.
        TooLongIntegerError: If an integer has more than `MOST_DIGITS` digits.
    """
    if LONG_NUMBER not in text.translate(DIGITS_AS_ZERO):
        return orjson.loads(text)
    # orjson decides what is JSON; it does not see the long integers, of which it refuses some
    orjson.loads(_LONG_INTEGERS.sub(_without_long_integer, text))
    import json  # noqa: PLC0415 - hardly ever needed

    try:
        return json.loads(text)
    except ValueError:
        raise TooLongIntegerError from None


def _without_long_integer(found: re.Match[bytes]) -> bytes:
    return found[0] if found[0].startswith(b'"') else b"0".rjust(len(found[0]))


def write_json(value: JsonValue, *, is_indented: bool = False) -> bytes:
    """Write any value as JSON, with every integer as it is."""
    option = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if is_indented else 0)
    try:
        return orjson.dumps(value, option=option)
    except TypeError:  # an integer beyond 64 bits, or half of a surrogate pair
        import json  # noqa: PLC0415 - hardly ever needed

        separators = (",", ": ") if is_indented else (",", ":")
        return json.dumps(value, indent=2 if is_indented else None, separators=separators).encode()
