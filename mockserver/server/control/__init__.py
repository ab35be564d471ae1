"""The control API under `/_mock`: see and change sandboxes over HTTP."""

from collections.abc import Callable

from starlette.types import ASGIApp

from mockserver.clock import Instant
from mockserver.engine.pipeline import Engine
from mockserver.server.control import (
    apis,
    clock,
    coverage,
    documents,
    events,
    faults,
    limits,
    messages,
    pages,
    records,
    requests,
    reviews,
    sandboxes,
    settings,
    state,
    tokens,
    verify,
)
from mockserver.server.control.adapter import Control
from mockserver.server.control.call import Call, Serving
from mockserver.server.dashboard import Dashboard
from mockserver.server.guard import Guard

CALLS: tuple[Call, ...] = (
    *apis.CALLS,
    *sandboxes.CALLS,
    *state.CALLS,
    *clock.CALLS,
    *settings.CALLS,
    *records.CALLS,
    *messages.CALLS,
    *reviews.CALLS,
    *limits.CALLS,
    *tokens.CALLS,
    *faults.CALLS,
    *verify.CALLS,
    *requests.CALLS,
    *coverage.CALLS,
    *events.CALLS,
    *documents.CALLS,
    *pages.CALLS,
)
"""Every call of the control API."""


def control_app(engine: Engine, clock: Callable[[], Instant], token: str | None = None) -> ASGIApp:
    """Make the control API of an engine and its dashboard; a token is asked for if one is given."""
    dashboard = Dashboard(Control(Serving(engine, CALLS, token is not None), clock))
    return Guard(dashboard, token, dashboard.is_open)
