"""Declare and answer the calls that return OpenAPI documents: of the control API, and of the APIs.

`control_app.py` adds its `CALLS`; the document of the control API is made in `openapi_document.py`.
`served_document`, also for `api_calls.py` and `page_calls.py`, returns the document of an API with
overlays applied and without `x-mock`, as a copy. Its only server is this one, with the prefix of
the sandbox; servers of paths and operations are removed, and URLs of OAuth flows on the real
servers are moved here. An unknown API is a 404.
"""

from mockserver.base.json import JsonValue
from mockserver.control.api_views import base_url
from mockserver.control.declarations import Call, ControlRequest, Query, SandboxQuery
from mockserver.control.openapi_document import openapi
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.api import Api

TAG = "Documentation"
Json = dict[str, JsonValue]


def show_openapi(request: ControlRequest[Query, None]) -> Json:
    """Return the document of the control API."""
    return openapi(request.context, request.origin)


def show_api_openapi(request: ControlRequest[SandboxQuery, None]) -> Json:
    """Return the document of an API, with this server as its only one."""
    return served_document(request, request.api())


def served_document(request: ControlRequest[SandboxQuery, None], api: Api) -> Json:
    """Return the document of an API, with the URL of a sandbox as its only server."""
    name = request.sandbox().name
    prefix = "" if name == DEFAULT_SANDBOX else f"/~{name}"
    address = base_url(api, request.origin + prefix)
    document = api.document()
    real = [str(server.get("url", "")).rstrip("/") for server in document.get("servers", [])]
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            flow.update(_moved_addresses(flow, real, address))
    for item in document.get("paths", {}).values():
        for place in (item, *item.values()):
            if isinstance(place, dict):
                place.pop("servers", None)
    return {**document, "servers": [{"url": address}]}


def _moved_addresses(flow: Json, real: list[str], address: str) -> Json:
    """Return the URLs of an OAuth flow on the real servers, moved to this one."""
    moved = {}
    for name, url in flow.items():
        server = next((one for one in real if one and str(url).startswith(f"{one}/")), None)
        if name.endswith("Url") and server is not None:
            moved[name] = address + str(url)[len(server) :]
    return moved


_EXAMPLE = {"openapi": "3.1.0", "info": {"title": "Walr survey API", "version": "1"}, "paths": {}}
CALLS = (
    Call(
        "GET",
        "/openapi.json",
        "getOpenapi",
        TAG,
        "Return the OpenAPI document of the control API",
        show_openapi,
        Query,
        result=Json,
        result_example=_EXAMPLE,
    ),
    Call(
        "GET",
        "/apis/{api}/openapi.json",
        "getApiOpenapi",
        TAG,
        "Return the OpenAPI document of an API, as served",
        show_api_openapi,
        result=Json,
        result_example=_EXAMPLE,
        problems=(404,),
        description="Overlays are applied, referenced files are included, `x-mock` is removed.",
    ),
)
