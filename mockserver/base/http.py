"""Structured values of header fields: media types with their parameters, and cookies."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FORM = "application/x-www-form-urlencoded"
WITHOUT_LENGTH = frozenset((204, 304))
"""Statuses of answers that have no body, nor say its length (RFC 9110, section 8.6)."""
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
_OF_THE_MESSAGE = frozenset(("charset", "boundary"))
"""Parameters that say how a message is written, not what it is."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or a range of them, with its parameters (RFC 9110, section 8.3.1)."""

    name: str
    """In lower case: `application/json`, `text/*`; empty if none is given."""
    parameters: Mapping[str, str]

    @property
    def is_usable(self) -> bool:
        """It has a type and a subtype."""
        return _NAME.fullmatch(self.name) is not None

    @property
    def charset(self) -> str:
        """The character encoding in lower case; UTF-8 unless another one is named."""
        return self.parameters.get("charset", "utf-8").lower()

    def admits(self, given: "MediaType") -> int:
        """Tell how closely this range describes a type: 0 not at all, more for more closely."""
        wanted = {
            name: value for name, value in self.parameters.items() if name not in _OF_THE_MESSAGE
        }
        if any(given.parameters.get(name) != value for name, value in wanted.items()):
            return 0
        if self.name == given.name:
            return 3 + len(wanted)
        if self.name.endswith("/*") and given.name.startswith(self.name[:-1]):
            return 2
        return int(self.name == "*/*")


def scheme_of(headers: Mapping[str, str], scheme: str) -> str:
    """Tell what the client speaks: https where a proxy in front says so, else this `scheme`."""
    forwarded = headers.get("x-forwarded-proto")
    if forwarded and forwarded.partition(",")[0].strip().lower() == "https":
        return "https"
    return scheme


def is_json(name: str) -> bool:
    """Tell whether a media type, without parameters, is a single JSON text."""
    return name in _JSON or (name.endswith("+json") and name not in _LINES)


def is_json_lines(name: str) -> bool:
    """Tell whether a media type, without parameters, has a JSON text on each line."""
    return name in _LINES


def is_json_sequence(name: str) -> bool:
    """Tell whether a media type, without parameters, is a JSON text sequence (RFC 7464)."""
    return name == "application/json-seq" or name.endswith("+json-seq")


def is_stream(name: str) -> bool:
    """Tell whether a media type, without parameters, has items that follow each other."""
    return is_json_lines(name) or is_json_sequence(name) or name == "text/event-stream"


def is_xml(name: str) -> bool:
    """Tell whether a media type, without parameters, is XML (RFC 7303)."""
    return name in ("application/xml", "text/xml") or name.endswith("+xml")


def is_field_name(text: str) -> bool:
    """Tell whether a header field can have this name (RFC 9110, section 5.1)."""
    return _TOKEN.fullmatch(text) is not None


def essence(text: str) -> str:
    """Return a media type without its parameters, in lower case."""
    if text == "application/json":  # which most are
        return text
    return text.partition(";")[0].strip().lower()


def media_type(text: str) -> MediaType:
    """Read a media type; parameters that are not of the grammar are left out."""
    _, semicolon, rest = text.partition(";")
    return MediaType(essence(text), parameters(semicolon + rest) if semicolon else {})


def parameters(text: str) -> dict[str, str]:
    """Read `;name=value` and `;name="value"` (RFC 9110, 5.6.6); the first of a name wins."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text):
        value = (match[2] or "").rstrip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = _ESCAPED.sub(r"\1", value[1:-1])
        found.setdefault(match[1].lower(), value)
    return found


def cookie_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a Cookie field (RFC 6265, section 4.2.1), as they are sent."""
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals or not name:
            continue
        is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
        yield name.strip(), value[1:-1] if is_quoted else value
