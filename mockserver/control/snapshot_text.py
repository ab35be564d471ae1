"""Write a snapshot as the JSON text that `PUT state` reads, or say why no such text can be read.

`state_calls.py` writes; `adapter.py` and `reading.py` read by the same limits. A text that nobody
can restore is not handed out: `ControlError` (409) names the limit that the state exceeds.
"""

import orjson

from mockserver.base.json import JsonValue
from mockserver.control.problem_responses import ControlError
from mockserver.wire.long_integers import write_json
from mockserver.wire.media import is_too_deep

LARGEST = 256 * 1024 * 1024
"""Bytes of a snapshot."""
DEEPEST = 500
"""Levels of nesting of a snapshot. One body has fewer; steps can wrap records again and again."""


def snapshot_text(snapshot: JsonValue) -> bytes:
    """Return a snapshot as JSON text.

    Raises:
        ControlError: 409, if it is too large or nested too deeply to be restored.
    """
    try:
        text = orjson.dumps(snapshot, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # among others for more than 254 levels
        text = _odd_text(snapshot)
    if len(text) > LARGEST:
        raise ControlError(
            409,
            f"the state needs {len(text):,} bytes, and a snapshot has at most {LARGEST:,}; "
            "remove records first",
        )
    return text


def _odd_text(snapshot: JsonValue) -> bytes:
    """Return the text of a snapshot with integers beyond 64 bits, or with many levels."""
    try:
        text = write_json(snapshot)
    except RecursionError:
        text = b""
    if not text or is_too_deep(text, DEEPEST):
        message = f"a record is nested too deeply: a snapshot has at most {DEEPEST} levels"
        raise ControlError(409, message)
    return text
