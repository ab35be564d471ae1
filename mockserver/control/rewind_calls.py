"""Declare and answer the call that takes a sandbox back to an entry of its history.

`control_app.py` adds its `CALLS`. What came after the entry is undone: records, clock, settings,
faults, ids. A name without an entry is a 404 that says why, an entry to which the sandbox cannot go
back a 409 that names the earliest possible one (`entry_names.py`). Event streams go on, with an
event about the rewind. A rewind is itself an entry.
"""

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.control import api_views
from mockserver.control.declarations import Body, Call, ControlRequest, SandboxQuery
from mockserver.control.entry_names import find_mark
from mockserver.engine.history import REWIND

TAG = "History"


class RewindTarget(Body):
    """The entry to which a sandbox goes back."""

    to: str = Field(
        description="Id of a request (`r17`) or of a control call (`c3`), perhaps with the number "
        "of its run (`2.r17`), or `start` for the beginning of the run.",
        examples=["r17"],
    )


class RewindResult(TypedDict):
    """The sandbox after a rewind."""

    clock: api_views.ClockView
    entry: str
    """Id of the entry of the rewind."""
    undone: int
    """Number of entries that were undone."""


def rewind_sandbox(request: ControlRequest[SandboxQuery, RewindTarget]) -> RewindResult:
    """Take the sandbox back to an entry."""
    sandbox = request.sandbox()
    mark = find_mark(sandbox, request.body.to)
    undone = sandbox.history.count_after(mark.position)
    entry = sandbox.rewind(mark, request.system, request.sent)
    clock = api_views.clock(sandbox, request.system)
    return {"clock": clock, "entry": entry.id, "undone": undone}


CALLS = (
    Call(
        "POST",
        "/rewind",
        REWIND,
        TAG,
        "Take the sandbox back to an entry",
        rewind_sandbox,
        body=RewindTarget,
        body_example={"to": "r17"},
        reads=True,
        result=RewindResult,
        result_example={
            "clock": {"now": "2026-03-10T12:00:00Z", "frozen": False},
            "entry": "c5",
            "undone": 3,
        },
        problems=(404, 409),
        changes=REWIND,
        description="What came after the entry is undone and leaves the journal; its ids are not "
        "used again. The clock shows the time of the entry, and runs on or stays frozen.",
    ),
)
