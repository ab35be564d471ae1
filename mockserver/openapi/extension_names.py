"""Recognise misspelt names of mockserver's own keys in documents: `x-mock` and `x-mock-ignore`.

`compiler.py` calls `misspelt_extensions` for the document, `operations.py` for each operation: out
come warnings. `unknown_keys.py` asks about single keys in a thorough check: `extension_meant`
returns the key that one resembles, or an empty text, and `misspelt` makes its warning. No key is
corrected.
"""

import re
from collections.abc import Iterable, Iterator

from mockserver.base.places import Source
from mockserver.base.problem_switches import SWITCHES
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place

_EXTENSIONS = {"xmock": "x-mock", "xmockignore": SWITCHES}
_SUSPECT = re.compile(r"[^a-z]*(?:x\W*_*m|m\W*_*x|mock)", re.IGNORECASE)
_SAME = 0.75
"""How similar a key is to the one it was meant to be."""


def extension_meant(key: str) -> str:
    """Return the key of mockserver that another key resembles; empty if there is none."""
    if not _SUSPECT.match(key) or key in _EXTENSIONS.values():
        return ""
    import difflib  # noqa: PLC0415 - only mistakes need it

    letters = re.sub(r"[^a-z]", "", key.lower())
    letters = f"x{letters}" if letters.startswith("mock") else letters
    found = difflib.get_close_matches(letters, _EXTENSIONS, n=1, cutoff=_SAME)
    return _EXTENSIONS[found[0]] if found else ""


def misspelt_extensions(places: Iterable[Place]) -> Iterator[SpecProblem]:
    """Yield a warning for each key of the objects that resembles one of mockserver."""
    for place in places:
        for key in place.value if isinstance(place.value, dict) else ():
            if meant := extension_meant(key):
                yield misspelt(place.child(key).source, key, meant)


def misspelt(source: Source, key: str, meant: str) -> SpecProblem:
    """Make the warning of a key that resembles one of mockserver."""
    return warning("MS102", source, f"{key[:40]!r} has no effect", f"did you mean {meant!r}?")
