"""Declare and answer the calls that take and restore a snapshot of a sandbox.

`control_app.py` adds its `CALLS`. After a restore (204), the same requests get the same answers as
after the snapshot was taken. The model `Snapshot` checks its types, and `engine/snapshot.py` its
content; if it is invalid, nothing is changed (422, up to 50 errors). A snapshot contains clock,
ids, settings and records, credentials and tokens as they are, but neither the journal nor faults;
restoring one clears both.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mockserver.base.json import JsonValue
from mockserver.control.declarations import (
    WITHOUT_FRACTION,
    Body,
    Call,
    ControlRequest,
    RawContent,
    SandboxQuery,
)
from mockserver.control.problem_responses import JSON, ControlError
from mockserver.control.snapshot_text import snapshot_text
from mockserver.engine import snapshot
from mockserver.engine.snapshot import LARGEST_COUNT, VERSION, SnapshotError
from mockserver.model.scope import Record

TAG = "State"


class SnapshotClock(Body):
    """Time of the sandbox; the clock runs on from it unless it is frozen."""

    now: str = Field(examples=["2026-03-10T12:00:00Z"], json_schema_extra={"format": "date-time"})
    frozen: bool = False
    began: str | None = Field(
        None,
        description="Time at which the sandbox began, by which fixtures are dated; else `now`.",
        examples=["2026-03-10T12:00:00Z"],
        json_schema_extra={"format": "date-time"},
    )


def _check_version(version: JsonValue) -> JsonValue:
    if version != VERSION:
        raise ValueError(f"must be {VERSION}, the version of snapshots that this server reads")
    return version


_Number = Annotated[int, Field(ge=0, le=LARGEST_COUNT), WITHOUT_FRACTION]


class Snapshot(Body):
    """State of a sandbox at a point in time."""

    mockserver: Annotated[Literal[1], BeforeValidator(_check_version)] = Field(
        description="Version of this format."
    )
    clock: SnapshotClock
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), WITHOUT_FRACTION] = Field(
        0, description="Seed of ids and sampled values."
    )
    ids: _Number = Field(0, description="Number of ids generated so far.")
    requests: _Number = Field(0, description="Number of requests handled so far.")
    settings: dict[str, dict[str, JsonValue]] = Field(
        {}, description="Settings by API; those that are missing get their initial value."
    )
    records: dict[str, dict[str, list[Record]]] = Field(
        {},
        description="Collections by API, built-in ones included. A missing API starts with its "
        "fixtures, a missing collection is empty.",
    )


def take_snapshot(request: ControlRequest[SandboxQuery, None]) -> RawContent:
    """Return the state of the sandbox, without its journal, as a text that can be restored."""
    return RawContent(snapshot_text(snapshot.take(request.sandbox(), request.system)), JSON)


def restore_snapshot(request: ControlRequest[SandboxQuery, Snapshot]) -> None:
    """Restore the state of a snapshot; if it is invalid, nothing is changed."""
    body = request.body
    given = {name: getattr(body, name) for name in Snapshot.model_fields}
    given["clock"] = body.clock.model_dump()
    try:
        snapshot.restore(request.sandbox(), given, request.system)
    except SnapshotError as error:
        errors = [
            {"where": "body", "pointer": pointer, "message": message}
            for pointer, message in error.problems[:_MAX_ERRORS]
        ]
        more = len(error.problems) - 1
        first = " ".join(error.problems[0])
        detail = f"{first} (and {more} more)" if more else first
        raise ControlError(422, detail, errors) from None


_MAX_ERRORS = 50
_EXAMPLE = {
    "mockserver": 1,
    "clock": {"now": "2026-03-10T12:00:00Z", "frozen": False},
    "seed": 0,
    "ids": 0,
    "requests": 0,
    "settings": {},
    "records": {},
}
CALLS = (
    Call(
        "GET",
        "/state",
        "getState",
        TAG,
        "Take a snapshot of the sandbox",
        take_snapshot,
        result=Snapshot,
        result_example=_EXAMPLE,
        problems=(409,),
        description="Contains clock, ids, settings and all records, credentials and tokens "
        "included, but not the journal. An API that was not used yet has no entry in `records`. "
        "A state that is too large or nested too deeply to be restored is a problem.",
    ),
    Call(
        "PUT",
        "/state",
        "restoreState",
        TAG,
        "Restore the sandbox from a snapshot",
        restore_snapshot,
        body=Snapshot,
        reads_snapshot=True,
        changes="restore",
        body_example=_EXAMPLE,
        statuses=(204,),
        description="The same requests then get the same answers as after the snapshot was "
        "taken. The journal becomes empty. An invalid snapshot changes nothing.",
    ),
)
