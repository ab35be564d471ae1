"""Texts compared with patterns in which `*` stands for anything."""

ANY = "*"


def like(pattern: str, text: str) -> bool:
    """Tell whether a text is as a pattern says, in time that grows with their lengths alone."""
    first, *middle = pattern.split(ANY)
    if not middle:
        return text == pattern
    *middle, last = middle
    if not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, position, max(end, 0))
        if found < 0:
            return False
        position = found + len(piece)
    return position <= end
