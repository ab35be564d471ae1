"""Calls for the reference pages, and what they are made with."""

from importlib.resources import files

from mockserver.server.app import CONTROL_PREFIX
from mockserver.server.control.call import Ask, Call, Content, InSandbox, Query, missing
from mockserver.server.control.documents import TAG, served_document
from mockserver.server.control.openapi import openapi
from mockserver.server.reference import reference_page
from mockserver.server.views import api_details

_HTML = "text/html; charset=utf-8"
_TYPES = {"reference.css": "text/css; charset=utf-8"}
_STYLESHEET = f"{CONTROL_PREFIX}/static/reference.css"
_HOME = f"{CONTROL_PREFIX}/docs"
_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}


def show_docs(ask: Ask[Query, None]) -> Content:
    """Write the control API's reference page, which leads to those of the APIs."""
    pages = [(api.title, f"{_HOME}/{name}", api.name) for name, api in ask.engine.apis.items()]
    document = openapi(ask.serving, ask.origin)
    return Content(reference_page(document, _STYLESHEET, _HOME, pages=pages), _HTML, _POLICY)


def show_api_docs(ask: Ask[InSandbox, None]) -> Content:
    """Write an API's reference page, with what the sandbox has for it."""
    api, sandbox = ask.api(), ask.sandbox()
    details = api_details(api, ask.origin, sandbox, ask.now(sandbox))
    document = served_document(ask, api)
    return Content(reference_page(document, _STYLESHEET, _HOME, details), _HTML, _POLICY)


def show_file(ask: Ask[Query, None]) -> Content:
    """Return a file of the pages."""
    name = ask.path["file"]
    if name not in _TYPES:
        missing(f"there is no file {name[:100]!r}", name, _TYPES)
    content = (files("mockserver.server") / "static" / name).read_bytes()
    return Content(content, _TYPES[name])


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
