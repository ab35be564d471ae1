"""Make the first records of an API in a sandbox, from the fixtures of its document.

- In: an API and the `Beginning` of a sandbox: instant, seed and settings. The same beginning gives
  the same records, whenever they are made; their generated ids do not use up ids of the sandbox.
- Out: `first_records` returns the collections, or raises `FixtureError`. `published_records`
  returns the records as the document has them.
- Caller: `sandbox.py`, when an API is first used in a sandbox.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from mockserver.base.errors import ConflictError, ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.record_budget import RecordBudget
from mockserver.engine.records import Collection, completed
from mockserver.model.api import Api, Fixture
from mockserver.model.scope import Record, Scope


class FixtureError(ExpressionError):
    """A fixture whose records cannot be stored."""

    def __init__(self, fixture: Fixture, message: str) -> None:
        super().__init__(message)
        self.fixture = fixture


class Beginning(NamedTuple):
    """What the first records of an API depend on."""

    began: Instant
    seed: int
    settings: Mapping[str, JsonValue]
    ids: object
    """Makes the ids that expressions ask for, such as `uuid()`."""


def first_records(
    api: Api, beginning: Beginning, capacity: int, budget: RecordBudget
) -> dict[str, Collection]:
    """Return all collections of an API by name, filled from its fixtures.

    Raises:
        FixtureError: For a fixture whose records cannot be stored.
    """
    specs = {**BUILT_IN, **api.collections}
    collections = {
        name: Collection(spec, (), capacity, api.name, budget) for name, spec in specs.items()
    }
    scope = _scope(beginning)
    for fixture in api.fixtures:
        try:
            _insert(fixture, scope, collections[fixture.collection], beginning.seed)
        except (ConflictError, ExpressionError) as error:
            raise FixtureError(fixture, str(error)) from None
    return collections


def _scope(beginning: Beginning) -> Scope:
    return {"now": beginning.began, "settings": beginning.settings, "_world": beginning.ids}


def _insert(fixture: Fixture, scope: Scope, collection: Collection, seed: int) -> None:
    key = collection.spec.key
    for record in fixture.records(scope):
        if record.get(key) is None:
            raise ExpressionError(f"a record of {fixture.collection} needs its key, {key!r}")
        collection.insert(completed(collection.spec, record, seed))


def published_records(api: Api, beginning: Beginning) -> dict[str, list[Record]]:
    """Return the records that the document itself gives to each collection, as it has them."""
    scope = _scope(beginning)
    found: dict[str, list[Record]] = {}
    for fixture in api.fixtures:
        with suppress(ExpressionError):  # reported by the first use of the records
            found.setdefault(fixture.collection, []).extend(fixture.records(scope))
    return found
