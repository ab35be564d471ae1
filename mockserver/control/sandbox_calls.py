"""Declare and answer the calls about sandboxes: list, show, create, fork, delete, and reset them.

`control_app.py` adds its `CALLS`. To create one that exists changes nothing and answers 200; to
delete one removes its state and ends its event streams. An unknown sandbox is a 404 (also
`default` before its first use), an invalid name a 400, one too many a 503. A fork is a new sandbox
with the state and history of another one, perhaps as it was at an entry (`entry_names.py` finds
it); a name that is taken is a 409. A reset takes a sandbox back to its start: clock, ids, settings,
records, faults, journal, coverage; event streams go on.
"""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from mockserver.base.errors import SandboxFullError
from mockserver.control import api_views
from mockserver.control.declarations import (
    SANDBOX_SCHEMA,
    Call,
    ControlRequest,
    Created,
    Query,
    SandboxQuery,
    raise_not_found,
)
from mockserver.control.entry_names import find_mark
from mockserver.control.problem_responses import ControlError
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.engine.sandboxes import BAD_SANDBOX_NAME, SANDBOX_NAME

TAG = "Sandboxes"


class ForkQuery(Query):
    """What a new sandbox begins with."""

    source: Annotated[str, WithJsonSchema(SANDBOX_SCHEMA)] | None = Field(
        None, alias="from", description="Name of a sandbox of which the new one is a fork."
    )
    at: str | None = Field(
        None,
        description="Entry of the other sandbox, such as `r17` or `start`; else its present state.",
    )

    @model_validator(mode="after")
    def _of_one(self) -> "ForkQuery":
        if self.at is not None and self.source is None:
            raise ValueError("at is an entry of another sandbox: name that one with from")
        return self


def list_sandboxes(request: ControlRequest[Query, None]) -> list[api_views.SandboxSummary]:
    """List the sandboxes, oldest first."""
    everything = request.engine.sandboxes
    return [
        api_views.sandbox_summary(everything.by_name[name], request.system)
        for name in everything.names()
    ]


def show_sandbox(request: ControlRequest[Query, None]) -> api_views.SandboxSummary:
    """Return a sandbox, if it exists."""
    _check_exists(request)
    return api_views.sandbox_summary(request.sandbox_named(request.path["name"]), request.system)


def make_sandbox(request: ControlRequest[ForkQuery, None]) -> api_views.SandboxSummary | Created:
    """Create a sandbox, unless it exists, or fork another one."""
    if request.query.source is not None:
        return Created(api_views.sandbox_summary(_fork(request), request.system))
    exists = _exists(request)
    summary = api_views.sandbox_summary(request.sandbox_named(request.path["name"]), request.system)
    return summary if exists else Created(summary)


def _fork(request: ControlRequest[ForkQuery, None]) -> Sandbox:
    name, known = request.path["name"], request.engine.sandboxes
    if not SANDBOX_NAME.fullmatch(name):
        raise ControlError(400, BAD_SANDBOX_NAME)
    if name in known:
        raise ControlError(409, f"there is a sandbox {name!r} already; delete it first")
    source, at = _source(request), request.query.at
    mark = None if at is None else find_mark(source, at)
    try:
        return known.fork(source, name, mark, request.system, request.sent)
    except SandboxFullError as error:
        raise ControlError(503, str(error)) from None


def _source(request: ControlRequest[ForkQuery, None]) -> Sandbox:
    name, known = request.query.source or "", request.engine.sandboxes
    if not SANDBOX_NAME.fullmatch(name):
        raise ControlError(400, BAD_SANDBOX_NAME)
    if name not in known and name != DEFAULT_SANDBOX:
        existing = dict.fromkeys([DEFAULT_SANDBOX, *known.names()])
        raise_not_found(f"there is no sandbox {name!r}", name, existing)
    return request.sandbox_named(name)


def delete_sandbox(request: ControlRequest[Query, None]) -> None:
    """Delete a sandbox with its whole state."""
    _check_exists(request)
    request.engine.sandboxes.delete(request.path["name"])
    request.listeners.end(request.path["name"])


def reset_sandbox(request: ControlRequest[SandboxQuery, None]) -> None:
    """Reset a sandbox to its initial state."""
    request.sandbox().reset(request.system)


def _exists(request: ControlRequest[Any, None]) -> bool:
    return request.path["name"] in request.engine.sandboxes


def _check_exists(request: ControlRequest[Query, None]) -> None:
    name = request.path["name"]
    if not _exists(request):
        known = dict.fromkeys(request.engine.sandboxes.names())
        raise_not_found(f"there is no sandbox {name[:100]!r}", name, known)


_EXAMPLE = {
    "name": "ci-42",
    "clock": {"now": "2026-03-10T12:00:00Z", "frozen": False},
    "requests": 0,
    "entry": "1.start",
}
CALLS = (
    Call(
        "GET",
        "/sandboxes",
        "listSandboxes",
        TAG,
        "List the sandboxes",
        list_sandboxes,
        Query,
        result=list[api_views.SandboxSummary],
        result_example=[_EXAMPLE],
    ),
    Call(
        "GET",
        "/sandboxes/{name}",
        "getSandbox",
        TAG,
        "Return a sandbox",
        show_sandbox,
        Query,
        result=api_views.SandboxSummary,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
    Call(
        "PUT",
        "/sandboxes/{name}",
        "makeSandbox",
        TAG,
        "Create a sandbox, unless it exists, or fork another one",
        make_sandbox,
        ForkQuery,
        result=api_views.SandboxSummary,
        result_example=_EXAMPLE,
        statuses=(200, 201),
        problems=(400, 404, 409, 503),
        description="With `from`, the new sandbox has the state and history of another one, "
        "perhaps as it was at an entry. After that, both go on by themselves.",
    ),
    Call(
        "DELETE",
        "/sandboxes/{name}",
        "deleteSandbox",
        TAG,
        "Delete a sandbox with its whole state",
        delete_sandbox,
        Query,
        statuses=(204,),
        problems=(404,),
    ),
    Call(
        "POST",
        "/reset",
        "resetSandbox",
        TAG,
        "Reset the sandbox to its initial state",
        reset_sandbox,
        statuses=(204,),
        changes="reset",
    ),
)
