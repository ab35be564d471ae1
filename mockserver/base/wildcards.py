"""Match texts with patterns in which `*` stands for any characters, also none.

`model/request_paths.py` calls `like`, which is case-sensitive and compares the whole text, without
backtracking. `engine/faults.py`, `model/fault.py` and `control/known_names.py` use only `ANY`.
"""

ANY = "*"


def like(pattern: str, text: str) -> bool:
    """Return True if a text matches a pattern.

    There is no backtracking: each piece of the pattern is searched for once, from left to right.
    """
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
