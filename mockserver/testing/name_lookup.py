"""Find APIs and collections by name or attribute, and write messages for unknown names.

`sandbox_client.py` and `record_client.py` use all of it, `setting_client.py` only `unknown`.
`attribute` converts a name to a Python attribute (`cloutly-marketplace`: `cloutly_marketplace`),
`find` returns the known name that is equal, or equal as an attribute, or None. `unknown` returns a
message with a similar name, if any, and all known ones. It raises nothing: the callers do.
"""

import difflib
import re
from collections.abc import Iterable

_NOT_IN_A_NAME = re.compile(r"\W", re.ASCII)


def attribute(name: str) -> str:
    """Convert a name to a Python attribute: `cloutly-marketplace` → `cloutly_marketplace`.

    A name that begins with a digit gets an underscore in front.
    """
    text = _NOT_IN_A_NAME.sub("_", name)
    return f"_{text}" if text[:1].isdigit() else text


def find(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is equal, or equal as an attribute; None if there is none."""
    names = list(known)
    if name in names:
        return name
    return next((item for item in names if attribute(item) == name), None)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with the similar name and all known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"there is no {what} {name!r}{hint} (there are: {', '.join(names) or 'none'})"
