"""Write the entries of a history as bytes, and read them again, in this process or another one.

`committer.py` and `stored_sandbox.py` call `encode_entry` and `decode_entry`. What an entry refers
to in documents is written by name: an API, an operation. A name that the served documents do not
have is left out, so that a history outlives a change of documents. Decisions of the trace are not
written: `World` values, steps and messages of documents would be repeated for every request; they
are found again by sending the request to the sandbox as it was.

orjson writes most values. It refuses whole numbers of more than 64 bits and lone surrogates, which
`json` writes; such texts begin with a space.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from mockserver.base.json import JsonValue
from mockserver.base.time import Duration, Instant
from mockserver.engine.history import HistoryEntry
from mockserver.model.api import Api, Operation
from mockserver.model.control_entry import ControlEntry, SentCall
from mockserver.model.exchange import Exchange
from mockserver.model.fault import Fault, FaultDefinition
from mockserver.model.messages import Answer, Request
from mockserver.model.record_change import Write
from mockserver.model.refusal import Refusal

_SLOW = b" "


def to_bytes(value: JsonValue) -> bytes:
    """Write any JSON value, also with long integers and lone surrogates."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _SLOW + json.dumps(value).encode()


def from_bytes(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read what `to_bytes` wrote."""
    return json.loads(text) if text[:1] == _SLOW else orjson.loads(text)


def encode_entry(entry: HistoryEntry) -> bytes:
    """Return an entry as bytes."""
    common: dict[str, Any] = {
        "id": entry.id,
        "at": entry.at,
        "arrived": entry.arrived,
        "position": entry.position,
        "ids": entry.ids,
        "writes": entry.writes,
    }
    if isinstance(entry, Exchange):
        return to_bytes({**common, **_exchange_members(entry)})
    sent = entry.sent
    common |= {"call": entry.call, "detail": entry.detail, "cut": entry.cut, "net": entry.net}
    return to_bytes({**common, "sent": [sent.method, sent.target, _text(sent.body)]})


def _exchange_members(exchange: Exchange) -> dict[str, Any]:
    request, answer, refusal = exchange.request, exchange.answer, exchange.refusal
    return {
        "request": [
            request.method,
            request.path,
            request.query,
            request.headers,
            _text(request.body),
            request.scheme,
            request.too_large,
            b"\n".join([b":".join(field) for field in request.fields]).decode("latin-1"),
        ],
        "answer": [
            answer.status,
            answer.headers,
            _text(answer.body),
            answer.delay,
            answer.cut_at,
            answer.example,
        ],
        "api": None if exchange.api is None else exchange.api.name,
        "operation": None if exchange.operation is None else exchange.operation.id,
        "principal": exchange.principal,
        "reason": exchange.reason,
        "refusal": refusal
        and [str(refusal.kind), refusal.message, refusal.passes_at, refusal.advice],
        "fault": exchange.fault and _members(exchange.fault.definition),
    }


def _members(definition: FaultDefinition) -> dict[str, Any]:
    return {name: getattr(definition, name) for name in FaultDefinition.__dataclass_fields__}


def _text(body: bytes) -> JsonValue:
    """Return bytes as text, or as a list with their base64 text if they are no UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return [b64encode(body).decode()]


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - a text or a list with one
    return value.encode() if isinstance(value, str) else b64decode(value[0])


def decode_entry(text: bytes, sandbox: str, apis: Mapping[str, Api]) -> HistoryEntry:
    """Return the entry that `encode_entry` wrote.

    Args:
        text: The bytes.
        sandbox: The name of the sandbox.
        apis: The served APIs.
    """
    found = from_bytes(text)
    common = {
        "id": found["id"],
        "at": Instant(found["at"]),
        "arrived": Instant(found["arrived"]),
        "position": found["position"],
        "ids": found["ids"],
        "writes": _writes(found["writes"]),
    }
    if "call" in found:
        method, target, body = found["sent"]
        return ControlEntry(
            call=found["call"],
            detail=found["detail"],
            sent=SentCall(method, target, _bytes(body)),
            cut=found["cut"],
            net=_writes(found["net"]),
            **common,
        )
    return _exchange(found, common, sandbox, apis)


def _writes(given: Sequence[Any]) -> list[Write]:
    return [
        (tuple(place), key, before, after, serial) for place, key, before, after, serial in given
    ]


def _exchange(
    found: Mapping[str, Any], common: dict[str, Any], sandbox: str, apis: Mapping[str, Api]
) -> Exchange:
    api = apis.get(found["api"])
    fault = found["fault"]
    return Exchange(
        sandbox=sandbox,
        request=_request(*found["request"]),
        answer=_answer(*found["answer"]),
        api=api,
        operation=None if api is None else _operation(api, found["operation"]),
        principal=found["principal"],
        reason=found["reason"],
        refusal=_refusal(found["refusal"]),
        fault=fault and Fault(FaultDefinition(**fault), frozenset()),
        is_traced=False,
        **common,
    )


def _operation(api: Api, wanted: str | None) -> Operation | None:
    return next((one for one in api.operations if one.id == wanted), None)


def _request(  # noqa: PLR0913, PLR0917 - the members of a request
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    body: JsonValue,
    scheme: str,
    too_large: bool,  # noqa: FBT001 - read from a list
    fields: str,
) -> Request:
    lines = [line.partition(b":") for line in fields.encode("latin-1").split(b"\n") if line]
    raw = [(name, value) for name, _, value in lines]
    return Request(method, path, query, headers, _bytes(body), scheme, too_large, fields=raw)


def _answer(
    status: int,
    headers: Sequence[Sequence[str]],
    body: JsonValue,
    delay: int,
    cut_at: int | None,
    example: str | None,
) -> Answer:
    pairs = [(name, value) for name, value in headers]
    return Answer(status, pairs, _bytes(body), Duration(delay), cut_at, example)


def _refusal(given: Sequence[Any] | None) -> Refusal | None:
    if given is None:
        return None
    kind, message, passes_at, advice = given
    return Refusal(kind, message, passes_at=passes_at, advice=advice)
