"""Declare and answer the calls about the records in the collections of an API.

`control_app.py` adds its `CALLS`. They list, show, add, replace and remove records. A record needs
its key, and records of built-in collections are checked (422); a schema of a collection is not
applied. An unknown API, collection or key is a 404, a taken key or unique value, or a key that
differs from the path, a 409, a full collection a 503. Records are shown as they are, secrets
included.
"""

from collections.abc import Callable, Iterator

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.errors import ConflictError, SandboxFullError
from mockserver.base.json import escape, key_text
from mockserver.control.declarations import Call, ControlRequest, Created, PageQuery, SandboxQuery
from mockserver.control.problem_responses import ControlError
from mockserver.engine.records import Collection
from mockserver.engine.snapshot import record_problems
from mockserver.model.scope import Record

TAG = "Records"
_LIST = "/records/{api}/{collection}"
_ONE = "/records/{api}/{collection}/{key:path}"


class RecordList(TypedDict):
    """Records of a collection."""

    total: int
    records: list[Record]


def list_records(request: ControlRequest[PageQuery, None]) -> RecordList:
    """List the records in the order in which they were added."""
    collection = request.collection()
    return {"total": len(collection), "records": request.query.page(collection)}


def add_record(request: ControlRequest[SandboxQuery, Record]) -> Created:
    """Add a record."""
    collection, record = request.collection(), request.body
    _check(collection, record)
    _write(lambda: request.writes.insert(collection, record))
    return Created(record)


def clear_records(request: ControlRequest[SandboxQuery, None]) -> None:
    """Remove all records of a collection."""
    collection = request.collection()
    for key in list(collection.rows):
        request.writes.remove(collection, key)


def show_record(request: ControlRequest[SandboxQuery, None]) -> Record:
    """Return a record."""
    return _find_record(request)[1]


def put_record(request: ControlRequest[SandboxQuery, Record]) -> Record | Created:
    """Add a record under a key, or replace the one that has it."""
    collection, key = request.collection(), request.path["key"]
    record = {**request.body}
    record.setdefault(collection.spec.key, key)
    _check(collection, record)
    if key_text(record[collection.spec.key]) != key:
        raise ControlError(
            409, f"the {collection.spec.key} of the record differs from the key in the path"
        )
    if key in collection.rows:
        _write(lambda: request.writes.replace(collection, key, record))
        return record
    _write(lambda: request.writes.insert(collection, record))
    return Created(record)


def delete_record(request: ControlRequest[SandboxQuery, None]) -> None:
    """Remove a record."""
    collection, _ = _find_record(request)
    request.writes.remove(collection, request.path["key"])


def _find_record(request: ControlRequest[SandboxQuery, None]) -> tuple[Collection, Record]:
    collection, key = request.collection(), request.path["key"]
    if (record := collection.get(key)) is None:
        raise ControlError(404, f"{collection.spec.name} has no record {key[:200]!r}")
    return collection, record


def _check(collection: Collection, record: Record) -> None:
    errors = [
        {"where": "body", "field": name, "pointer": f"/{escape(name)}", "message": message}
        for name, message in (
            *record_problems(collection.spec, record),
            *_key_problems(collection, record),
        )
    ]
    if errors:
        raise ControlError(422, "; ".join(error["message"] for error in errors), errors)


def _key_problems(collection: Collection, record: Record) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a key that a client chooses; steps may also make other keys."""
    name = collection.spec.key
    key = record.get(name)
    if key == "":
        yield name, f"a record needs its key, {name!r}"
    elif isinstance(key, bool) or not isinstance(key, str | int | None):
        yield name, f"the key of a record, {name!r}, must be a string or an integer"


def _write(write: Callable[[], object]) -> None:
    try:
        write()
    except ConflictError as conflict:
        message = f"{conflict.collection} already has a record with this {conflict.field}"
        raise ControlError(409, message) from None
    except SandboxFullError as error:
        raise ControlError(503, str(error)) from None


_EXAMPLE = {"id": "b1", "name": "First"}
CALLS = (
    Call(
        "GET",
        _LIST,
        "listRecords",
        TAG,
        "List the records of a collection",
        list_records,
        PageQuery,
        result=RecordList,
        result_example={"total": 1, "records": [_EXAMPLE]},
        problems=(404,),
    ),
    Call(
        "POST",
        _LIST,
        "addRecord",
        TAG,
        "Add a record",
        add_record,
        body=Record,
        changes="records",
        body_example=_EXAMPLE,
        result=Record,
        result_example=_EXAMPLE,
        statuses=(201,),
        problems=(404, 409, 503),
    ),
    Call(
        "DELETE",
        _LIST,
        "clearRecords",
        TAG,
        "Remove all records of a collection",
        clear_records,
        statuses=(204,),
        changes="records",
        problems=(404,),
    ),
    Call(
        "GET",
        _ONE,
        "getRecord",
        TAG,
        "Return a record",
        show_record,
        result=Record,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
    Call(
        "PUT",
        _ONE,
        "putRecord",
        TAG,
        "Add a record under a key, or replace the one that has it",
        put_record,
        body=Record,
        changes="records",
        body_example={"name": "First"},
        result=Record,
        result_example=_EXAMPLE,
        statuses=(200, 201),
        problems=(404, 409, 503),
    ),
    Call(
        "DELETE",
        _ONE,
        "deleteRecord",
        TAG,
        "Remove a record",
        delete_record,
        statuses=(204,),
        changes="records",
        problems=(404,),
    ),
)
