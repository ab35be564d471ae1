"""Trails: JSON Pointers that are put together only where they are needed."""

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
