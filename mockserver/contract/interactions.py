"""Interactions: requests and the answers to expect, as they stand in files."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.time import parse_duration, parse_instant
from mockserver.schemas.validators import compile_schema

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class ValuePattern(_Part):
    """Compare by a regular expression, as JSON Schema does: not anchored."""

    pattern: str

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, value: str) -> str:
        try:
            compile_schema({"type": "string", "pattern": value})
        except ValueError:
            raise ValueError("is not a regular expression") from None
        return value


Rule = Literal["equal", "type", "ignored"] | ValuePattern
"""How strictly a value is compared; it holds for everything below the value, too."""


class Given(_Part):
    """The state that an interaction needs before its request."""

    settings: dict[str, JsonValue] = {}
    records: dict[str, list[dict[str, JsonValue]]] = {}
    """Records to add, by collection."""
    clock: str | None = None
    """The instant at which it begins (ISO 8601)."""
    after: tuple[str, ...] = ()
    """Interactions of the same API whose requests are sent before, by name."""
    advance: str | None = None
    """A duration that passes between those and this one's request (ISO 8601)."""

    @property
    def needs_mock(self) -> bool:
        """Only a mockserver can be brought into this state."""
        return bool(self.settings or self.records or self.clock or self.advance)

    @field_validator("clock")
    @classmethod
    def _check_instant(cls, value: str | None) -> str | None:
        if value is not None:
            parse_instant(value)
        return value

    @field_validator("advance")
    @classmethod
    def _check_duration(cls, value: str | None) -> str | None:
        if value is not None:
            parse_duration(value)
        return value


class RequestPart(_Part):
    """A request; every text in it may have `${…}` placeholders."""

    method: str = Field(pattern=r"^[A-Z]{1,20}$")
    path: str = Field(pattern=r"^/")
    """Below the API's base URL, with the values of its parameters."""
    query: dict[str, str | list[str]] = {}
    headers: dict[str, str] = {}
    json_body: JsonValue = Field(None, alias="json")
    form: dict[str, str] | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _check_single_body(self) -> "RequestPart":
        if len({"json_body", "form", "text"} & self.model_fields_set) > 1:
            raise ValueError("has more than one of `json`, `form` and `text`")
        return self

    @property
    def has_json(self) -> bool:
        """A JSON body is sent, which may be `null`."""
        return "json_body" in self.model_fields_set


class AnswerPart(_Part):
    """The answer to expect; what it does not mention may be anything."""

    status: int = Field(ge=100, le=599)
    headers: dict[str, str | ValuePattern] = {}
    json_body: JsonValue = Field(None, alias="json")
    text: str | None = None
    compare: dict[str, Rule] = {}
    """Rules by JSON Pointer into the JSON body, where `*` stands for any member; the longest
    pointer above a value counts, and `equal` where there is none. A rule alone is for the whole
    body."""
    undocumented: bool = False
    """The document is known to lack this status."""

    @property
    def has_json(self) -> bool:
        """A JSON body is expected, which may be `null`."""
        return "json_body" in self.model_fields_set

    @field_validator("compare", mode="before")
    @classmethod
    def _expand_single_rule(cls, value: object) -> object:
        return {"": value} if isinstance(value, str) else value

    @field_validator("compare")
    @classmethod
    def _check_pointers(cls, value: dict[str, Rule]) -> dict[str, Rule]:
        for pointer in value:
            if pointer and not pointer.startswith("/"):
                raise ValueError(f"{pointer!r} is not a JSON Pointer; begin it with a slash")
        return value


class Interaction(_Part):
    """A request and the answer to expect, under a name."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^:{}\n]+$")
    operation: str | None = None
    """The operation's id; found by method and path if left out."""
    description: str = ""
    source: str = ""
    """Where the answer is documented."""
    tags: tuple[str, ...] = ()
    writes: bool | None = None
    """It changes something; if left out, by its method."""
    given: Given = Given()
    request: RequestPart
    answer: AnswerPart

    @property
    def changes_data(self) -> bool:
        """Sending it to a real service may change something there."""
        if self.writes is not None:
            return self.writes
        return self.request.method not in SAFE_METHODS


class InteractionFile(_Part):
    """A file of interactions of one API."""

    api: str | None = None
    """The API's name, if the file's folder does not say it."""
    sandbox: Literal["each", "shared"] = "each"
    """With `shared` all of the file are sent in order, in one sandbox: a recording."""
    interactions: tuple[Interaction, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedInteraction:
    """An interaction with its place and what goes before it."""

    interaction: Interaction
    source: Source
    group: str = ""
    """Interactions of the same group share a sandbox; empty for one of its own."""

    @property
    def name(self) -> str:
        """The interaction's name."""
        return self.interaction.name


def tags_of(interactions: Iterable[PlacedInteraction]) -> set[str]:
    """Collect the tags of interactions."""
    return {tag for placed in interactions for tag in placed.interaction.tags}
