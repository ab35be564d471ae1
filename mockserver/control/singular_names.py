"""Name one record of a collection: `businesses` → `business`; where that is not simple, as it is.

`change_lines.py` calls `singular`. Names are English words by convention only, so a plural whose
singular has several forms (`caches`, `statuses`, `movies`) stays, as does what is no plural.
"""

import re

_RULES = (
    (re.compile(r"(ss|[^aeiou]ch|sh|x)es$"), r"\1"),
    (re.compile(r"([a-z]{2}[^aeiouv])ies$"), r"\1y"),
    (re.compile(r"(\w\w)(?<![sui])(?<!ie)(?<!oe)(?<!use)(?<!che)(?<!zze)s$"), r"\1"),
)
"""Endings of plurals, and those of their singulars; the first that fits counts."""
_EXCEPTIONS = frozenset(("cookies", "news", "series", "species"))


def singular(name: str) -> str:
    """Return the name of one of several, with blanks between its words."""
    words = name.replace("_", " ")
    if words.rpartition(" ")[2] in _EXCEPTIONS:
        return words
    for plural, one in _RULES:
        if plural.search(words):
            return plural.sub(one, words)
    return words
