"""Read the query and the body of a call into its declared types, and report all of their errors.

`adapter.py` is the only caller. Unknown and invalid parameters, and a body of the wrong type are a
`ControlError` (422), with a pointer for each error and similar names for unknown ones; 50 are
listed, and more than 1,000 only counted. The first repeated parameter, or more than 100 of them,
is a 422 by itself. A body that is not JSON, is nested too deeply, or has a NUL character is a 400;
only snapshots may contain NUL. `adapter.py` limits the size, and checks the name of the sandbox.
"""

from functools import cache
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, TypeAdapter, ValidationError

from mockserver.base.json import JsonValue, escape
from mockserver.base.problems import near
from mockserver.control import snapshot_text
from mockserver.control.declarations import Query
from mockserver.control.problem_responses import ControlError
from mockserver.model.refusal import Refusal
from mockserver.wire.media import DEEPEST, parse_json

_MAX_PARAMETERS = 100
_MAX_NAME_LENGTH = 100
"""Characters of a name in an error."""
_MAX_ERRORS = 50
_MAX_LISTED_ERRORS = 1_000
"""Number of errors above which they are only counted; listing them takes long."""

Q = TypeVar("Q", bound=Query)


def read_query(model: type[Q], query: bytes) -> Q:
    """Read query parameters.

    Raises:
        ControlError: 422, if one is unknown, repeated or invalid.
    """
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise ControlError(422, f"there are more than {_MAX_PARAMETERS} query parameters") from None
    names = [name for name, _ in pairs]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise ControlError(
            422, f"the query parameter {repeated[:_MAX_NAME_LENGTH]!r} is given twice"
        )
    try:
        return model.model_validate(dict(pairs))
    except ValidationError as error:
        raise _validation_problem(error, model, "query") from None


def read_json_body(kind: Any, content: bytes, *, is_snapshot: bool = False) -> Any:  # noqa: ANN401 - the type is a value here
    """Read a JSON body.

    Args:
        kind: Type of the result.
        content: The body.
        is_snapshot: True if it is a snapshot: it may contain all that records contain.

    Raises:
        ControlError: 400 if it is not JSON, 422 if it is not of the type.
    """
    try:
        value = parse_json(content, snapshot_text.DEEPEST if is_snapshot else DEEPEST)
    except Refusal as refusal:
        raise ControlError(400, refusal.message) from None
    if not is_snapshot and b"\\u0000" in content and _has_nul(value):
        raise ControlError(400, "a text of the body has a NUL character; remove it")
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        raise _validation_problem(error, kind, "body") from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - the type is a value here
    return TypeAdapter(kind)


def _has_nul(value: JsonValue) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _validation_problem(error: ValidationError, kind: Any, where: str) -> ControlError:  # noqa: ANN401 - a type
    if error.error_count() > _MAX_LISTED_ERRORS:
        return ControlError(422, f"the {where} has {error.error_count():,} errors")
    errors = [_detail(item, kind, where) for item in error.errors(include_url=False)[:_MAX_ERRORS]]
    detail = "; ".join(f"{item['field']} {item['message']}".strip() for item in errors)
    return ControlError(422, detail, errors)


def _detail(error: Any, kind: Any, where: str) -> dict[str, str]:  # noqa: ANN401 - pydantic's dict
    steps = [str(step)[:_MAX_NAME_LENGTH] for step in error["loc"]]
    if steps[-1:] == ["[key]"]:  # pydantic's name for the key itself, not for its value
        steps.pop()
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        names = _names(kind, steps[:-1])
        advice = near(steps[-1], names) or f"there are: {', '.join(names) or 'none'}"
        message = f"is not known; {advice}"
    pointer = "".join("/" + escape(step) for step in steps)
    return {"where": where, "field": ".".join(steps), "pointer": pointer, "message": message}


def _names(kind: Any, steps: list[str]) -> list[str]:  # noqa: ANN401 - a type
    """List the fields of the model at a path of fields."""
    for step in steps:
        kind = _model(kind, step)
    return [] if kind is None else [item.alias or name for name, item in kind.model_fields.items()]


def _model(kind: Any, step: str) -> Any:  # noqa: ANN401 - a type
    """Return the model of a field, or the member of a union that has this tag."""
    for arm in (kind, *get_args(kind)):
        if isinstance(arm, type) and issubclass(arm, BaseModel) and step in arm.model_fields:
            inner = arm.model_fields[step].annotation
            found = [one for one in (inner, *get_args(inner)) if _is_model(one)]
            return found[0] if found else arm
    return None


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - a type
    return isinstance(kind, type) and issubclass(kind, BaseModel)
