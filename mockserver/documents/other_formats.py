"""Recognise formats that are given as documents by mistake, and say what to do with them.

`versions.py` calls `format_of_value` for a mapping without an OpenAPI version, `document.py` calls
`format_of_text` for other texts. Both return an `OtherFormat` with its name and a hint, or None if
it is not recognised. Nothing is converted, reported or raised here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue


class OtherFormat(NamedTuple):
    """A format that is not OpenAPI."""

    name: str
    hint: str


def _imported(name: str, form: str) -> OtherFormat:
    hint = f"`mockserver import FILE --from {form}` turns it into interactions; it is not served"
    return OtherFormat(name, hint)


def _unserved(name: str, what: str = "HTTP API") -> OtherFormat:
    return OtherFormat(name, f"it is not served; describe the {what} in an OpenAPI document")


_POSTMAN, _HAR, _PACT = (
    _imported("a Postman collection", "postman"),
    _imported("an HTTP Archive (HAR)", "har"),
    _imported("a Pact file", "pact"),
)
_GRAPHQL = _unserved("a GraphQL schema", "endpoint and its answers")


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda value: all(key in value for key in keys)


def _is_in(key: str, *members: str) -> Callable[[Mapping[str, Any]], bool]:
    def check(value: Mapping[str, Any]) -> bool:
        inner = value.get(key)
        return isinstance(inner, dict) and any(member in inner for member in members)

    return check


_BY_KEYS: tuple[tuple[Callable[[Mapping[str, Any]], bool], OtherFormat], ...] = (
    (_has("asyncapi"), _unserved("an AsyncAPI document")),
    (_has("arazzo"), _unserved("an Arazzo document")),
    (_is_in("info", "_postman_id", "schema"), _POSTMAN),
    (_is_in("collection", "item"), _POSTMAN),
    (_is_in("log", "entries"), _HAR),
    (_has("consumer", "provider"), _PACT),
    (_has("__schema"), _GRAPHQL),
    (_is_in("data", "__schema"), _GRAPHQL),
    (_has("_type", "resources"), _unserved("an Insomnia export")),
    (_has("swaggerVersion"), _unserved("a Swagger 1.x document; convert it to OpenAPI")),
    (_has("$schema", "properties"), _unserved("a JSON Schema")),
    (_has("interactions"), OtherFormat("an interaction file", "name the document of its API")),
    (_has("discoveryVersion"), _unserved("a Google API Discovery document")),
)
_BY_TEXT: tuple[tuple[re.Pattern[str], OtherFormat], ...] = (
    (re.compile(r"\s*#%RAML"), _unserved("a RAML document")),
    (re.compile(r"\s*FORMAT:\s*1A"), _unserved("an API Blueprint")),
    (
        re.compile(r"(?>\s|//[^\n]*\n|/\*.*?\*/)*+(?:syntax|edition)\s*=\s*[\"']", re.DOTALL),
        _unserved("a Protocol Buffers file (gRPC)"),
    ),
    (
        re.compile(r"\s*<(?:.*?<)?(?:\w+:)?definitions\b", re.DOTALL),
        _unserved("a WSDL document (SOAP)"),
    ),
    (
        re.compile(r"\s*<(?:[?!]|html\b|\w+:?\w*[\s>])", re.IGNORECASE),
        _unserved("an XML or HTML document"),
    ),
    (
        re.compile(
            r"""(?>\s|\#[^\n]*\n|\"{3}.*?\"{3})*+
            (?:schema|extend\ type|type|interface|enum|union|input|scalar|directive|query|mutation)
            (?:\s+@?\w+[^:{]*)?\s*(?:\{|=|\n)""",
            re.DOTALL | re.VERBOSE,
        ),
        _GRAPHQL,
    ),
)
"""Formats by the beginning of a text; the groups do not backtrack."""
_LONGEST_HEAD = 10_000
"""The number of characters at the beginning of a text by which it is recognised."""
_SUFFIXES = {
    ".graphql": _GRAPHQL,
    ".gql": _GRAPHQL,
    ".graphqls": _GRAPHQL,
    ".proto": _unserved("a Protocol Buffers file (gRPC)"),
    ".wsdl": _unserved("a WSDL document (SOAP)"),
    ".raml": _unserved("a RAML document"),
    ".har": _HAR,
    ".tsp": _unserved("a TypeSpec file; compile it to OpenAPI"),
    ".smithy": _unserved("a Smithy model; convert it to OpenAPI"),
}


def format_of_value(value: JsonValue) -> OtherFormat | None:
    """Return the other format that a value is written in, by its keys; None if it is unknown."""
    if not isinstance(value, dict):
        return None
    return next((found for is_of, found in _BY_KEYS if is_of(value)), None)


def format_of_text(text: str, file: str) -> OtherFormat | None:
    """Return the other format of a text that is neither JSON nor a YAML mapping."""
    for suffix, found in _SUFFIXES.items():
        if file.lower().endswith(suffix):
            return found
    head = text[:_LONGEST_HEAD]
    return next((found for pattern, found in _BY_TEXT if pattern.match(head)), None)
