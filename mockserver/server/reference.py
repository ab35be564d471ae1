"""The reference page of an OpenAPI document: plain HTML that needs no network and no script."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from mockserver.exchange import JsonValue
from mockserver.server.markup import Markup, join, page, table, tag
from mockserver.server.schema_text import example_of, kind_of, resolved, rows
from mockserver.server.views import ApiDetails, Credential

Json = dict[str, JsonValue]
_METHODS = ("get", "put", "post", "patch", "delete", "options", "head", "trace")
_FIELD_HEADS = ["Name", "Type", "Needed", "Meaning"]


class Operation(NamedTuple):
    """An operation of a document."""

    method: str
    path: str
    value: Json
    parameters: list[Json]

    @property
    def anchor(self) -> str:
        """Its name in the page's own links."""
        name = self.value.get("operationId") or f"{self.method}-{self.path}"
        return "operation-" + quote(str(name), safe="")


def reference_page(
    document: Json,
    stylesheet: str,
    home: str,
    api: ApiDetails | None = None,
    pages: Iterable[tuple[str, str, str]] = (),
) -> bytes:
    """Write the reference page of a document.

    Args:
        document: Self-contained, with one server: where it is served.
        stylesheet: The address of its style sheet.
        home: The address of the page that leads to all others.
        api: What the sandbox adds: credentials, settings, test values, errors.
        pages: Other pages to lead to: name, address, what is meant.
    """
    operations = list(_operations(document))
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
    return page(title, stylesheet, skip, tag("div", menu, main, class_="layout"))


def _operations(document: Json) -> Iterator[Operation]:
    for path, item in document.get("paths", {}).items():
        shared = item.get("parameters") or []
        for method in _METHODS:
            if isinstance(value := item.get(method), dict):
                own = value.get("parameters") or []
                found = {
                    (one.get("name"), one.get("in")): one
                    for one in (resolved(given, document) for given in (*shared, *own))
                }
                yield Operation(method, path, value, list(found.values()))


def _pages(pages: Iterable[tuple[str, str, str]]) -> Markup:
    items = [tag("li", tag("a", name, href=url), f" ({told})") for name, url, told in pages]
    return tag("section", tag("h2", "APIs"), tag("ul", *items)) if items else Markup()


def _menu(operations: list[Operation], home: str) -> Markup:
    groups: dict[str, list[str]] = {}
    for operation in operations:
        group = str(next(iter(operation.value.get("tags") or ()), "Operations"))
        label = join([_method(operation), f" {operation.path}"])
        link = tag("a", label, href=f"#{operation.anchor}")
        groups.setdefault(group, []).append(tag("li", link))
    lists = [join([tag("h2", name), tag("ul", *items)]) for name, items in groups.items()]
    top = tag("p", tag("a", "All pages", href=home))
    return tag("nav", top, *lists, aria_label="Operations")


def _method(operation: Operation) -> Markup:
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
    """Write a text whose parts between backquotes are code."""
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
        ("Credentials", table(["Scheme", "Where", "Value", "May"], credentials)),
        ("Settings", table(["Name", "Type", "Value", "Meaning"], settings)),
        ("Test values", table(["Value", "At", "Effect", "Operations"], values)),
        ("Errors", table(["Kind", "Status", "Meaning"], errors)),
    ]
    return join([tag("section", tag("h2", name), rows) for name, rows in parts if rows])


def _section(operation: Operation, document: Json, credentials: Mapping[str, Credential]) -> Markup:
    value = operation.value
    heading = tag("h2", _method(operation), " ", _code(operation.path))
    summary = tag("p", str(value.get("summary") or ""))
    deprecated = tag("p", tag("strong", "Deprecated")) if value.get("deprecated") else Markup()
    line = curl(operation, document, credentials)
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


