"""Make the request that a replay sends: one of the journal, as it was or with changes.

- In: a request, the sandbox of the call, and `RequestChanges`, the body of the call, or None.
- Out: another request; that of the journal never changes. Headers about the length and coding of a
  body follow a changed body. Changes that no request can have are refused by the model, or, for the
  path of another sandbox, a `ControlError` (422).
- Caller: `request_calls.py`.

A replay stays in the sandbox of the call: where the request itself leads elsewhere, as in a fork,
or without the header that named the sandbox, its path names it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field

from mockserver.base.http import essence, is_field_name, is_json
from mockserver.base.json import JsonValue
from mockserver.control.declarations import Body
from mockserver.control.known_names import plain_path
from mockserver.control.problem_responses import JSON, ControlError
from mockserver.engine.pipeline import Engine
from mockserver.model.messages import Request
from mockserver.model.request_paths import split_sandbox
from mockserver.wire.media import json_bytes

_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH = re.compile(r"/[^\x00-\x1f\x7f?#]*")
_QUERY = re.compile(r"[^\x00-\x1f\x7f#]*")
_UNENCODED = "/%:@!$&'()*+,;=-._~"
"""Characters of a path that are sent as they are; those that were encoded stay so."""
_OF_THE_BODY = frozenset(("content-encoding", "transfer-encoding"))


def _rule(holds: Callable[[str], object], message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not holds(text):
            raise ValueError(message)
        return text

    return AfterValidator(check)


_FieldName = Annotated[str, _rule(is_field_name, "is no name of a header")]
_FieldValue = Annotated[
    str, _rule(_FIELD_VALUE.fullmatch, "has characters that no header can have")
]


class RequestChanges(Body):
    """What is different from the request of the journal; what is left out stays as it was."""

    method: Annotated[str, _rule(is_field_name, "is no method")] = Field(
        "", description="Another method.", examples=["GET"]
    )
    path: Annotated[
        str, _rule(_PATH.fullmatch, "begins with / and has neither query nor fragment")
    ] = Field("", description="Another path, without the query.", examples=["/partoo/v2/business"])
    query: Annotated[str, _rule(_QUERY.fullmatch, "has characters that no query can have")] = Field(
        "", description="Another query, without its question mark.", examples=["page=2"]
    )
    headers: dict[_FieldName, _FieldValue | None] = Field(
        {},
        description="Headers that are added or replaced; null removes one. The case of names does "
        "not matter.",
    )
    body: JsonValue = Field(
        None, description="Another body: a text is sent as it is, any other value as JSON."
    )


def request_to_send(
    engine: Engine, first: Request, sandbox: str, changes: RequestChanges | None
) -> Request:
    """Return the request that a replay in a sandbox sends.

    Raises:
        ControlError: If the path names another sandbox.
    """
    request = replace(first)
    if changes is not None and changes.model_fields_set:
        _change(request, changes, sandbox)
    if engine.sandbox_name(request) != sandbox:
        path, _ = split_sandbox(request.path)
        request.path = f"/~{sandbox}{path}"
    return request


def _change(request: Request, changes: RequestChanges, sandbox: str) -> None:
    given = changes.model_fields_set
    if "method" in given:
        request.method = changes.method.upper()
    if "path" in given:
        request.path = quote(_path(changes.path, sandbox), safe=_UNENCODED)
    if "query" in given:
        request.query = quote(changes.query, safe=_UNENCODED + "?")
    headers = {name.lower(): value for name, value in changes.headers.items()}
    if "body" in given:
        headers = {**_of_body(request, changes.body), **headers}
    if headers:
        _change_headers(request, headers)
    request.head_size = sum(map(len, (request.path, request.query, *_parts(request.headers))))


def _path(path: str, sandbox: str) -> str:
    try:
        return plain_path(path, sandbox)
    except ValueError as error:
        message = {"where": "body", "field": "path", "pointer": "/path", "message": str(error)}
        raise ControlError(422, str(error), [message]) from None


def _of_body(request: Request, body: JsonValue) -> dict[str, str | None]:
    """Set another body, and return the headers that change with it."""
    is_text = isinstance(body, str)
    request.body = body.encode("utf-8", "surrogatepass") if is_text else json_bytes(body)
    request.too_large, request.unread = False, None
    headers: dict[str, str | None] = dict.fromkeys(_OF_THE_BODY)
    headers["content-length"] = str(len(request.body))
    if not is_text and not is_json(essence(request.headers.get("content-type", ""))):
        headers["content-type"] = JSON
    return headers


def _change_headers(request: Request, changes: Mapping[str, str | None]) -> None:
    kept = {name: value for name, value in request.headers.items() if name not in changes}
    added = {name: value for name, value in changes.items() if value is not None}
    request.headers = kept | added
    if request.fields:
        lines = [line for line in request.fields if line[0].decode("latin-1").lower() in kept]
        new = [(name.encode(), value.encode("latin-1")) for name, value in added.items()]
        request.fields = lines + new


def _parts(headers: Mapping[str, str]) -> list[str]:
    return [*headers, *headers.values()]
