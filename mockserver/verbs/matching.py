"""Conditions on single records, for the verbs that look for some."""

from collections.abc import Callable

from mockserver.model.scope import Record, Scope, Template
from mockserver.verbs.step_context import Site, StepContext


def item_context(site: Site) -> StepContext:
    """Return a context for templates that see a record as `item`."""
    inner = site.context.item("item")
    inner.known.maps.add("item")
    return inner


def condition(matching: Template, scope: Scope) -> Callable[[Record], bool]:
    """Return a function that evaluates a condition on a record."""
    inner = scope.copy()

    def holds(record: Record) -> bool:
        inner["item"] = record
        return bool(matching(inner))

    return holds
