"""Read an `x-mock` block of a document or an operation, and merge it with inferred behaviour.

In: a `Place` whose value is the block, or None if there is no block. Out: a model of `x_mock.py`;
without a block, an `EmptyBehaviour` with the same attributes, so that pydantic is not imported.
Invalid keys are added to `problems` and left out; the others are kept. `merged` adds inferred
members; the document's own values win, at every depth of maps. `with_known_keys` renames a misspelt
key to the one that it means, or drops it. `declared_names` lists the keys of a map, valid or not.
Callers: `compiler.py` and `operations.py`; they and others compile the parts, such as steps.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.references import Place

if TYPE_CHECKING:
    from mockserver.openapi.x_mock import DocumentBehaviour, OperationBehaviour

_NOTHING: Mapping[str, Any] = {}


class EmptyBehaviour:
    """The default values of both models, for documents and operations without `x-mock`.

    With it, documents without `x-mock` do not import pydantic, which costs start time.
    """

    name = resource = None
    settings = records = collections = principals = errors = _NOTHING
    fixtures = pages = limits = test_values = steps = ()


def document_behaviour(place: Place, problems: list[SpecProblem]) -> "DocumentBehaviour":
    """Read the `x-mock` of a document without its invalid keys; add problems for these."""
    if place.value is None:
        return cast("DocumentBehaviour", EmptyBehaviour())
    from mockserver.documents.block_validation import read_model  # noqa: PLC0415 - costs start time
    from mockserver.openapi.x_mock import DocumentBehaviour  # noqa: PLC0415 - costs start time

    return read_model(DocumentBehaviour, place, problems)


def operation_behaviour(place: Place, problems: list[SpecProblem]) -> "OperationBehaviour":
    """Read the `x-mock` of an operation without its invalid keys; add problems for these."""
    if place.value is None:
        return cast("OperationBehaviour", EmptyBehaviour())
    from mockserver.documents.block_validation import read_model  # noqa: PLC0415 - costs start time
    from mockserver.openapi.x_mock import OperationBehaviour  # noqa: PLC0415 - costs start time

    return read_model(OperationBehaviour, place, problems)


def declared_names(place: Place, key: str) -> list[str]:
    """Return the names that an `x-mock` declares in one of its maps, valid or not."""
    found = place.child(key).value
    return [name for name in found if isinstance(name, str)] if isinstance(found, dict) else []


def with_known_keys(place: Place, problems: list[SpecProblem]) -> Place:
    """Return the `x-mock` of a document, in which misspelt keys have the name that they mean."""
    if place.value is None:
        return place
    from mockserver.documents import block_validation  # noqa: PLC0415 - costs start time
    from mockserver.openapi.x_mock import DocumentBehaviour  # noqa: PLC0415 - costs start time

    value = block_validation.with_known_keys(DocumentBehaviour, place.value, place.source, problems)
    return Place(place.document, place.pointer, value)


def merged(own: Place, inferred: dict[str, JsonValue]) -> Place:
    """Return an `x-mock` with inferred members added; its own members take precedence."""
    if not inferred:
        return own
    return Place(own.document, own.pointer, _merge_values(inferred, own.value))


def _merge_values(inferred: JsonValue, own: JsonValue) -> JsonValue:
    if isinstance(inferred, dict) and isinstance(own, dict):
        return {
            **inferred,
            **{name: _merge_values(inferred.get(name), value) for name, value in own.items()},
        }
    return inferred if own is None else own
