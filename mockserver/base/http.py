"""Parse media types, their parameters and cookies, classify media types, and check header names.

Every room that reads or writes HTTP calls it, such as `wire/media.py`, `engine/rendering.py`,
`openapi/answers.py` and `contract/`. `MediaType.admits` returns how specifically a range matches, 0
for no match. `is_json` and the like take a name without parameters, in lower case. `scheme_of` says
https if a proxy did. `SERVER_FIELDS` are headers that documents cannot set. Invalid text is ignored
and never raises: a name may be unusable, which `is_usable` says. Nothing is decoded.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FORM = "application/x-www-form-urlencoded"
WITHOUT_LENGTH = frozenset((204, 304))
"""Status codes of answers without a body and without Content-Length (RFC 9110, section 8.6)."""
SERVER_FIELDS = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Names of fields about the connection and the size of a message, which only a server knows.

Content-Encoding is one of them: answers are not compressed.
"""
_NAME = re.compile(r"[-\w!#$&^.+*|~%'`]+/[-\w!#$&^.+*|~%'`]+", re.ASCII)
_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_JSON = frozenset(("application/json", "text/json", "application/x-json"))
_LINES = frozenset(
    (
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/stream+json",
        "application/x-json-stream",
    )
)
_PARAMETER = re.compile(r';[ \t]*([^\s=;"]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^;]*))?')
_ESCAPED = re.compile(r"\\(.)")
_ENCODING_PARAMETERS = frozenset(("charset", "boundary"))
"""Parameters that describe the encoding of one message; they do not select a media type."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or media range, with its parameters (RFC 9110, section 8.3.1)."""

    name: str
    """In lower case: `application/json`, `text/*`; empty if there is none."""
    parameters: Mapping[str, str]

    @property
    def is_usable(self) -> bool:
        """True if it has a type and a subtype."""
        return _NAME.fullmatch(self.name) is not None

    @property
    def charset(self) -> str:
        """The character encoding in lower case; UTF-8 if the parameter is missing."""
        return self.parameters.get("charset", "utf-8").lower()

    def admits(self, given: "MediaType") -> int:
        """Return how specifically this range matches a type, from 0 for no match."""
        wanted = {
            name: value
            for name, value in self.parameters.items()
            if name not in _ENCODING_PARAMETERS
        }
        if any(given.parameters.get(name) != value for name, value in wanted.items()):
            return 0
        if self.name == given.name:
            return 3 + len(wanted)
        if self.name.endswith("/*") and given.name.startswith(self.name[:-1]):
            return 2
        return int(self.name == "*/*")


def scheme_of(headers: Mapping[str, str], scheme: str) -> str:
    """Return https if `X-Forwarded-Proto` of a proxy names it, otherwise `scheme`."""
    forwarded = headers.get("x-forwarded-proto")
    if forwarded and forwarded.partition(",")[0].strip().lower() == "https":
        return "https"
    return scheme


def is_json(name: str) -> bool:
    """Return True if a media type, without parameters, is a single JSON text."""
    return name in _JSON or (name.endswith("+json") and name not in _LINES)


def is_json_lines(name: str) -> bool:
    """Return True if a media type, without parameters, has a JSON text on each line."""
    return name in _LINES


def is_json_sequence(name: str) -> bool:
    """Return True if a media type, without parameters, is a JSON text sequence (RFC 7464)."""
    return name == "application/json-seq" or name.endswith("+json-seq")


def is_stream(name: str) -> bool:
    """Return True if a media type, without parameters, is a sequence of items."""
    return is_json_lines(name) or is_json_sequence(name) or name == "text/event-stream"


def is_xml(name: str) -> bool:
    """Return True if a media type, without parameters, is XML (RFC 7303)."""
    return name in ("application/xml", "text/xml") or name.endswith("+xml")


def is_field_name(text: str) -> bool:
    """Return True for a valid name of a header field (RFC 9110, section 5.1)."""
    return _TOKEN.fullmatch(text) is not None


def essence(text: str) -> str:
    """Return a media type without its parameters, in lower case."""
    if text == "application/json":  # the most frequent case
        return text
    return text.partition(";")[0].strip().lower()


def media_type(text: str) -> MediaType:
    """Read a media type; ignore invalid parameters."""
    _, semicolon, rest = text.partition(";")
    return MediaType(essence(text), parameters(semicolon + rest) if semicolon else {})


def parameters(text: str) -> dict[str, str]:
    """Read `;name=value` and `;name="value"` (RFC 9110, 5.6.6); duplicates are ignored."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text):
        value = (match[2] or "").rstrip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = _ESCAPED.sub(r"\1", value[1:-1])
        found.setdefault(match[1].lower(), value)
    return found


def cookie_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a Cookie field (RFC 6265, section 4.2.1), not decoded."""
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals or not name:
            continue
        is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
        yield name.strip(), value[1:-1] if is_quoted else value
