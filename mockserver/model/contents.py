"""What requests and answers contain, as a document describes it: parameters, bodies, headers."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mockserver.base.http import MediaType
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.model.refusal import Violation


class Validator(Protocol):
    """Checks JSON values against one schema."""

    def is_valid(self, value: JsonValue, /) -> bool:
        """Tell whether the value conforms."""

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """List every way in which the value does not conform."""


Decoded = tuple[dict[str, dict[str, JsonValue]], list[Violation]]
"""Parameter values by part of the request, and what is wrong with them."""


class Parameters(Protocol):
    """Decodes the parameters of one operation from their text."""

    def decode(
        self,
        path: Mapping[str, str],
        query: str,
        headers: Mapping[str, str],
    ) -> Decoded:
        """Return the typed values (`path`, `query`, `header`, `cookie`) and all violations."""

    @property
    def header_names(self) -> Sequence[str]:
        """The headers it reads, in lower case; `cookie` if it reads cookies."""

    def names(self, where: str) -> frozenset[str]:
        """Return the names of the parameters in one part of the request."""

    def sent(self, query: str, headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """Yield the parameters beside the path that are sent: their parts and names."""

    def remarks(
        self, query: str, headers: Mapping[str, str], known: Container[str] = ()
    ) -> list[str]:
        """Say which query parameters are not declared, and which deprecated ones are used."""


ReadBody = Callable[[bytes, str], tuple[JsonValue, list[Violation]]]
"""Reads a body with its Content-Type: its value, and everything that is wrong with it.

It raises a Refusal if it cannot be read at all."""


@dataclass(frozen=True, slots=True)
class RequestMedia:
    """One media type that an operation reads."""

    media_type: str
    """A type or a range, such as `application/json` or `text/*`, as the document writes it."""
    accepts: MediaType
    read: ReadBody
    schema: Callable[[], JsonValue] | None = None
    """Makes the self-contained JSON Schema when first asked."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The request body of an operation."""

    required: bool
    media: tuple[RequestMedia, ...]


class SampledSchema(Protocol):
    """A schema that values are made from."""

    @property
    def derived(self) -> dict[object, Any]:
        """What was made of it before, by what made it: kept as long as the schema itself."""

    def is_valid(self, value: JsonValue, /) -> bool:
        """Tell whether the value conforms."""

    def schema(self) -> dict[str, JsonValue]:
        """Make the self-contained JSON Schema."""

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        """Return what tells whether a value conforms to a schema inside this one."""


class ResponseSchema(Validator, SampledSchema, Protocol):
    """A schema that values of answers are made from and compared with."""


@dataclass(frozen=True, slots=True)
class Example:
    """A documented example value."""

    name: str
    value: JsonValue
    """Bytes where the document gives the text that is sent."""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class ResponseMedia:
    """One media type of a documented answer: its examples and a schema to sample from."""

    media_type: str
    """As the document writes it; a type with parameters, or a range such as `image/*`."""
    examples: tuple[Example, ...]
    schema: ResponseSchema | None
    is_stream: bool = False
    """The schema describes one of several items that follow each other."""
    write_xml: Callable[[JsonValue], str] | None = None
    """Writes a value as the XML that the schema describes."""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """A header of a documented answer."""

    name: str
    required: bool
    examples: tuple[JsonValue, ...]
    schema: ResponseSchema | None
    explode: bool = False
    is_json: bool = False
    """Its value is written as JSON (the header has `content`)."""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """An answer as the document describes it."""

    status: str
    """A status code, a range such as `4XX`, or `default`."""
    description: str
    media: tuple[ResponseMedia, ...]
    headers: tuple[ResponseHeader, ...] = ()
