"""Validate blocks of a document, such as `x-mock` or a step, as pydantic models.

`read_model` returns a model with default values for an invalid or absent block, `read_fields`
returns None; both add what is invalid to `problems`, each with its place, and raise nothing.
Callers: `openapi/behaviour.py`, `verbs/step_compiler.py` and `contract/interaction_files.py`. The
models are defined there and in `verbs/`, `openapi/x_mock.py`.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem
from mockserver.documents.references import Place

Model = TypeVar("Model", bound=BaseModel)


def read_model(model: type[Model], place: Place, problems: list[SpecProblem]) -> Model:
    """Return a block as a model; add what is invalid to `problems` and return an empty model."""
    if place.value is None:
        return model.model_construct()
    return read_fields(model, place.value, place.source, problems) or model()


def read_fields(
    model: type[Model], value: JsonValue, source: Source, problems: list[SpecProblem]
) -> Model | None:
    """Return a value as a model; add what is invalid to `problems` and return None."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems += [_problem(source, detail) for detail in error.errors()]
        return None


def _problem(source: Source, detail: Mapping[str, Any]) -> SpecProblem:
    path = [part for part in detail["loc"] if not _is_union_member(part)]
    if path and path[-1] == "[key]":
        path.pop()
    message = str(detail["msg"]).removeprefix("Value error, ")
    hint = ""
    if detail["type"] == "extra_forbidden":
        message, hint = (
            f"{detail['loc'][-1]!r} is not known here",
            "check its spelling or remove it",
        )
    return SpecProblem(source.child(*path), message, hint)


def _is_union_member(part: str | int) -> bool:
    """Return True if a part of pydantic's path names a member of a union, not a key."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part) and part != "[key]"
