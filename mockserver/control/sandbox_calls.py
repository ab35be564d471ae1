"""Calls about sandboxes: isolated worlds."""

from mockserver.control import api_views
from mockserver.control.declarations import Ask, Call, Created, InSandbox, Query
from mockserver.control.problem_responses import ControlError

TAG = "Sandboxes"


def list_sandboxes(ask: Ask[Query, None]) -> list[api_views.SandboxSummary]:
    """List the sandboxes that exist, oldest first."""
    everything = ask.engine.sandboxes
    return [
        api_views.sandbox_summary(everything.get(name), ask.system) for name in everything.names()
    ]


def show_sandbox(ask: Ask[Query, None]) -> api_views.SandboxSummary:
    """Describe a sandbox, if it exists."""
    _check_exists(ask)
    return api_views.sandbox_summary(ask.sandbox_named(ask.path["name"]), ask.system)


def make_sandbox(ask: Ask[Query, None]) -> api_views.SandboxSummary | Created:
    """Make a sandbox, unless it exists."""
    exists = _exists(ask)
    summary = api_views.sandbox_summary(ask.sandbox_named(ask.path["name"]), ask.system)
    return summary if exists else Created(summary)


def delete_sandbox(ask: Ask[Query, None]) -> None:
    """Forget a sandbox and all it holds."""
    _check_exists(ask)
    ask.engine.sandboxes.delete(ask.path["name"])
    ask.listeners.end(ask.path["name"])


def reset_sandbox(ask: Ask[InSandbox, None]) -> None:
    """Make a sandbox as it was at start."""
    ask.sandbox().reset()


def _exists(ask: Ask[Query, None]) -> bool:
    return ask.path["name"] in ask.engine.sandboxes.names()


def _check_exists(ask: Ask[Query, None]) -> None:
    if not _exists(ask):
        raise ControlError(404, f"there is no sandbox {ask.path['name'][:100]!r}")


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
        "Describe a sandbox",
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
        "Make a sandbox, unless it exists",
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
        "Forget a sandbox and all it holds",
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
        "Make the sandbox as it was at start",
        reset_sandbox,
        statuses=(204,),
        tells="reset",
    ),
)
