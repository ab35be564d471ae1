"""Walk large values fast: yield their maps and lists, and make JSON Pointers only where needed.

A `Trail` is a pointer not yet put together. `openapi/secret_texts.py` and
`documents/switch_reading.py` walk with `containers`, which yields a trail and each map or list;
`openapi/unknown_keys.py`, `openapi/schema_examples.py` and `schemas/sampling/given_examples.py`
keep trails by themselves. All call `pointer_of` only for what they report or find.
"""

from collections.abc import Collection, Iterator
from typing import Any

from mockserver.base.json import JsonValue, escape

Trail = tuple["Trail", str | int] | str
"""A JSON Pointer, or a trail and one more token."""


def pointer_of(trail: Trail) -> str:
    """Return the JSON Pointer of a trail."""
    tokens: list[str] = []
    while not isinstance(trail, str):
        trail, token = trail
        tokens.append(f"/{escape(str(token))}")
    return trail + "".join(reversed(tokens))


def containers(root: JsonValue, without: Collection[str] = ()) -> Iterator[tuple[Trail, Any]]:
    """Yield every mapping and sequence in a value with its trail.

    Args:
        root: The value.
        without: Keys of members that are left out, with all that is in them.
    """
    waiting: list[tuple[Trail, JsonValue]] = [("", root)]
    while waiting:
        trail, value = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        yield trail, value
        waiting.extend(
            ((trail, key), member)
            for key, member in (value.items() if isinstance(value, dict) else enumerate(value))
            if isinstance(member, dict | list) and key not in without
        )
