"""Write the reference page of an OpenAPI document: HTML without scripts and without other servers.

`page_calls.py` is the only caller. In: a self-contained document with one server, links, and, for
an API, its details in the sandbox. Out: the page as bytes, with a section for each operation:
parameters, body, responses, and a curl command of a sample request (`sample_requests.py`), which
contains a credential of the sandbox. Texts of documents are escaped; only parts between backquotes
become code. `schema_text.py` describes schemas.
"""

import json
import shlex
from collections.abc import Iterable, Mapping

from mockserver.base.html import Markup, html_document, join, linked_style, table, tag
from mockserver.base.json import JsonValue
from mockserver.control.api_views import ApiDetails, CredentialView
from mockserver.control.sample_requests import (
    DocumentedOperation,
    examples_of,
    operations_of,
    sample_request,
)
from mockserver.control.schema_text import member_rows, resolve, type_summary

Json = dict[str, JsonValue]
_FIELD_HEADS = ["Name", "Type", "Required", "Description"]


def reference_page(
    document: Json,
    stylesheet: str,
    home: str,
    api: ApiDetails | None = None,
    pages: Iterable[tuple[str, str, str]] = (),
) -> bytes:
    """Write the reference page of a document.

    Args:
        document: A self-contained document with one server, which serves it.
        stylesheet: URL of the style sheet.
        home: URL of the page with links to all others.
        api: Credentials, settings, test values and errors in the sandbox.
        pages: More links: title, URL, name of the API.
    """
    operations = list(operations_of(document))
    title = str(document["info"].get("title", ""))
    credentials = {one["scheme"]: one for one in reversed(api["credentials"])} if api else {}
    main = tag(
        "main",
        _intro(document, title),
        _pages(pages),
        _sandbox(api) if api else Markup(),
        *(_section(operation, document, credentials) for operation in operations),
        id="content",
    )
    skip = tag("a", "Skip to the content", href="#content", class_="skip")
    menu = _menu(operations, home)
    layout = tag("div", menu, main, class_="layout")
    page = html_document(title, skip, layout, head=[linked_style(stylesheet)])
    return page.encode("utf-8", "replace")


def _pages(pages: Iterable[tuple[str, str, str]]) -> Markup:
    items = [tag("li", tag("a", title, href=url), f" ({name})") for title, url, name in pages]
    return tag("section", tag("h2", "APIs"), tag("ul", *items)) if items else Markup()


def _menu(operations: list[DocumentedOperation], home: str) -> Markup:
    groups: dict[str, list[str]] = {}
    for operation in operations:
        group = str(next(iter(operation.value.get("tags") or ()), "Operations"))
        label = join([_method(operation), f" {operation.path}"])
        link = tag("a", label, href=f"#{operation.anchor}")
        groups.setdefault(group, []).append(tag("li", link))
    lists = [join([tag("h2", name), tag("ul", *items)]) for name, items in groups.items()]
    top = tag("p", tag("a", "All pages", href=home))
    return tag("nav", top, *lists, aria_label="Operations")


def _method(operation: DocumentedOperation) -> Markup:
    return tag("span", operation.method.upper(), class_=f"method {operation.method}")


def _intro(document: Json, title: str) -> Markup:
    info = document["info"]
    described = _text(info.get("description"))
    version = tag("p", f"Version {info.get('version', '')}, OpenAPI {document.get('openapi', '')}")
    servers = [tag("p", "Served at ", tag("code", str(one["url"]))) for one in document["servers"]]
    return tag("header", tag("h1", title), version, *servers, described)


def _text(text: JsonValue) -> Markup:
    return tag("p", _prose(text), class_="text") if text else Markup()


def _prose(text: JsonValue) -> Markup:
    """Write a text; its parts between backquotes are code."""
    parts = str(text or "").split("`")
    if len(parts) % 2 == 0:
        return join([str(text)])
    return join(_code(part) if index % 2 else part for index, part in enumerate(parts))


def _code(value: str) -> Markup:
    return tag("code", value)


