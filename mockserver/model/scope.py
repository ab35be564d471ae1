"""The names that expressions see while a request is handled, and what they are bound to."""

from collections.abc import Callable
from typing import Any

from mockserver.base.json import JsonValue

Record = dict[str, JsonValue]
"""One stored row; never changed in place, so that rows can be shared and rolled back."""


Scope = dict[str, Any]
"""The names an expression sees while one request is handled."""


Template = Callable[[Scope], Any]
"""A compiled value of a document: evaluates its expressions on a scope."""


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
"""What every expression of an operation can see; null until it is known."""
