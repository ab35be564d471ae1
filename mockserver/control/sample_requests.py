"""Find the operations of an OpenAPI document, and write a sample request for each.

`api_calls.py` and `reference_page.py` call it. In: a self-contained document with one server, and
credentials by security scheme. Out: method, URL, headers and body, with path parameters, required
ones, those with an `example`, and the body, from examples or else from schemas. Credentials are
those of the first alternative of `security`; without one, a placeholder such as TOKEN. Nothing is
sent or validated, so a sample need not conform to its schema.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from mockserver.base.credentials import presented
from mockserver.base.http import FORM
from mockserver.base.json import JsonValue
from mockserver.control.api_views import CredentialView
from mockserver.control.schema_text import example_of, resolve
from mockserver.openapi.security_schemes import names_schemes

Json = dict[str, JsonValue]
_METHODS = ("get", "put", "post", "patch", "delete", "options", "head", "trace")


class DocumentedOperation(NamedTuple):
    """An operation of a document."""

    method: str
    path: str
    value: Json
    parameters: list[Json]

    @property
    def anchor(self) -> str:
        """Id of its section in a page."""
        name = self.value.get("operationId") or f"{self.method}-{self.path}"
        return "operation-" + quote(str(name), safe="")


def operations_of(document: Json) -> Iterator[DocumentedOperation]:
    """Yield the operations of a self-contained document, with all their parameters."""
    for path, item in document.get("paths", {}).items():
        shared = item.get("parameters") or []
        for method in _METHODS:
            if isinstance(value := item.get(method), dict):
                own = value.get("parameters") or []
                found = {
                    (one.get("name"), one.get("in")): one
                    for one in (resolve(given, document) for given in (*shared, *own))
                }
                yield DocumentedOperation(method, path, value, list(found.values()))


def examples_of(media: Json, document: Json) -> list[JsonValue]:
    """Return the values of `example` or `examples`."""
    if "example" in media:
        return [media["example"]]
    named = [resolve(one, document) for one in (media.get("examples") or {}).values()]
    return [one["value"] for one in named if "value" in one]


class SampleRequest(NamedTuple):
    """A sample request of an operation."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    """Names as in the document, except `content-type`."""
    body: str | None


def sample_request(
    operation: DocumentedOperation, document: Json, credentials: Mapping[str, CredentialView]
) -> SampleRequest:
    """Return a request with all that an operation requires, from examples or else from schemas.

    Args:
        operation: An operation of the document.
        document: A self-contained document with one server, which serves it.
        credentials: A credential for each security scheme.
    """
    path = operation.path
    placed: dict[str, list[tuple[str, str]]] = {"query": [], "header": [], "cookie": []}
    filled = (
        *_parameter_values(operation, document),
        *_credential_values(operation, document, credentials),
    )
    for name, where, text in filled:
        if where == "path":
            path = path.replace(f"{{{name}}}", quote(text or "…", safe=""))
        elif where in placed:
            placed[where].append((name, text))
    headers, query = placed["header"], placed["query"]
    if placed["cookie"]:
        headers.append(("Cookie", "; ".join(f"{name}={text}" for name, text in placed["cookie"])))
    content_type, body = _body(operation, document)
    if body is not None:
        headers.append(("content-type", content_type))
    url = str(document["servers"][0]["url"]) + path + ("?" + urlencode(query) if query else "")
    return SampleRequest(operation.method.upper(), url, headers, body)


def _parameter_values(
    operation: DocumentedOperation, document: Json
) -> Iterator[tuple[str, str, str]]:
    """Yield name, location and value of the parameters that are required or have an example."""
    for one in operation.parameters:
        name, where = str(one.get("name")), str(one.get("in"))
        if where != "path" and not one.get("required") and "example" not in one:
            continue
        value = _value(one, document)
        if where == "query" and isinstance(value, list):
            yield from ((name, where, _text(item)) for item in value)
        else:
            yield name, where, _text(value)


def _value(parameter: Json, document: Json) -> JsonValue:
    if "example" in parameter:
        return parameter["example"]
    return example_of(parameter.get("schema"), document)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _credential_values(
    operation: DocumentedOperation, document: Json, credentials: Mapping[str, CredentialView]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, location and value of the credentials of an operation."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    own = operation.value.get("security")
    needed = own if names_schemes(own, schemes) else document.get("security") or []
    first = next(iter(needed), None) if isinstance(needed, list) else needed
    for scheme in [first] if isinstance(first, str) else first if isinstance(first, dict) else ():
        if (one := credentials.get(scheme)) is not None:
            yield one["name"], one["where"], one["presented"]
        else:
            yield from _placeholder(resolve(schemes.get(scheme), document))


def _placeholder(scheme: Json) -> Iterator[tuple[str, str, str]]:
    """Yield name, location and a placeholder for a scheme without a known credential."""
    kind = str(scheme.get("scheme") if scheme.get("type") == "http" else scheme.get("type"))
    if kind == "apiKey":
        yield str(scheme.get("name")), str(scheme.get("in")), "KEY"
    elif kind.lower() == "basic":
        yield "Authorization", "header", presented("basic", "USER:PASSWORD")
    elif kind.lower() in ("bearer", "oauth2", "openidconnect"):
        yield "Authorization", "header", presented("bearer", "TOKEN")
    elif scheme.get("type") == "http":
        yield "Authorization", "header", presented("http", "CREDENTIAL", kind.title())


def _body(operation: DocumentedOperation, document: Json) -> tuple[str, str | None]:
    """Return media type and text of a body; types with an example are preferred, then JSON."""
    content = resolve(operation.value.get("requestBody"), document).get("content") or {}
    for name in sorted(content, key=lambda name: _rank(name, content[name], document)):
        found = examples_of(content[name], document)
        value = found[0] if found else example_of(content[name].get("schema"), document)
        if name == FORM:
            members = value if isinstance(value, dict) else {}
            return name, urlencode({key: _text(member) for key, member in members.items()})
        if "json" in name:
            return name, json.dumps(value, ensure_ascii=False)
        if isinstance(value, str):
            return name, value
    return "", None


def _rank(name: str, media: Json, document: Json) -> tuple[bool, bool]:
    return not examples_of(media, document), "json" not in name
