"""Calls for OpenAPI documents: the control API's own, and those of the APIs as they are served."""

from mockserver.base.json import JsonValue
from mockserver.control.api_views import base_url
from mockserver.control.declarations import Ask, Call, InSandbox, Query
from mockserver.control.openapi_document import openapi
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.api import Api

TAG = "Documentation"
Json = dict[str, JsonValue]


def show_openapi(ask: Ask[Query, None]) -> Json:
    """Return the control API's own document."""
    return openapi(ask.serving, ask.origin)


def show_api_openapi(ask: Ask[InSandbox, None]) -> Json:
    """Return an API's document, with this server in place of the real ones."""
    return served_document(ask, ask.api())


def served_document(ask: Ask[InSandbox, None], api: Api) -> Json:
    """Make the document of an API as a sandbox of this server serves it."""
    name = ask.sandbox().name
    prefix = "" if name == DEFAULT_SANDBOX else f"/~{name}"
    address = base_url(api, ask.origin + prefix)
    document = api.document()
    real = [str(server.get("url", "")).rstrip("/") for server in document.get("servers", [])]
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            flow.update(_moved(flow, real, address))
    for item in document.get("paths", {}).values():
        for place in (item, *item.values()):
            if isinstance(place, dict):
                place.pop("servers", None)
    return {**document, "servers": [{"url": address}]}


def _moved(flow: Json, real: list[str], address: str) -> Json:
    """Point an OAuth flow's addresses on the real servers at this one."""
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
        "Describe the control API as an OpenAPI document",
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
        "Return an API's OpenAPI document as it is served",
        show_api_openapi,
        result=Json,
        result_example=_EXAMPLE,
        problems=(404,),
        description="After its overlays, with the files it refers to, and without `x-mock`.",
    ),
)
