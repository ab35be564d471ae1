"""Name the types and names of expressions at request time: `Scope`, `Template`, `Record`.

`language/expressions.py` makes templates; `engine/pipeline.py` makes the scope of a request; the
verbs, limits and rendering evaluate templates with it. `SCOPE_NAMES` are the names that all
expressions of an operation may use; `openapi/operations.py` and `verbs/` add those of the document.
"""

from collections.abc import Callable
from typing import Any

from mockserver.base.json import JsonValue

Record = dict[str, JsonValue]
"""One stored record; never changed in place, so that it can be shared and restored."""


Scope = dict[str, Any]
"""The names and values that an expression can use while one request is handled."""


Template = Callable[[Scope], Any]
"""A compiled value of a document; evaluates its expressions with a scope."""


SCOPE_NAMES = frozenset(
    (
        "body",
        "path",
        "query",
        "header",
        "cookie",
        "principal",
        "credential",
        "scopes",
        "settings",
        "now",
        "base_url",
        "test",
        "request_id",
    )
)
"""The names that every expression of an operation can use; null until they are known."""
