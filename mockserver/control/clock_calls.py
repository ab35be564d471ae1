"""Declare and answer the calls about the clock of a sandbox: show it, and move or stop it.

`control_app.py` adds its `CALLS`; both return `now` and `frozen`. A change is `advance` (a
duration) or `set` (a time), `frozen`, or one of the two with `frozen`. An earlier time can be set
only before the first request of the sandbox; an invalid change is a 422 and has no effect. Nothing
runs by a timer: what depends on the clock is computed when it is read.
"""

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from mockserver.base.errors import ClockError
from mockserver.base.time import Instant, VirtualClock, parse_clock_time, parse_duration
from mockserver.control import api_views
from mockserver.control.declarations import Body, Call, ControlRequest, SandboxQuery
from mockserver.control.problem_responses import ControlError
from mockserver.engine.sandbox import Sandbox

TAG = "Clock"


def _remove_default(schema: dict[str, Any]) -> None:
    del schema["default"]


class ClockChange(Body):
    """A change of the clock: `advance` or `set`, `frozen`, or one of the two with `frozen`."""

    model_config = ConfigDict(
        json_schema_extra={"minProperties": 1, "not": {"required": ["advance", "set"]}}
    )

    advance: str = Field(
        "",
        description="ISO 8601 duration to advance by: weeks, days, hours, minutes, seconds.",
        examples=["P10D", "PT1M"],
        json_schema_extra=_remove_default,
    )
    set: str = Field(
        "",
        description="Time to set (RFC 3339); an earlier one only before the first request of the "
        "sandbox.",
        examples=["2030-01-31T09:00:00Z"],
        json_schema_extra=_remove_default,
    )
    frozen: bool = Field(
        default=False,
        description="True stops the clock, false lets it run again: at its present time, or at the "
        "time to which `set` or `advance` moves it in the same call.",
        json_schema_extra=_remove_default,
    )

    @model_validator(mode="after")
    def _one(self) -> "ClockChange":
        if not self.model_fields_set or {"advance", "set"} <= self.model_fields_set:
            raise ValueError("give advance or set, frozen, or one of the two with frozen")
        return self


def show_clock(request: ControlRequest[SandboxQuery, None]) -> api_views.ClockView:
    """Return the time of the sandbox."""
    return api_views.clock(request.sandbox(), request.system)


def move_clock(request: ControlRequest[SandboxQuery, ClockChange]) -> api_views.ClockView:
    """Advance, set, freeze or unfreeze the clock; an invalid change has no effect."""
    sandbox = request.sandbox()
    try:
        clock = _moved(sandbox, request.body, request.system)
    except (ClockError, ValueError, OverflowError) as error:
        raise ControlError(422, str(error)) from None
    sandbox.set_clock(request.writes, clock, request.system)
    return api_views.clock(sandbox, request.system)


def _moved(sandbox: Sandbox, change: ClockChange, system: Instant) -> VirtualClock:
    clock = sandbox.clock_at(system)
    if "advance" in change.model_fields_set:
        clock = clock.advanced(parse_duration(change.advance), system)
    elif "set" in change.model_fields_set:
        instant = parse_clock_time(change.set)
        has_begun = sandbox.history.count > 0
        clock = clock.moved(instant, system) if has_begun else clock.placed(instant, system)
    if "frozen" in change.model_fields_set:
        clock = clock.frozen(system) if change.frozen else clock.running(system)
    return clock


_EXAMPLE = {"now": "2026-03-20T12:00:00Z", "frozen": False}
CALLS = (
    Call(
        "GET",
        "/clock",
        "getClock",
        TAG,
        "Return the time of the sandbox",
        show_clock,
        result=api_views.ClockView,
        result_example=_EXAMPLE,
    ),
    Call(
        "POST",
        "/clock",
        "moveClock",
        TAG,
        "Advance, set, freeze or unfreeze the clock",
        move_clock,
        body=ClockChange,
        changes="clock",
        body_example={"advance": "P10D"},
        result=api_views.ClockView,
        result_example=_EXAMPLE,
    ),
)
