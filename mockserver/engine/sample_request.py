"""A request to try an operation with: the document's examples, else values of its schemas."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlencode

import orjson

from mockserver.exchange import JsonValue
from mockserver.model import DescribedParameter, Operation, RequestMedia, Validator

_FORM = "application/x-www-form-urlencoded"


class SampleRequest(NamedTuple):
    """What to send to an operation, but for a credential."""

    path: str
    """The operation's, filled in and percent-encoded."""
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: str | None


def sample_request(operation: Operation) -> SampleRequest:
    """Make a request with what is required, and with all that has an example."""
    path, query = operation.path, []
    headers: list[tuple[str, str]] = []
    for parameter in operation.described:
        if not parameter.required and parameter.example is None:
            continue
        for name, value in _pairs(parameter):
            if parameter.where == "path":
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            elif parameter.where == "query":
                query.append((name, value))
            else:
                own = (
                    (name, value) if parameter.where == "header" else ("cookie", f"{name}={value}")
                )
                headers.append(own)
    body = None
    if operation.body is not None:
        media = _preferred(operation.body.media)
        headers.append(("content-type", media.media_type))
        body = _body(media)
    return SampleRequest(path, query, headers, body)


def _pairs(parameter: DescribedParameter) -> Iterator[tuple[str, str]]:
    value = _value(parameter.example, parameter.validator)
    if isinstance(value, list) and parameter.where == "query":
        yield from ((parameter.name, _text(item)) for item in value)
    else:
        yield parameter.name, _text(value)


def _preferred(offered: tuple[RequestMedia, ...]) -> RequestMedia:
    """Take a media type with an example, JSON if there is a choice."""
    return max(offered, key=_worth)


def _worth(media: RequestMedia) -> tuple[bool, bool]:
    return media.example is not None, media.media_type.endswith("json")


def _body(media: RequestMedia) -> str:
    value = _value(media.example, media.validator)
    if media.media_type == _FORM and isinstance(value, dict):
        return urlencode({name: _text(member) for name, member in value.items()})
    return value if isinstance(value, str) else _text(value)


def _value(example: JsonValue, validator: Validator | None) -> JsonValue:
    if example is not None:
        return example
    if validator is None:
        return "text"
    from mockserver.engine.sampling import sample  # noqa: PLC0415 - seldom needed, costs start time

    return sample(validator.schema(), 0)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
