"""Compile templates about one record, which is `item` in them, and test records by a condition.

`find.py`, `list.py` and `update.py` call `item_context` when a document is loaded, and compile
`matching`, `select`, `set` and `record` in the context that it returns. During a request, `find.py`
and `list.py` call `record_condition`, which returns a function from a record to a boolean. Nothing
here reads a collection or changes a record.
"""

from collections.abc import Callable

from mockserver.model.scope import Record, Scope, Template
from mockserver.verbs.step_context import StepCodeWriter, StepContext


def item_context(writer: StepCodeWriter) -> StepContext:
    """Return a context for templates in which `item` is the current record."""
    inner = writer.context.with_names("item")
    inner.known.maps.add("item")
    return inner


def record_condition(condition: Template, scope: Scope) -> Callable[[Record], bool]:
    """Return a function that evaluates a condition for a record, with the names of a scope."""
    inner = scope.copy()

    def is_true(record: Record) -> bool:
        inner["item"] = record
        return bool(condition(inner))

    return is_true
