"""Calls about the records of an API's collections."""

from collections.abc import Callable

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.errors import ConflictError, SandboxFullError
from mockserver.base.json import escape
from mockserver.control.declarations import Ask, Call, Created, InSandbox, Paged
from mockserver.control.problem_responses import ControlError
from mockserver.engine.records import Collection, key_text
from mockserver.engine.snapshot import wrong_record
from mockserver.model.scope import Record

TAG = "RecordList"
_LIST = "/records/{api}/{collection}"
_ONE = "/records/{api}/{collection}/{key:path}"


class RecordList(TypedDict):
    """Records of a collection."""

    total: int
    records: list[Record]


def list_records(ask: Ask[Paged, None]) -> RecordList:
    """List the records, in the order they were stored."""
    rows = list(ask.collection())
    return {"total": len(rows), "records": ask.query.page(rows)}


def add_record(ask: Ask[InSandbox, Record]) -> Created:
    """Store a new record."""
    collection, record = ask.collection(), ask.body
    _check(collection, record)
    _write(lambda: collection.insert(record))
    return Created(record)


def clear_records(ask: Ask[InSandbox, None]) -> None:
    """Forget all records of a collection."""
    collection = ask.collection()
    for key in list(collection.rows):
        collection.remove(key)


def show_record(ask: Ask[InSandbox, None]) -> Record:
    """Return a record."""
    return _found(ask)[1]


def put_record(ask: Ask[InSandbox, Record]) -> Record | Created:
    """Store a record under a key, whether there is one or not."""
    collection, key = ask.collection(), ask.path["key"]
    record = {**ask.body}
    record.setdefault(collection.spec.key, key)
    _check(collection, record)
    if key_text(record[collection.spec.key]) != key:
        raise ControlError(409, f"the record's {collection.spec.key} is not that of the path")
    if key in collection.rows:
        _write(lambda: collection.replace(key, record))
        return record
    _write(lambda: collection.insert(record))
    return Created(record)


def delete_record(ask: Ask[InSandbox, None]) -> None:
    """Forget a record."""
    collection, _ = _found(ask)
    collection.remove(ask.path["key"])


def _found(ask: Ask[InSandbox, None]) -> tuple[Collection, Record]:
    collection, key = ask.collection(), ask.path["key"]
    if (record := collection.get(key)) is None:
        raise ControlError(404, f"{collection.spec.name} has no record {key[:200]!r}")
    return collection, record


def _check(collection: Collection, record: Record) -> None:
    errors = [
        {"where": "body", "field": name, "pointer": f"/{escape(name)}", "message": told}
        for name, told in wrong_record(collection.spec, record)
    ]
    if errors:
        raise ControlError(422, "; ".join(error["message"] for error in errors), errors)


def _write(writing: Callable[[], object]) -> None:
    try:
        writing()
    except ConflictError as conflict:
        message = f"{conflict.collection} already has one whose {conflict.field} is this"
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
        Paged,
        result=RecordList,
        result_example={"total": 1, "records": [_EXAMPLE]},
        problems=(404,),
    ),
    Call(
        "POST",
        _LIST,
        "addRecord",
        TAG,
        "Store a new record",
        add_record,
        body=Record,
        tells="records",
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
        "Forget all records of a collection",
        clear_records,
        statuses=(204,),
        tells="records",
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
        "Store a record under a key, whether there is one or not",
        put_record,
        body=Record,
        tells="records",
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
        "Forget a record",
        delete_record,
        statuses=(204,),
        tells="records",
        problems=(404,),
    ),
)
