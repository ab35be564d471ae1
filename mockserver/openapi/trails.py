"""Put JSON Pointers together only where they are needed, so that walks of large documents are fast.

`unknown_keys.py` and `secret_examples.py` keep a `Trail` while they walk, and call `pointer_of`
only for what they report.
"""

from mockserver.base.json import escape

Trail = tuple["Trail", str | int] | str
"""A JSON Pointer, or a trail and one more token."""


def pointer_of(trail: Trail) -> str:
    """Return the JSON Pointer of a trail."""
    tokens: list[str] = []
    while not isinstance(trail, str):
        trail, token = trail
        tokens.append(f"/{escape(str(token))}")
    return trail + "".join(reversed(tokens))
