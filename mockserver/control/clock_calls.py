"""Calls about a sandbox's clock."""

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from mockserver.base.errors import ClockError
from mockserver.base.time import Instant, VirtualClock, parse_duration, parse_instant
from mockserver.control import api_views
from mockserver.control.declarations import Ask, Body, Call, InSandbox
from mockserver.control.problem_responses import ControlError
from mockserver.engine.sandbox import Sandbox

TAG = "Clock"


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


class ClockChange(Body):
    """How a sandbox's clock moves: exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    advance: str = Field(
        "",
        description="Go forwards by an ISO 8601 duration of weeks, days, hours, minutes, seconds.",
        examples=["P10D", "PT1M"],
        json_schema_extra=_without_default,
    )
    set: str = Field(
        "",
        description="Show this instant; an earlier one only before the sandbox's first request.",
        examples=["2030-01-31T09:00:00Z"],
        json_schema_extra=_without_default,
    )
    frozen: bool = Field(
        default=False,
        description="Stop at the time that is shown, or run again from it.",
        json_schema_extra=_without_default,
    )

    @model_validator(mode="after")
    def _one(self) -> "ClockChange":
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of advance, set and frozen")
        return self


def show_clock(ask: Ask[InSandbox, None]) -> api_views.ClockView:
    """Tell what the sandbox's clock shows."""
    return api_views.clock(ask.sandbox(), ask.system)


def move_clock(ask: Ask[InSandbox, ClockChange]) -> api_views.ClockView:
    """Advance, set, freeze or thaw the clock; what is not possible changes nothing."""
    sandbox = ask.sandbox()
    try:
        _move(sandbox, ask.body, ask.system)
    except (ClockError, ValueError, OverflowError) as error:
        raise ControlError(422, str(error)) from None
    return api_views.clock(sandbox, ask.system)


def _move(sandbox: Sandbox, change: ClockChange, system: Instant) -> None:
    clock: VirtualClock = sandbox.clock
    if "advance" in change.model_fields_set:
        clock.advance(parse_duration(change.advance), system)
    elif "set" in change.model_fields_set:
        instant = parse_instant(change.set)
        if sandbox.journal.count:
            clock.set(instant, system)
        else:
            clock.place(instant, system)
    elif change.frozen:
        clock.freeze(system)
    else:
        clock.thaw(system)


_EXAMPLE = {"now": "2026-03-20T12:00:00Z", "frozen": False}
CALLS = (
    Call(
        "GET",
        "/clock",
        "getClock",
        TAG,
        "Tell what the clock shows",
        show_clock,
        result=api_views.ClockView,
        result_example=_EXAMPLE,
    ),
    Call(
        "POST",
        "/clock",
        "moveClock",
        TAG,
        "Advance, set, freeze or thaw the clock",
        move_clock,
        body=ClockChange,
        tells="clock",
        body_example={"advance": "P10D"},
        result=api_views.ClockView,
        result_example=_EXAMPLE,
    ),
)