def _parameters(operation: Operation, document: Json) -> Markup:
    listed = [
        [
            _code(str(one.get("name"))),
            str(one.get("in")),
            kind_of(one.get("schema", {}), document),
            "yes" if one.get("required") else "",
            _prose(one.get("description")),
        ]
        for one in operation.parameters
    ]
    return _titled("Parameters", table(["Name", "In", "Type", "Needed", "Meaning"], listed))


def _body(value: Json, document: Json) -> Markup:
    body = resolved(value.get("requestBody"), document)
    parts = [_media(name, media, document) for name, media in (body.get("content") or {}).items()]
    return _titled("Body", join(parts))


def _media(name: str, media: Json, document: Json) -> Markup:
    schema = media.get("schema", {})
    fields = [[_code(row[0]), *row[1:3], _prose(row[3])] for row in rows(schema, document)]
    told = tag("p", _code(name), " ", kind_of(schema, document))
    shown = table(_FIELD_HEADS, fields, f"Fields of {name}")
    examples = [
        tag("pre", _code(_written(one)), tabindex="0") for one in _examples(media, document)
    ]
    return join([told, shown, *examples])


def _examples(media: Json, document: Json) -> list[JsonValue]:
    if "example" in media:
        return [media["example"]]
    named = [resolved(one, document) for one in (media.get("examples") or {}).values()]
    return [one["value"] for one in named if "value" in one]


def _written(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _answers(value: Json, document: Json) -> Markup:
    parts: list[Markup] = []
    for status, given in (value.get("responses") or {}).items():
        response = resolved(given, document)
        media = [
            _media(name, one, document) for name, one in (response.get("content") or {}).items()
        ]
        title = f"{status} {response.get('description') or ''}"
        parts.append(tag("details", tag("summary", title), *media) if media else tag("p", title))
    return _titled("Answers", join(parts))


def curl(operation: Operation, document: Json, credentials: Mapping[str, Credential]) -> str:
    """Write the command that sends a small example of an operation's request."""
    words = ["curl"]
    if operation.method not in ("get", "post"):
        words += ["-X", operation.method.upper()]
    path, query, headers = operation.path, [], []
    for one in operation.parameters:
        name, where = str(one.get("name")), one.get("in")
        example = one["example"] if "example" in one else example_of(one.get("schema"), document)
        if where == "path":
            path = path.replace(f"{{{name}}}", quote(str(example or "…"), safe=""))
        elif where == "query" and one.get("required"):
            query.append((name, str(example)))
        elif where == "header" and one.get("required"):
            headers.append(f"{name}: {example}")
    header, parameter = _credential(operation, document, credentials)
    headers += header
    target = str(document["servers"][0]["url"]) + path
    words.append(target + ("?" + urlencode(query + parameter) if query or parameter else ""))
    for text in headers:
        words += ["-H", text]
    return shlex.join([*words, *_data(operation, document)])


def _credential(
    operation: Operation, document: Json, credentials: Mapping[str, Credential]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the header or the query parameter that carries a credential for an operation."""
    needed = operation.value.get("security", document.get("security")) or []
    names = list(next(iter(needed), {}))
    known = [credentials[name] for name in names if name in credentials]
    headers = [f"{one['name']}: {_presented(one)}" for one in known if one["where"] == "header"]
    if names and not known:
        headers.append("Authorization: Bearer TOKEN")
    return headers, [(one["name"], str(one["value"])) for one in known if one["where"] == "query"]


def _presented(credential: Credential) -> str:
    if credential["kind"] == "apiKey":
        return str(credential["value"])
    return f"{'Basic' if credential['kind'] == 'basic' else 'Bearer'} {credential['value']}"


def _data(operation: Operation, document: Json) -> list[str]:
    content = resolved(operation.value.get("requestBody"), document).get("content") or {}
    for name, media in content.items():
        examples = _examples(media, document)
        value = examples[0] if examples else example_of(media.get("schema"), document)
        if name == "application/x-www-form-urlencoded":
            return ["-d", urlencode(value if isinstance(value, dict) else {})]
        if "json" in name:
            return ["--json", json.dumps(value, ensure_ascii=False)]
    return []
