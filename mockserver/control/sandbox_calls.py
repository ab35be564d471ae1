"""Declare and answer the calls about sandboxes: list, show, create, delete, and reset them.

`control_app.py` adds its `CALLS`. To create one that exists changes nothing and answers 200; to
delete one removes its state and ends its event streams. An unknown sandbox is a 404 (also
`default` before its first use), an invalid name a 400, one too many a 503. A reset takes a sandbox
back to its start: clock, ids, settings, records, faults, journal, coverage; event streams go on.
"""

from mockserver.control import api_views
from mockserver.control.declarations import (
    Call,
    ControlRequest,
    Created,
    Query,
    SandboxQuery,
    raise_not_found,
)

TAG = "Sandboxes"


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


def make_sandbox(request: ControlRequest[Query, None]) -> api_views.SandboxSummary | Created:
    """Create a sandbox, unless it exists."""
    exists = _exists(request)
    summary = api_views.sandbox_summary(request.sandbox_named(request.path["name"]), request.system)
    return summary if exists else Created(summary)


def delete_sandbox(request: ControlRequest[Query, None]) -> None:
    """Delete a sandbox with its whole state."""
    _check_exists(request)
    request.engine.sandboxes.delete(request.path["name"])
    request.listeners.end(request.path["name"])


def reset_sandbox(request: ControlRequest[SandboxQuery, None]) -> None:
    """Reset a sandbox to its initial state."""
    request.sandbox().reset(request.system)


def _exists(request: ControlRequest[Query, None]) -> bool:
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
        "Create a sandbox, unless it exists",
        make_sandbox,
        Query,
        result=api_views.SandboxSummary,
        result_example=_EXAMPLE,
        statuses=(200, 201),
        problems=(400, 503),
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
