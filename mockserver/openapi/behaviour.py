"""What a document or an operation says under `x-mock`, and what holds where it says nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.references import Place

if TYPE_CHECKING:
    from mockserver.openapi.x_mock import DocumentBehaviour, OperationBehaviour

_NOTHING: Mapping[str, Any] = {}


class Unsaid:
    """The defaults of both models: most documents need no more, and never load the models."""

    name = resource = None
    settings = records = collections = principals = errors = _NOTHING
    fixtures = pages = limits = test_values = steps = ()


def document_behaviour(place: Place, problems: list[SpecProblem]) -> "DocumentBehaviour":
    """Read the `x-mock` of a document; one that is wrong is noted and gives an empty one."""
    if place.value is None:
        return cast("DocumentBehaviour", Unsaid())
    from mockserver.documents.block_validation import read_model  # noqa: PLC0415 - costs start time
    from mockserver.openapi.x_mock import DocumentBehaviour  # noqa: PLC0415 - costs start time

    return read_model(DocumentBehaviour, place, problems)


def operation_behaviour(place: Place, problems: list[SpecProblem]) -> "OperationBehaviour":
    """Read the `x-mock` of an operation; one that is wrong is noted and gives an empty one."""
    if place.value is None:
        return cast("OperationBehaviour", Unsaid())
    from mockserver.documents.block_validation import read_model  # noqa: PLC0415 - costs start time
    from mockserver.openapi.x_mock import OperationBehaviour  # noqa: PLC0415 - costs start time

    return read_model(OperationBehaviour, place, problems)


def merged(own: Place, added: dict[str, JsonValue]) -> Place:
    """Return an `x-mock` with what was inferred below what it says itself."""
    if not added:
        return own
    return Place(own.document, own.pointer, _merge(added, own.value))


def _merge(added: JsonValue, own: JsonValue) -> JsonValue:
    if isinstance(added, dict) and isinstance(own, dict):
        return {**added, **{name: _merge(added.get(name), value) for name, value in own.items()}}
    return added if own is None else own
