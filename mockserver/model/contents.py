"""Define what an operation reads and answers with: parameters, bodies, headers, examples, schemas.

The protocols name what the engine may ask of compiled objects, so that it imports nothing of
loading: `wire/parameters.py` implements `Parameters` and makes `ParameterField`s, `wire/media.py`
makes each `ReadBody`, `schemas/validators.py` the schemas. `openapi/answers.py` and
`openapi/request_bodies.py` make the other data classes; `engine/`, `wire/`, `schemas/` and
`contract/` use them. Only `ReadBody` raises: a Refusal for a body that cannot be read.
"""

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
        """Return True if the value conforms."""

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        """Return all violations of the schema; empty if the value conforms."""


class ValueSchema(Validator, Protocol):
    """A schema that can be read as well."""

    def schema(self) -> JsonValue:
        """Return the self-contained JSON Schema."""


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A field of a query, or a part of a path, as the value of a parameter or as a part of it."""

    schema: JsonValue
    """The self-contained JSON Schema of the parameter."""
    keys: tuple[str, ...] = ()
    """The way from the parameter's value to that of the field; empty or a number for an item."""
    delimiters: str = ""
    """Characters between the items or members in the text; empty if it is a single value."""


Decoded = tuple[dict[str, dict[str, JsonValue]], list[Violation]]
"""Parameter values by part of the request, and their violations."""


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
        """Names of the headers it reads, in lower case; includes `cookie` if it reads cookies."""

    def names(self, where: str) -> frozenset[str]:
        """Return the names of the parameters in one part of the request."""

    def field(self, where: str, name: str) -> "ParameterField | None":
        """Return what a field of the query, or a part of the path, is; None if undeclared."""

    def used_parameters(self, query: str, headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """Yield part and name of each parameter that was sent, except those of the path."""

    def remarks(
        self, query: str, headers: Mapping[str, str], known: Container[str] = ()
    ) -> list[str]:
        """Return remarks on undeclared query parameters and on deprecated parameters."""


ReadBody = Callable[[bytes, str], tuple[JsonValue, list[Violation]]]
"""Reads a body and its Content-Type; returns the value and all violations.

Raises a Refusal if the body cannot be read."""


@dataclass(frozen=True, slots=True)
class RequestMedia:
    """One media type that an operation reads."""

    media_type: str
    """A type or a range, such as `application/json` or `text/*`, as the document writes it."""
    accepts: MediaType
    read: ReadBody
    schema: Callable[[], JsonValue] | None = None
    """Returns the self-contained JSON Schema, which is made at the first call."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The request body of an operation."""

    required: bool
    media: tuple[RequestMedia, ...]


class SampledSchema(Protocol):
    """A schema from which values are sampled."""

    @property
    def derived(self) -> dict[object, Any]:
        """A cache of objects derived from the schema, with the same lifetime."""

    def is_valid(self, value: JsonValue, /) -> bool:
        """Return True if the value conforms."""

    def schema(self) -> dict[str, JsonValue]:
        """Return the self-contained JSON Schema."""

    def checker(self, part: JsonValue, /) -> Callable[[JsonValue], bool]:
        """Return a predicate for the values that conform to a subschema of this one."""


class ResponseSchema(Validator, SampledSchema, Protocol):
    """A schema from which answers are sampled and by which they are validated."""


@dataclass(frozen=True, slots=True)
class Example:
    """A documented example value."""

    name: str
    value: JsonValue
    """Bytes if the document gives the serialized value."""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class ResponseMedia:
    """One media type of a documented answer: its examples and a schema to sample from."""

    media_type: str
    """As the document writes it; a type with parameters, or a range such as `image/*`."""
    examples: tuple[Example, ...]
    schema: ResponseSchema | None
    is_stream: bool = False
    """True if the body is a sequence of items and the schema describes one item."""
    write_xml: Callable[[JsonValue], str] | None = None
    """Writes a value as XML, as the schema describes it."""
    holds: str = "anything"
    """For a range, what its body is: octets, a value that is no string, or anything."""
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
    """True if its value is written as JSON (the header has `content`)."""


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """An answer as the document describes it."""

    status: str
    """A status code, a range such as `4XX`, or `default`."""
    description: str
    media: tuple[ResponseMedia, ...]
    headers: tuple[ResponseHeader, ...] = ()
