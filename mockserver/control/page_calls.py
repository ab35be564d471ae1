"""Declare and answer the calls for the reference pages (HTML) and the style sheet that they load.

`control_app.py` adds its `CALLS`. `/docs` shows the document of the control API, with links to the
pages of the APIs. Such a page shows the document of an API as served in the sandbox, with its
credentials (not redacted), settings, test values and errors. `reference_page.py` writes the HTML; a
security policy forbids scripts. The style sheet is read from the package for each call. An unknown
API or file is a 404.
"""

from importlib.resources import files

from mockserver.base.asgi import CONTROL_PREFIX
from mockserver.control.api_views import api_details
from mockserver.control.declarations import (
    Call,
    ControlRequest,
    Query,
    RawContent,
    SandboxQuery,
    raise_not_found,
)
from mockserver.control.document_calls import TAG, served_document
from mockserver.control.openapi_document import openapi
from mockserver.control.reference_page import reference_page

_HTML = "text/html; charset=utf-8"
_TYPES = {"reference.css": "text/css; charset=utf-8"}
_STYLESHEET = f"{CONTROL_PREFIX}/static/reference.css"
_HOME = f"{CONTROL_PREFIX}/docs"
_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}


def show_docs(request: ControlRequest[Query, None]) -> RawContent:
    """Return the reference page of the control API, with links to those of the APIs."""
    pages = [(api.title, f"{_HOME}/{name}", api.name) for name, api in request.engine.apis.items()]
    document = openapi(request.context, request.origin)
    return RawContent(reference_page(document, _STYLESHEET, _HOME, pages=pages), _HTML, _POLICY)


def show_api_docs(request: ControlRequest[SandboxQuery, None]) -> RawContent:
    """Return the reference page of an API, with its state in the sandbox."""
    api, sandbox = request.api(), request.sandbox()
    details = api_details(api, request.origin, sandbox)
    document = served_document(request, api)
    return RawContent(reference_page(document, _STYLESHEET, _HOME, details), _HTML, _POLICY)


def show_file(request: ControlRequest[Query, None]) -> RawContent:
    """Return a file that the pages load."""
    name = request.path["file"]
    if name not in _TYPES:
        raise_not_found(f"there is no file {name[:100]!r}", name, _TYPES)
    content = (files("mockserver.control") / "static" / name).read_bytes()
    return RawContent(content, _TYPES[name])


CALLS = (
    Call(
        "GET",
        "/docs",
        "getDocs",
        TAG,
        "Return this reference page",
        show_docs,
        Query,
        result=str,
        media_type="text/html",
    ),
    Call(
        "GET",
        "/docs/{api}",
        "getApiDocs",
        TAG,
        "Return the reference page of an API",
        show_api_docs,
        result=str,
        media_type="text/html",
        problems=(404,),
    ),
    Call(
        "GET",
        "/static/{file}",
        "getFile",
        TAG,
        "Return a file that the pages load",
        show_file,
        Query,
        result=str,
        media_type="text/css",
        problems=(404,),
    ),
)