def _sandbox(api: ApiDetails) -> Markup:
    credentials = [
        [item["scheme"], f"{item['where']} {item['name']}", _code(str(item["value"])),
         item["description"]]
        for item in api["credentials"]
    ]  # fmt: skip
    settings = [
        [_code(item["name"]), item["type"], str(item["value"]), item["description"]]
        for item in api["settings"]
    ]
    values = [
        [_code(item["value"]), _code(item["at"]), item["description"],
         ", ".join(item["operations"])]
        for item in api["test_values"]
    ]  # fmt: skip
    errors = [
        [_code(item["kind"]), str(item["status"]), item["description"]] for item in api["errors"]
    ]
    parts = [
        ("Credentials", table(["Scheme", "In", "Value", "Description"], credentials)),
        ("Settings", table(["Name", "Type", "Value", "Description"], settings)),
        ("Test values", table(["Value", "Compared with", "Effect", "Operations"], values)),
        ("Errors", table(["Kind", "Status", "Description"], errors)),
    ]
    return join([tag("section", tag("h2", name), rows) for name, rows in parts if rows])


def _section(
    operation: DocumentedOperation, document: Json, credentials: Mapping[str, CredentialView]
) -> Markup:
    value = operation.value
    heading = tag("h2", _method(operation), " ", _code(operation.path))
    summary = tag("p", str(value.get("summary") or ""))
    deprecated = tag("p", tag("strong", "Deprecated")) if value.get("deprecated") else Markup()
    line = _curl(operation, document, credentials)
    return tag(
        "section",
        heading,
        summary,
        deprecated,
        _text(value.get("description")),
        _parameters(operation, document),
        _body(value, document),
        _answers(value, document),
        _titled("With curl", tag("pre", _code(line), tabindex="0")),
        id=operation.anchor,
    )


def _titled(title: str, content: Markup) -> Markup:
    return join([tag("h3", title), content]) if content else Markup()


def _parameters(operation: DocumentedOperation, document: Json) -> Markup:
    listed = [
        [
            _code(str(one.get("name"))),
            str(one.get("in")),
            type_summary(one.get("schema", {}), document),
            "yes" if one.get("required") else "",
            _prose(one.get("description")),
        ]
        for one in operation.parameters
    ]
    return _titled("Parameters", table(["Name", "In", "Type", "Required", "Description"], listed))


def _body(value: Json, document: Json) -> Markup:
    body = resolve(value.get("requestBody"), document)
    parts = [_media(name, media, document) for name, media in (body.get("content") or {}).items()]
    return _titled("Request body", join(parts))


def _media(name: str, media: Json, document: Json) -> Markup:
    schema = media.get("schema", {})
    fields = [[_code(row[0]), *row[1:3], _prose(row[3])] for row in member_rows(schema, document)]
    heading = tag("p", _code(name), " ", type_summary(schema, document))
    listed = table(_FIELD_HEADS, fields, f"Fields of {name}")
    examples = [
        tag("pre", _code(_example_text(one)), tabindex="0") for one in examples_of(media, document)
    ]
    return join([heading, listed, *examples])


def _example_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _answers(value: Json, document: Json) -> Markup:
    parts: list[Markup] = []
    for status, given in (value.get("responses") or {}).items():
        response = resolve(given, document)
        media = [
            _media(name, one, document) for name, one in (response.get("content") or {}).items()
        ]
        title = f"{status} {response.get('description') or ''}"
        parts.append(tag("details", tag("summary", title), *media) if media else tag("p", title))
    return _titled("Responses", join(parts))


def _curl(
    operation: DocumentedOperation, document: Json, credentials: Mapping[str, CredentialView]
) -> str:
    """Return the curl command that sends a sample request of an operation."""
    made = sample_request(operation, document, credentials)
    words = ["curl"]
    if made.method not in ("GET", "POST"):
        words += ["-X", made.method]
    words.append(made.url)
    for name, value in made.headers:
        if name != "content-type":
            words += ["-H", f"{name}: {value}"]
    if made.body is not None:
        is_json = "json" in dict(made.headers)["content-type"]
        words += ["--json" if is_json else "-d", made.body]
    return shlex.join(words)
