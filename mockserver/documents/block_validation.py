"""Blocks of a document, such as `x-mock`, validated as pydantic models."""

from collections.abc import Iterable, Iterator, Mapping
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
        problems += [_problem(source, value, detail) for detail in error.errors()]
        return None


def _problem(source: Source, value: JsonValue, detail: Mapping[str, Any]) -> SpecProblem:
    path = list(_path(value, detail["loc"]))
    if path and path[-1] == "[key]":
        path.pop()
    code, hint = "MS501", ""
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        code, message, hint = (
            "MS502",
            f"{detail['loc'][-1]!r} is not known here",
            "check its spelling or remove it",
        )
    return SpecProblem(code, source.child(*path), message, hint)


def _path(value: JsonValue, location: Iterable[str | int]) -> Iterator[str | int]:
    """Yield the parts of pydantic's path that are keys of the value, or a key that is missing."""
    for part in location:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part] if part < len(value) else None
        elif _is_union_member(part):
            continue
        yield part


def _is_union_member(part: str | int) -> bool:
    """Return True if a part of pydantic's path names a member of a union, not a key."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part) and part != "[key]"
