"""Define the models of interaction files: requests with the expected answers.

`interaction_files.py` reads files with `InteractionFile`; other modules of `contract/` use
`Interaction` with its parts (`Given` state, `RequestPart`, `AnswerPart`) and `PlacedInteraction`,
which adds the place and the group with the same sandbox. `changes_data` and `needs_mock` tell
`verification.py` what a real service must not or cannot get; `cli/contract_options.py` uses
`tags_of`. The models check forms (patterns, instants, pointers, one body of a request) and refuse
unknown keys. They know no API, and replace no placeholders.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.time import parse_clock_time, parse_duration
from mockserver.schemas.compilation import compile_schema

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
"""Methods that do not change data (RFC 9110, section 9.2.1)."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class ValuePattern(_Part):
    """A regular expression that the value must match; not anchored, as in JSON Schema."""

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
"""How strictly a value and everything below it are compared."""


class Given(_Part):
    """The state that an interaction needs before its request."""

    settings: dict[str, JsonValue] = {}
    records: dict[str, list[dict[str, JsonValue]]] = {}
    """Records to add, by the name of the collection."""
    clock: str | None = None
    """The initial instant of the sandbox's clock (ISO 8601)."""
    after: tuple[str, ...] = ()
    """Names of interactions of the same API whose requests are sent first."""
    advance: str | None = None
    """A duration by which the clock is moved after these requests (ISO 8601)."""

    @property
    def needs_mock(self) -> bool:
        """True if only a mockserver can provide this state."""
        return bool(self.settings or self.records or self.clock or self.advance)

    @field_validator("clock")
    @classmethod
    def _check_instant(cls, value: str | None) -> str | None:
        if value is not None:
            parse_clock_time(value)
        return value

    @field_validator("advance")
    @classmethod
    def _check_duration(cls, value: str | None) -> str | None:
        if value is not None:
            parse_duration(value)
        return value


class RequestPart(_Part):
    """A request; all its texts may contain `${…}` placeholders."""

    method: str = Field(pattern=r"^[A-Z]{1,20}$")
    path: str = Field(pattern=r"^/")
    """Relative to the API's base URL, with the values of the path parameters."""
    query: dict[str, str | list[str]] = {}
    headers: dict[str, str] = {}
    json_body: JsonValue = Field(None, alias="json")
    form: dict[str, str | list[str]] | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _check_single_body(self) -> "RequestPart":
        if len({"json_body", "form", "text"} & self.model_fields_set) > 1:
            raise ValueError("has more than one of `json`, `form` and `text`")
        return self

    @property
    def has_json(self) -> bool:
        """True if a JSON body is sent, which may be `null`."""
        return "json_body" in self.model_fields_set


class AnswerPart(_Part):
    """The expected answer; headers and members that it does not name may have any value."""

    status: int = Field(ge=100, le=599)
    headers: dict[str, str | ValuePattern] = {}
    json_body: JsonValue = Field(None, alias="json")
    text: str | None = None
    compare: dict[str, Rule] = {}
    """Rules by JSON Pointer into the JSON body; `*` stands for any member.

    The longest pointer to a value or to one above it applies; the default rule is `equal`.
    In a file, a rule without a pointer applies to the whole body.
    """
    undocumented: bool = False
    """Accept that the document does not describe this status."""

    @property
    def has_json(self) -> bool:
        """True if a JSON body is expected, which may be `null`."""
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
    """A named request with the expected answer."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^:{}\n]+$")
    operation: str | None = None
    """The operation id; by default, the operation is found by method and path."""
    description: str = ""
    source: str = ""
    """A reference to the documentation of the answer, for readers."""
    tags: tuple[str, ...] = ()
    writes: bool | None = None
    """True if the request changes data; by default, if its method is not safe."""
    given: Given = Given()
    request: RequestPart
    answer: AnswerPart

    @property
    def changes_data(self) -> bool:
        """True if the request may change data of a real service."""
        if self.writes is not None:
            return self.writes
        return self.request.method not in _SAFE_METHODS


class InteractionFile(_Part):
    """A file of interactions of one API."""

    api: str | None = None
    """The API's name; a file without it belongs to any API that loads it."""
    sandbox: Literal["each", "shared"] = "each"
    """`shared`: all interactions of the file are sent in order in one sandbox, as recorded."""
    interactions: tuple[Interaction, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedInteraction:
    """An interaction with its place in a file."""

    interaction: Interaction
    source: Source
    group: str = ""
    """Interactions of the same group share a sandbox; empty for a separate sandbox."""

    @property
    def name(self) -> str:
        """The interaction's name."""
        return self.interaction.name


def tags_of(interactions: Iterable[PlacedInteraction]) -> set[str]:
    """Collect the tags of interactions."""
    return {tag for placed in interactions for tag in placed.interaction.tags}
