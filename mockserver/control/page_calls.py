"""Calls for the reference pages, and what they are made with."""

from importlib.resources import files

from mockserver.base.asgi import CONTROL_PREFIX
from mockserver.control.api_views import api_details
from mockserver.control.declarations import Ask, Call, InSandbox, Query, RawContent, missing
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


def show_docs(ask: Ask[Query, None]) -> RawContent:
    """Write the control API's reference page, which leads to those of the APIs."""
    pages = [(api.title, f"{_HOME}/{name}", api.name) for name, api in ask.engine.apis.items()]
    document = openapi(ask.serving, ask.origin)
    return RawContent(reference_page(document, _STYLESHEET, _HOME, pages=pages), _HTML, _POLICY)


def show_api_docs(ask: Ask[InSandbox, None]) -> RawContent:
    """Write an API's reference page, with what the sandbox has for it."""
    api, sandbox = ask.api(), ask.sandbox()
    details = api_details(api, ask.origin, sandbox, ask.now(sandbox))
    document = served_document(ask, api)
    return RawContent(reference_page(document, _STYLESHEET, _HOME, details), _HTML, _POLICY)


def show_file(ask: Ask[Query, None]) -> RawContent:
    """Return a file of the pages."""
    name = ask.path["file"]
    if name not in _TYPES:
        missing(f"there is no file {name[:100]!r}", name, _TYPES)
    content = (files("mockserver.control") / "static" / name).read_bytes()
    return RawContent(content, _TYPES[name])


CALLS = (
    Call(
        "GET",
        "/docs",
        "getDocs",
        TAG,
        "Show this reference",
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
        "Show the reference of an API",
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
        "Return a file that the pages are made with",
        show_file,
        Query,
        result=str,
        media_type="text/css",
        problems=(404,),
    ),
)
