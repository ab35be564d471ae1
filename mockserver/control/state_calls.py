"""Calls about a sandbox's whole state: snapshot and restore."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mockserver.base.json import JsonValue
from mockserver.control.declarations import Ask, Body, Call, InSandbox, Integer
from mockserver.control.problem_responses import ControlError
from mockserver.engine import snapshot
from mockserver.engine.snapshot import LARGEST_COUNT, VERSION, SnapshotError
from mockserver.model.scope import Record

TAG = "State"


class SnapshotClock(Body):
    """What the clock shows; it goes on from there unless it is frozen."""

    now: str = Field(examples=["2026-03-10T12:00:00Z"], json_schema_extra={"format": "date-time"})
    frozen: bool = False


def _check_version(version: JsonValue) -> JsonValue:
    if version != VERSION:
        raise ValueError(f"has to be {VERSION}, the version of snapshots that is read here")
    return version


class Snapshot(Body):
    """A sandbox as it was at a moment."""

    mockserver: Annotated[Literal[1], BeforeValidator(_check_version)] = Field(
        description="The version of this form."
    )
    clock: SnapshotClock
    seed: Integer = Field(0, description="Of ids and sampled values.", ge=-(2**63), lt=2**63)
    ids: Integer = Field(0, description="Identifiers made so far.", ge=0, le=LARGEST_COUNT)
    requests: Integer = Field(0, description="Requests handled so far.", ge=0, le=LARGEST_COUNT)
    settings: dict[str, dict[str, JsonValue]] = Field(
        {}, description="For each API its settings; those that are left out are as at start."
    )
    records: dict[str, dict[str, list[Record]]] = Field(
        {},
        description="For each API its collections, the built-in ones too; an API that is left out "
        "begins with its fixtures, and a collection that is left out is empty.",
    )


def take_snapshot(ask: Ask[InSandbox, None]) -> dict[str, JsonValue]:
    """Return all of the sandbox but its journal."""
    return snapshot.take(ask.sandbox(), ask.system)


def restore_snapshot(ask: Ask[InSandbox, Snapshot]) -> None:
    """Make the sandbox as it was at a snapshot, or change nothing."""
    body = ask.body
    given = {name: getattr(body, name) for name in Snapshot.model_fields}
    given["clock"] = {"now": body.clock.now, "frozen": body.clock.frozen}
    try:
        snapshot.restore(ask.sandbox(), given, ask.system)
    except SnapshotError as error:
        errors = [
            {"where": "body", "pointer": pointer, "message": told}
            for pointer, told in error.problems[:_MOST_ERRORS]
        ]
        more = len(error.problems) - 1
        first = " ".join(error.problems[0])
        told = f"{first} (and {more} more)" if more else first
        raise ControlError(422, told, errors) from None


_MOST_ERRORS = 50
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
        description="Holds clock, ids, settings and all records, credentials and tokens among "
        "them; not the journal. An API that was not used yet is left out of its records.",
    ),
    Call(
        "PUT",
        "/state",
        "restoreState",
        TAG,
        "Restore the sandbox from a snapshot",
        restore_snapshot,
        body=Snapshot,
        reads_own=True,
        tells="restore",
        body_example=_EXAMPLE,
        statuses=(204,),
        description="The same requests are then answered with the same bytes as after the "
        "snapshot. The journal is emptied. A snapshot that is wrong anywhere changes nothing.",
    ),
)
