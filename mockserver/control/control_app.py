"""Put the control API together: all calls in `CALLS`, their guard, and the dashboard.

`server/factory.py` calls `control_app` with an engine, a clock and perhaps a token, and gets an
ASGI application for paths under `/_mock`. A request first passes `Guard` (host, origin, token),
then `Dashboard` (answers for its files, which need no token), then `Control` (the calls). The order
of `CALLS` is that of the OpenAPI document; it does not decide about routes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from mockserver.base.time import Instant
from mockserver.control import (
    api_calls,
    change_calls,
    clock_calls,
    coverage_calls,
    document_calls,
    event_calls,
    fault_calls,
    history_calls,
    limit_calls,
    message_calls,
    page_calls,
    record_calls,
    request_calls,
    review_calls,
    rewind_calls,
    sandbox_calls,
    setting_calls,
    state_calls,
    token_calls,
    verify_calls,
)
from mockserver.control.adapter import Control
from mockserver.control.declarations import Call, ControlContext
from mockserver.control.guard import Guard
from mockserver.dashboard.static_files import Dashboard
from mockserver.engine.pipeline import Engine

if TYPE_CHECKING:
    from mockserver.stores.committer import Committer

CALLS: tuple[Call, ...] = (
    *api_calls.CALLS,
    *sandbox_calls.CALLS,
    *state_calls.CALLS,
    *rewind_calls.CALLS,
    *clock_calls.CALLS,
    *setting_calls.CALLS,
    *record_calls.CALLS,
    *message_calls.CALLS,
    *review_calls.CALLS,
    *limit_calls.CALLS,
    *token_calls.CALLS,
    *fault_calls.CALLS,
    *verify_calls.CALLS,
    *request_calls.CALLS,
    *change_calls.CALLS,
    *history_calls.CALLS,
    *coverage_calls.CALLS,
    *event_calls.CALLS,
    *document_calls.CALLS,
    *page_calls.CALLS,
)
"""Every call of the control API."""


def control_app(
    engine: Engine,
    clock: Callable[[], Instant],
    token: str | None = None,
    committer: "Committer | None" = None,
) -> ASGIApp:
    """Make the control API and dashboard of an engine.

    Args:
        engine: The engine.
        clock: Returns the time of the system.
        token: Token that every call needs; None for none.
        committer: Writes what calls change to a store; None if sandboxes are only in memory.
    """
    context = ControlContext(engine, CALLS, token is not None)
    dashboard = Dashboard(Control(context, clock, committer))
    return Guard(dashboard, token, dashboard.is_public)
