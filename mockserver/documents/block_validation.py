"""Validate blocks of a document, such as `x-mock` or a step, as pydantic models.

`read_fields` (`verbs/step_compiler.py`) returns a model without the invalid keys of a block, or
None if the rest has no meaning alone; `read_model` (`openapi/behaviour.py`,
`contract/interaction_files.py`) returns default values then. Both add what is invalid to
`problems`, each with its place, and raise nothing. `with_known_keys` and `meant_key` read a
misspelt key as the one that it resembles, so that no problem only follows from another one.
The models are defined by the callers and in `openapi/x_mock.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.documents.references import Place

Model = TypeVar("Model", bound=BaseModel)
_Path = tuple[str | int, ...]
_SURE = 0.8
"""The similarity from which a misspelt key is read as another one."""


def read_model(model: type[Model], place: Place, problems: list[SpecProblem]) -> Model:
    """Return a block as a model; add what is invalid to `problems` and leave it out."""
    if place.value is None:
        return model.model_construct()
    return read_fields(model, place.value, place.source, problems) or model()


def read_fields(
    model: type[Model], value: JsonValue, source: Source, problems: list[SpecProblem]
) -> Model | None:
    """Return a value as a model; add what is invalid to `problems` and leave it out.

    Return None if the rest has no meaning without it.
    """
    value = with_known_keys(model, value, source, problems)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors()
    problems += [_problem(source, value, detail) for detail in details]
    if not isinstance(value, dict):
        return None
    wrong = {detail["loc"][0] for detail in details if detail["loc"]}
    try:
        return model.model_validate({key: value[key] for key in value if key not in wrong})
    except ValidationError:
        return None


def with_known_keys(
    model: type[BaseModel], value: JsonValue, source: Source, problems: list[SpecProblem]
) -> JsonValue:
    """Return a value without its unknown keys, or with the keys that they resemble.

    Each unknown key is added to `problems`, with the most similar name that is known in its place.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        unknown = [detail["loc"] for detail in error.errors() if detail["type"] == _UNKNOWN]
    else:
        return value
    for location in dict.fromkeys(unknown):
        names = sorted(_known_names(model, location[:-1]))
        path = _keys(value, location)
        key = str(path[-1])
        problems.append(_unknown_key(source.child(*path), key, names))
        value = _renamed(value, path, names)
    return value


_UNKNOWN = "extra_forbidden"


def _unknown_key(source: Source, key: str, names: Iterable[str]) -> SpecProblem:
    """Return the problem of a key that has no meaning in its place."""
    names = list(names)
    hint = near(key, names) or f"check its spelling or remove it; known are: {', '.join(names)}"
    return SpecProblem("MS502", source, f"{key!r} is not known here", hint)


def meant_key(key: str, names: Iterable[str]) -> str | None:
    """Return the name that a misspelt key certainly means, if any."""
    import difflib  # noqa: PLC0415 - only mistakes need it

    found = difflib.get_close_matches(key, list(names), n=1, cutoff=_SURE)
    return found[0] if found else None


def _renamed(value: JsonValue, path: list[Any], names: list[str]) -> JsonValue:
    """Return a value in which the key at a path has the name that it means, or is left out."""
    step, *rest = path
    if isinstance(value, list) and isinstance(step, int):
        return [_renamed(one, rest, names) if i == step else one for i, one in enumerate(value)]
    if not isinstance(value, dict) or step not in value:
        return value
    if rest:
        return {**value, step: _renamed(value[step], rest, names)}
    meant = meant_key(step, names)
    others = {key: one for key, one in value.items() if key != step}
    return others if meant is None or meant in others else {**others, meant: value[step]}


def _known_names(model: type[BaseModel], path: _Path) -> Iterator[str]:
    """Yield the names of the fields at a path below a model."""
    found: list[Any] = [model]
    for part in path:
        found = [inner for one in found for inner in _below(one, part)]
    for one in found:
        if _is_model(one):
            yield from (info.alias or name for name, info in one.model_fields.items())


def _below(annotation: Any, part: str | int) -> Iterator[Any]:  # noqa: ANN401 - an annotation of a field
    """Yield the annotations of what is below a part of a path."""
    if not _is_model(annotation):
        yield from _parts(get_args(annotation)[-1:] if get_args(annotation) else ())
        return
    if part == annotation.__name__:  # the member of a union
        yield annotation
    for name, info in annotation.model_fields.items():
        if part in (name, info.alias):
            yield from _parts((info.annotation,))


def _parts(annotations: Iterable[Any]) -> Iterator[Any]:
    """Yield the members of unions, and other annotations as they are."""
    for one in annotations:
        if get_origin(one) in (dict, list) or not get_args(one):
            yield one
        else:
            yield from _parts(get_args(one))


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - an annotation of a field
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _problem(source: Source, value: JsonValue, detail: Mapping[str, Any]) -> SpecProblem:
    path = _keys(value, detail["loc"])
    if path and path[-1] == "[key]":
        path.pop()
    code, hint = "MS501", ""
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "literal_error" and isinstance(detail["input"], str):
        hint = near(detail["input"], str(detail["ctx"]["expected"]).replace("'", "").split(", "))
    return SpecProblem(code, source.child(*path), message, hint)


def _keys(value: JsonValue, location: _Path) -> list[str | int]:
    """Return a path of pydantic without the names of union members, which are no keys."""
    keys: list[str | int] = []
    for part in location:
        is_item = isinstance(value, list) and isinstance(part, int)
        if (isinstance(value, dict) and part in value) or is_item:
            value = value[part]
        elif _is_union_member(part):
            continue
        keys.append(part)
    return keys


def _is_union_member(part: str | int) -> bool:
    """Return True if a part of pydantic's path names a member of a union, not a key."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part) and part != "[key]"
