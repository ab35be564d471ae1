"""Reads the query and the body of a call, and names everything that is wrong with them."""

from functools import cache
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, TypeAdapter, ValidationError

from mockserver.base.json import JsonValue, escape
from mockserver.base.problems import near
from mockserver.control.declarations import Query
from mockserver.control.problem_responses import ControlError
from mockserver.model.refusal import Refusal
from mockserver.wire.media import DEEPEST, parse_json

_MOST_PARAMETERS = 100
_LONGEST = 100
"""Characters of a name that are told."""
_MOST_ERRORS = 50
_MOST_READ = 1_000
"""Errors that are looked at; listing more of them takes long."""
_LEVELS_ABOVE = 10
"""Levels of nesting that may go before those of a record."""

Q = TypeVar("Q", bound=Query)


def read_query(model: type[Q], query: bytes) -> Q:
    """Read query parameters.

    Raises:
        ControlError: 422, if one is unknown, repeated or does not fit.
    """
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise ControlError(422, f"more than {_MOST_PARAMETERS} query parameters") from None
    names = [name for name, _ in pairs]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise ControlError(422, f"the query parameter {repeated[:_LONGEST]!r} is given twice")
    try:
        return model.model_validate(dict(pairs))
    except ValidationError as error:
        raise _told(error, model, "query") from None


def read_json_body(kind: Any, content: bytes, *, is_own: bool = False) -> Any:  # noqa: ANN401 - the type is a value here
    """Read a JSON body as a type.

    Args:
        kind: The type.
        content: The body.
        is_own: Whether this server wrote it: it has records in it, and may have what they have.

    Raises:
        ControlError: 400 if it is not JSON, 422 if it does not fit.
    """
    try:
        value = parse_json(content, DEEPEST + _LEVELS_ABOVE if is_own else DEEPEST)
    except Refusal as refusal:
        raise ControlError(400, refusal.message) from None
    if not is_own and b"\\u0000" in content and _has_nul(value):
        raise ControlError(400, "the body has a text with a NUL character")
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        raise _told(error, kind, "body") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - the type is a value here
    return TypeAdapter(kind)


def _has_nul(value: JsonValue) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _told(error: ValidationError, kind: Any, where: str) -> ControlError:  # noqa: ANN401 - a type
    if error.error_count() > _MOST_READ:
        return ControlError(422, f"{error.error_count():,} things are wrong in the {where}")
    errors = [_detail(item, kind, where) for item in error.errors(include_url=False)[:_MOST_ERRORS]]
    told = "; ".join(f"{item['field']} {item['message']}".strip() for item in errors)
    return ControlError(422, told, errors)


def _detail(error: Any, kind: Any, where: str) -> dict[str, str]:  # noqa: ANN401 - pydantic's dict
    steps = [str(step)[:_LONGEST] for step in error["loc"]]
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        names = _names(kind, steps[:-1])
        advice = near(steps[-1], names) or f"there are: {', '.join(names) or 'none'}"
        message = f"is not known; {advice}"
    pointer = "".join("/" + escape(step) for step in steps)
    return {"where": where, "field": ".".join(steps), "pointer": pointer, "message": message}


def _names(kind: Any, steps: list[str]) -> list[str]:  # noqa: ANN401 - a type
    """List the fields of a model, or of the one that a path of fields leads to."""
    for step in steps:
        kind = _model(kind, step)
    return [] if kind is None else [item.alias or name for name, item in kind.model_fields.items()]


def _model(kind: Any, step: str) -> Any:  # noqa: ANN401 - a type
    """Return the model of a field, or of a union's member whose tag this is."""
    for arm in (kind, *get_args(kind)):
        if isinstance(arm, type) and issubclass(arm, BaseModel) and step in arm.model_fields:
            inner = arm.model_fields[step].annotation
            found = [one for one in (inner, *get_args(inner)) if _is_model(one)]
            return found[0] if found else arm
    return None


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - a type
    return isinstance(kind, type) and issubclass(kind, BaseModel)
