"""Calls about the server and what it serves."""

from typing import Literal

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver import __version__
from mockserver.server import views
from mockserver.server.control.call import Ask, Call, InSandbox, Query

TAG = "APIs"


class Health(TypedDict):
    """What runs."""

    status: Literal["ok"]
    version: str
    apis: list[str]
    sandboxes: int


def show_health(ask: Ask[Query, None]) -> Health:
    """Say that it runs."""
    return {
        "status": "ok",
        "version": __version__,
        "apis": list(ask.engine.apis),
        "sandboxes": len(ask.engine.sandboxes.names()),
    }


def list_apis(ask: Ask[InSandbox, None]) -> list[views.ApiSummary]:
    """List what is served."""
    return [views.api_summary(api, ask.origin) for api in ask.engine.apis.values()]


def show_api(ask: Ask[InSandbox, None]) -> views.ApiDetails:
    """Describe all of an API."""
    api, sandbox = ask.api(), ask.sandbox()
    return views.api_details(api, ask.origin, sandbox, ask.now(sandbox))


CALLS = (
    Call("GET", "/health", "getHealth", TAG, "Say that it runs", show_health, Query, result=Health),
    Call(
        "GET",
        "/apis",
        "listApis",
        TAG,
        "List what is served",
        list_apis,
        result=list[views.ApiSummary],
    ),
    Call(
        "GET",
        "/apis/{api}",
        "getApi",
        TAG,
        "Describe an API: operations, credentials, settings, test values",
        show_api,
        result=views.ApiDetails,
        problems=(404,),
    ),
)
